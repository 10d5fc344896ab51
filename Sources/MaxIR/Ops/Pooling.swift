/// Operators over the trailing axes: global pools and determinants.
extension Ops {
    public static let globalAveragePool = pool("global_average_pool", "Mean over all axes after the second. Source: ONNX GlobalAveragePool.", "GlobalAveragePool", .mean)
    public static let globalMaxPool = pool("global_max_pool", "Largest element over all axes after the second. Source: ONNX GlobalMaxPool.", "GlobalMaxPool", .largest)

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

    static let pooling = [globalAveragePool, globalMaxPool, det]

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
