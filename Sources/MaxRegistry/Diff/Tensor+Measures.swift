import MaxIR

extension Tensor {
    /// The number of elements that differ and, of numbers, the largest absolute difference; nothing where shapes differ.
    /// NaN beside a number differs, by an amount that nobody can tell.
    func measures(against other: Tensor) -> [ModelDiff.Measure] {
        guard shape == other.shape else { return [] }
        var differing = 0
        var largest: Double?
        if let a = storage.numbers, let b = other.storage.numbers {
            largest = 0
            for index in 0..<count {
                let (x, y) = (a(index), b(index))
                guard x.bitPattern != y.bitPattern, !(x.isNaN && y.isNaN) else { continue }
                differing += 1
                let distance = (x - y).magnitude
                if distance > largest ?? 0 { largest = distance }
            }
        } else if case .string(let a) = storage, case .string(let b) = other.storage {
            differing = zip(a, b).count { $0 != $1 }
        } else {
            differing = count
        }
        return [ModelDiff.Measure(name: "differing", value: Double(differing))]
            + (largest.map { [ModelDiff.Measure(name: "largest difference", value: $0)] } ?? [])
    }
}

extension TensorStorage {
    /// The element at a position as f64; nil for texts. Integers above 2^53 are rounded.
    fileprivate var numbers: ((Int) -> Double)? {
        switch self {
        case .f64(let a): { a[$0] }
        case .f32(let a): { Double(a[$0]) }
        case .f16(let a): { Double(a[$0]) }
        case .bf16(let a): { Double(a[$0].float) }
        case .i64(let a), .timestamp(let a): { Double(a[$0]) }
        case .i32(let a): { Double(a[$0]) }
        case .i16(let a): { Double(a[$0]) }
        case .i8(let a): { Double(a[$0]) }
        case .u64(let a): { Double(a[$0]) }
        case .u32(let a): { Double(a[$0]) }
        case .u16(let a): { Double(a[$0]) }
        case .u8(let a): { Double(a[$0]) }
        case .bool(let a): { a[$0] ? 1 : 0 }
        case .string: nil
        }
    }
}
