extension Tensor {
    /// The first element that differs in bits, two NaNs counting as equal.
    public func firstDifference(from other: Tensor) -> (index: Int, found: String, expected: String)? {
        func find<E: TensorElement>(_ a: [E], _ b: [E], same: (E, E) -> Bool) -> (index: Int, found: String, expected: String)? {
            for index in a.indices where !same(a[index], b[index]) { return (index, "\(a[index])", "\(b[index])") }
            return nil
        }
        switch (storage, other.storage) {
        case (.f64(let a), .f64(let b)): return find(a, b) { $0.bitPattern == $1.bitPattern || ($0.isNaN && $1.isNaN) }
        case (.f32(let a), .f32(let b)): return find(a, b) { $0.bitPattern == $1.bitPattern || ($0.isNaN && $1.isNaN) }
        case (.f16(let a), .f16(let b)): return find(a, b) { $0.bitPattern == $1.bitPattern || ($0.isNaN && $1.isNaN) }
        case (.string(let a), .string(let b)): return find(a, b, same: ==)
        case (.i64(let a), .i64(let b)): return find(a, b, same: ==)
        case (.bool(let a), .bool(let b)): return find(a, b, same: ==)
        default: return self == other ? nil : (0, "\(type)", "another value of \(other.type)")
        }
    }
}
