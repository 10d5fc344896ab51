import MaxIR

extension Value {
    /// The tensors of this value, in order.
    var flattened: [Tensor] {
        switch self {
        case .tensor(let tensor): [tensor]
        case .map(let keys, let values): [keys, values]
        case .sequence(let elements): elements.flatMap(\.flattened)
        }
    }

    /// Row `row` of a batch; what has not `rows` rows stays whole.
    func row(_ row: Int, of rows: Int) -> Value {
        switch self {
        case .tensor(let tensor):
            guard tensor.shape.first == rows, rows > 0 else { return self }
            let width = tensor.count / rows
            let picked = tensor.storage.picking(Array((row * width)..<((row + 1) * width)))
            return .tensor(Tensor(unchecked: picked, shape: [1] + tensor.shape.dropFirst()))
        case .sequence(let elements): return elements.count == rows ? .sequence([elements[row]]) : self
        case .map: return self
        }
    }
}

/// FNV-1a, 64 bits: names a content, protects against no one.
struct FNV {
    private var state: UInt64 = 0xcbf2_9ce4_8422_2325

    mutating func mix(_ byte: UInt8) { state = (state ^ UInt64(byte)) &* 0x0000_0100_0000_01b3 }

    mutating func mix(_ tensor: Tensor) {
        for extent in tensor.shape { for shift in stride(from: 0, to: 64, by: 8) { mix(UInt8(truncatingIfNeeded: extent >> shift)) } }
        mix(tensor.elementType.code)
        let plain: TensorStorage =
            switch tensor.storage {
            case .f64(let a): .f64(a.map { $0.isNaN ? .nan : $0 })
            case .f32(let a): .f32(a.map { $0.isNaN ? .nan : $0 })
            case .f16(let a): .f16(a.map { $0.isNaN ? .nan : $0 })
            case .bf16(let a): .bf16(a.map { $0.float.isNaN ? BFloat16(.nan) : $0 })
            default: tensor.storage
            }
        if case .string(let texts) = plain {
            for text in texts {
                for byte in text.utf8 { mix(byte) }
                mix(0xff)
            }
        } else {
            plain.withBytes { bytes in for byte in bytes { mix(byte) } }
        }
    }

    /// 16 hexadecimal digits.
    var digits: String {
        let text = String(state, radix: 16)
        return String(repeating: "0", count: 16 - text.count) + text
    }
}
