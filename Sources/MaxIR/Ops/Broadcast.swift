/// Multidirectional broadcasting, as ONNX and NumPy define it: shapes are aligned at their last extent, and an
/// extent of 1 stretches.
enum Broadcast {
    /// The shape that two symbolic shapes broadcast to; nil if either rank is unknown.
    static func types(_ a: [Dimension]?, _ b: [Dimension]?) throws(MaxError) -> [Dimension]? {
        guard let a, let b else { return nil }
        let rank = max(a.count, b.count)
        var out: [Dimension] = []
        for i in 0..<rank {
            let x = i < rank - a.count ? .fixed(1) : a[i - (rank - a.count)]
            let y = i < rank - b.count ? .fixed(1) : b[i - (rank - b.count)]
            switch (x, y) {
            case (.fixed(1), _): out.append(y)
            case (_, .fixed(1)): out.append(x)
            case (.fixed(let m), .fixed(let n)):
                guard m == n else { throw mismatch(a.description, b.description, m, n) }
                out.append(x)
            case (.fixed, _): out.append(x)
            case (_, .fixed): out.append(y)
            default: out.append(x == y ? x : .unknown)
            }
        }
        return out
    }

    /// The shape that two shapes broadcast to.
    static func shapes(_ a: [Int], _ b: [Int]) throws(MaxError) -> [Int] {
        let rank = max(a.count, b.count)
        var out: [Int] = []
        for i in 0..<rank {
            let x = i < rank - a.count ? 1 : a[i - (rank - a.count)]
            let y = i < rank - b.count ? 1 : b[i - (rank - b.count)]
            guard x == y || x == 1 || y == 1 else { throw mismatch(a.description, b.description, x, y) }
            out.append(x == 1 ? y : x)
        }
        return out
    }

    /// For every element of `shape`, in row-major order, the position of its source in a tensor of shape `from`.
    static func sources(from: [Int], to shape: [Int]) -> [Int] {
        let count = shape.reduce(1, *)
        guard from != shape else { return Array(0..<count) }
        let offset = shape.count - from.count
        var strides = [Int](repeating: 0, count: shape.count)
        var stride = 1
        for i in from.indices.reversed() {
            strides[i + offset] = from[i] == 1 ? 0 : stride
            stride *= from[i]
        }
        var out = [Int]()
        out.reserveCapacity(count)
        var index = [Int](repeating: 0, count: shape.count)
        var position = 0
        for _ in 0..<count {
            out.append(position)
            var axis = shape.count - 1
            while axis >= 0 {
                index[axis] += 1
                position += strides[axis]
                if index[axis] < shape[axis] { break }
                position -= strides[axis] * shape[axis]
                index[axis] = 0
                axis -= 1
            }
        }
        return out
    }

    private static func mismatch(_ a: String, _ b: String, _ m: Int, _ n: Int) -> MaxError {
        MaxError(.malformed, "shapes \(a) and \(b) do not broadcast: \(m) against \(n)")
    }
}
