/// Comparing outputs by their bits, every NaN alike.
extension Tensor {
    /// The position of the first element that differs; both tensors have one type and shape.
    public func firstDifference(from other: Tensor) -> Int? {
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
    public func describe(_ position: Int) -> String {
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
