import Glibc

/// Pools over windows or over all trailing axes, and determinants.
extension Ops {
    public static let globalAveragePool = pool(
        "global_average_pool", "Mean over all axes after the second. Source: ONNX GlobalAveragePool.", "GlobalAveragePool", .mean)
    public static let globalMaxPool = pool(
        "global_max_pool", "Largest element over all axes after the second. Source: ONNX GlobalMaxPool.", "GlobalMaxPool", .largest)

    public static let det = Operator(
        "det", "Determinant of each square matrix in the last two axes, by elimination with pivots. Source: ONNX Det.",
        operands: [.one("x", .floats)], onnx: ONNXMapping("Det", since: 11),
        infer: { node throws(MaxError) in
            let x = try node.tensorType(0)
            guard let shape = x.shape else { return [.tensor(x)] }
            guard shape.count >= 2 else { throw MaxError(.malformed, "operand is \(x), expected square matrices") }
            return [.tensor(TensorType(x.element, Array(shape.dropLast(2))))]
        },
        evaluate: { node throws(MaxError) in
            let x = try node.tensor(0)
            guard x.rank >= 2, x.shape[x.rank - 1] == x.shape[x.rank - 2] else {
                throw node.malformed("operand has shape \(x.shape), expected square matrices")
            }
            let shape = Array(x.shape.dropLast(2))
            let body = DeterminantBody(size: x.shape[x.rank - 1], count: shape.reduce(1, *))
            return [.tensor(try node.floats([0], shape, body))]
        })

    /// A NaN is never the largest, unless a window starts with it.
    public static let maxPool = Operator(
        "max_pool", "Largest element of each window, and on request where it stands, in row- or column-major order. Source: ONNX MaxPool.",
        operands: [.one("x", Set.floats.union([.i8, .u8]))],
        attributes: AttributeSpec.windows + [
            .defaulted("ceil_mode", .int(0)), .required("kernel_shape", .ints), .defaulted("storage_order", .int(0)),
        ],
        results: .upTo(2), onnx: ONNXMapping("MaxPool", since: 12),
        infer: { node throws(MaxError) in
            let out = try Windows.type(
                node, try node.tensorType(0), kernel: try Windows.kernel(node), channels: nil, ceil: try node.flag("ceil_mode"))
            return Array([.tensor(out), .tensor(TensorType(.i64, out.shape))].prefix(node.resultCount))
        },
        evaluate: { node throws(MaxError) in
            let x = try node.tensor(0)
            let values = try Cast.convert(x, to: .f64).values(as: Double.self) ?? []
            let (windows, shape) = try windows(node, x)
            let area = windows.extents.reduce(1, *)
            let covered = (0..<windows.out.reduce(1, *)).map { windows.taps($0).compactMap(\.source) }
            guard covered.allSatisfy({ !$0.isEmpty }) else { throw node.malformed("a window holds padding alone") }
            var picked: [Int] = []
            for channel in 0..<(x.shape[0] * x.shape[1]) {
                for sources in covered {
                    var best = channel * area + sources[0]
                    for source in sources.dropFirst() where values[channel * area + source] > values[best] {
                        best = channel * area + source
                    }
                    picked.append(best)
                }
            }
            let out = Tensor(unchecked: x.storage.picking(picked), shape: shape)
            guard node.resultCount > 1 else { return [.tensor(out)] }
            var places = picked
            if try node.flag("storage_order") {
                let from = Shaping.strides(windows.extents)
                places = picked.map { position in
                    var (place, width) = (0, 1)
                    for axis in windows.extents.indices {
                        place += position % area / from[axis] % windows.extents[axis] * width
                        width *= windows.extents[axis]
                    }
                    return position / area * area + place
                }
            }
            return [.tensor(out), .tensor(Tensor(places.map { Int64($0) }, shape: shape))]
        })

    public static let averagePool = windowed(
        "average_pool", "Mean of each window, with the padding counted on request. Source: ONNX AveragePool.", "AveragePool", since: 19,
        [.defaulted("count_include_pad", .int(0))]
    ) { node, windows throws(MaxError) in AverageBody(windows: windows, countsPadding: try node.flag("count_include_pad")) }

    public static let lpPool = windowed(
        "lp_pool", "(Σ |x|^p)^(1/p) of each window. Source: ONNX LpPool.", "LpPool", since: 18, [.defaulted("p", .int(2))]
    ) { node, windows throws(MaxError) in
        let p = try node.int("p")
        guard p >= 1, p <= 1 << 10 else { throw node.malformed("p: found \(p), expected 1 or more") }
        return LpPoolBody(windows: windows, power: Int(p))
    }

    static let pooling = [globalAveragePool, globalMaxPool, maxPool, averagePool, lpPool, det]

    private static func windows(_ node: Evaluation, _ x: Tensor) throws(MaxError) -> (Windows, [Int]) {
        guard x.rank >= 3 else { throw node.malformed("operand has shape \(x.shape), expected rank 3 or more") }
        let windows = try Windows(
            node, extents: Array(x.shape[2...]), kernel: try Windows.kernel(node), ceil: try node.flag("ceil_mode"))
        let shape = Array(x.shape[..<2]) + windows.out
        _ = try elementCount(of: shape, limit: Limits.evaluatedElements)
        return (windows, shape)
    }

