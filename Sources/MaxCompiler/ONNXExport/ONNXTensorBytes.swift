import MaxFormats
import MaxIR

/// Tensors as ONNX writes them.
enum ONNXTensorBytes {
    /// The number of an element type in `TensorProto.DataType`.
    static func code(_ type: ElementType) throws(MaxError) -> Int64 {
        switch type {
        case .f32: 1
        case .u8: 2
        case .i8: 3
        case .u16: 4
        case .i16: 5
        case .i32: 6
        case .i64: 7
        case .string: 8
        case .bool: 9
        case .f16: 10
        case .f64: 11
        case .u32: 12
        case .u64: 13
        case .bf16: 16
        case .timestamp: throw MaxError(.unsupported, "onnx: ONNX has no timestamps")
        }
    }

    /// A `TensorProto`: raw little-endian data, texts as a list.
    static func message(_ tensor: Tensor, name: Text) throws(MaxError) -> [UInt8] {
        var out = WireWriter()
        if !tensor.shape.isEmpty { out.packed(1, tensor.shape.map { Int64($0) }) }
        out.int(2, try code(tensor.elementType))
        if case .string(let texts) = tensor.storage {
            for text in texts { out.text(6, text) }
        }
        if !name.isEmpty { out.text(8, name) }
        tensor.storage.withBytes { bytes in out.data(9, bytes) }
        return out.bytes
    }
}
