import MaxIR

/// Comparing outputs by their bits, every NaN alike.
extension Tensor {
    /// The position of the first element that differs; both tensors have one type and shape.
    func firstDifference(from other: Tensor) -> Int? {
        func first<E>(_ a: [E], _ b: [E], _ isSame: (E, E) -> Bool) -> Int? { a.indices.first { !isSame(a[$0], b[$0]) } }
        switch (storage, other.storage) {
        case (.f64(let a), .f64(let b)):
            return first(a, b) { $0.bitPattern == $1.bitPattern || ($0.isNaN && $1.isNaN) }
        case (.f32(let a), .f32(let b)):
            return first(a, b) { $0.bitPattern == $1.bitPattern || ($0.isNaN && $1.isNaN) }
        case (.f16(let a), .f16(let b)):
            return first(a, b) { $0.bitPattern == $1.bitPattern || ($0.isNaN && $1.isNaN) }
        case (.bf16(let a), .bf16(let b)): return first(a, b) { $0 == $1 || ($0.float.isNaN && $1.float.isNaN) }
        case (.string(let a), .string(let b)): return first(a, b, ==)
        default:
            if self == other { return nil }
            return (0..<count).first { storage.picking([$0]) != other.storage.picking([$0]) }
        }
    }

    /// Element `position` for a message, floats with their bits.
    func describe(_ position: Int) -> String {
        switch storage.picking([position]) {
        case .f64(let a): "\(a[0]) (0x\(String(a[0].bitPattern, radix: 16)))"
        case .f32(let a): "\(a[0]) (0x\(String(a[0].bitPattern, radix: 16)))"
        case .f16(let a): "\(a[0]) (0x\(String(a[0].bitPattern, radix: 16)))"
        case .bf16(let a): "\(a[0].float) (0x\(String(a[0].bits, radix: 16)))"
        case .string(let a): a[0].quoted
        case .i64(let a), .timestamp(let a): "\(a[0])"
        case .i32(let a): "\(a[0])"
        case .i16(let a): "\(a[0])"
        case .i8(let a): "\(a[0])"
        case .u64(let a): "\(a[0])"
        case .u32(let a): "\(a[0])"
        case .u16(let a): "\(a[0])"
        case .u8(let a): "\(a[0])"
        case .bool(let a): "\(a[0])"
        }
    }
}

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