    private static func windowed(
        _ name: String, _ summary: String, _ onnx: String, since: Int, _ attributes: [AttributeSpec],
        _ body: @escaping @Sendable (Evaluation, Windows) throws(MaxError) -> any FloatBody
    ) -> Operator {
        Operator(
            name, summary, operands: [.one("x", .floats)],
            attributes: AttributeSpec.windows + [.defaulted("ceil_mode", .int(0)), .required("kernel_shape", .ints)] + attributes,
            onnx: ONNXMapping(onnx, since: since),
            infer: { node throws(MaxError) in
                let (x, kernel) = (try node.tensorType(0), try Windows.kernel(node))
                return [.tensor(try Windows.type(node, x, kernel: kernel, channels: nil, ceil: try node.flag("ceil_mode")))]
            },
            evaluate: { node throws(MaxError) in
                let x = try node.tensor(0)
                let (windows, shape) = try windows(node, x)
                return [.tensor(try node.floats([0], shape, try body(node, windows)))]
            })
    }

    private static func pool(_ name: String, _ summary: String, _ onnx: String, _ rule: PoolBody.Rule) -> Operator {
        Operator(
            name, summary, operands: [.one("x", .floats)], onnx: ONNXMapping(onnx, since: 1),
            infer: { node throws(MaxError) in
                let x = try node.tensorType(0)
                guard let shape = x.shape else { return [.tensor(x)] }
                guard shape.count >= 2 else { throw MaxError(.malformed, "operand is \(x), expected rank 2 or more") }
                return [.tensor(TensorType(x.element, shape.indices.map { $0 < 2 ? shape[$0] : .fixed(1) }))]
            },
            evaluate: { node throws(MaxError) in
                let x = try node.tensor(0)
                guard x.rank >= 2 else { throw node.malformed("operand has shape \(x.shape)") }
                let shape = x.shape.indices.map { $0 < 2 ? x.shape[$0] : 1 }
                let body = PoolBody(lanes: Lanes(x.shape, Array(2..<x.rank)).all, rule: rule)
                return [.tensor(try node.floats([0], shape, body))]
            })
    }
}

private struct PoolBody: FloatBody {
    enum Rule { case mean, largest }
    let lanes: [[Int]]
    let rule: Rule
    func callAsFunction<F: BinaryFloatingPoint & TensorElement>(_ operands: [[F]]) throws(MaxError) -> [F] {
        let x = operands[0]
        switch rule {
        case .mean: return lanes.map { lane in lane.reduce(F(0)) { $0 + x[$1] } / F(lane.count) }
        case .largest: return lanes.map { lane in Ops.largest(lane.map { x[$0] }) }
        }
    }
}

private struct AverageBody: FloatBody {
    let windows: Windows
    let countsPadding: Bool
    func callAsFunction<F: BinaryFloatingPoint & TensorElement>(_ operands: [[F]]) throws(MaxError) -> [F] {
        let places = (0..<windows.out.reduce(1, *)).map { windows.taps($0) }
        return stride(from: 0, to: operands[0].count, by: max(windows.extents.reduce(1, *), 1)).flatMap { start in
            places.map { taps in
                let covered = taps.compactMap(\.source)
                let count = countsPadding ? taps.count(where: \.isCounted) : covered.count
                return covered.reduce(F(0)) { $0 + operands[0][start + $1] } / F(count)
            }
        }
    }
}

private struct LpPoolBody: FloatBody {
    let windows: Windows
    let power: Int
    func callAsFunction<F: BinaryFloatingPoint & TensorElement>(_ operands: [[F]]) throws(MaxError) -> [F] {
        let places = (0..<windows.out.reduce(1, *)).map { windows.taps($0).compactMap(\.source) }
        return stride(from: 0, to: operands[0].count, by: max(windows.extents.reduce(1, *), 1)).flatMap { start in
            places.map { sources in
                let total = sources.reduce(0.0) { $0 + pow(abs(Double(operands[0][start + $1])), Double(power)) }
                return F(pow(total, 1 / Double(power)))
            }
        }
    }
}

private struct DeterminantBody: FloatBody {
    let size: Int, count: Int
    func callAsFunction<F: BinaryFloatingPoint & TensorElement>(_ operands: [[F]]) throws(MaxError) -> [F] {
        (0..<count).map { matrix in
            var a = Array(operands[0][(matrix * size * size)..<((matrix + 1) * size * size)])
            var product: F = 1
            for column in 0..<size {
                var pivot = column
                for row in column..<size where abs(a[row * size + column]) > abs(a[pivot * size + column]) { pivot = row }
                if a[pivot * size + column] == 0 { return 0 }
                if pivot != column {
                    for k in 0..<size { a.swapAt(pivot * size + k, column * size + k) }
                    product = -product
                }
                product *= a[column * size + column]
                for row in (column + 1)..<size {
                    let factor = a[row * size + column] / a[column * size + column]
                    for k in column..<size { a[row * size + k] -= factor * a[column * size + k] }
                }
            }
            return product
        }
    }
}
