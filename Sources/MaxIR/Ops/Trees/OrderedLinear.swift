extension Ops {
    /// A linear model whose order of additions is part of its meaning:
    ///
    ///     y[n, k] = ((base[k] + x[n, 0]·weights[0, k]) + x[n, 1]·weights[1, k]) + …
    ///
    /// - Operand `x`: f32 or f64 `[N, F]`. A NaN contributes nothing.
    /// - Attributes `weights` `[F, K]` and `base` `[K]`: the element type of `x`; each product is rounded, then added.
    /// - Result `y`: `[N, K]`.
    /// - Source: XGBoost `GBLinear::Pred`.
    public static let orderedLinear = Operator(
        "ordered_linear",
        "`base` plus each column times its weight, in order; NaN contributes nothing. Source: XGBoost gblinear.",
        operands: [.one("x", [.f32, .f64])], attributes: [.required("weights", .tensor), .required("base", .tensor)],
        infer: { node throws(MaxError) in
            let x = try node.tensorType(0)
            let (weights, base) = (try node.tensor("weights"), try node.tensor("base"))
            guard weights.elementType == x.element, base.elementType == x.element else {
                throw MaxError(
                    .malformed, "weights are \(weights.type) and base is \(base.type), expected \(x.element)")
            }
            guard weights.rank == 2, base.shape == [weights.shape[1]] else {
                throw MaxError(
                    .malformed, "weights are \(weights.type) and base is \(base.type), expected [F, K] and [K]")
            }
            if let shape = x.shape {
                guard shape.count == 2, shape[1].fixed.map({ $0 == weights.shape[0] }) ?? true else {
                    throw MaxError(.malformed, "operand is \(x), expected [N, \(weights.shape[0])]")
                }
            }
            return [.tensor(TensorType(x.element, [x.shape?[0] ?? .unknown, .fixed(weights.shape[1])]))]
        },
        evaluate: { node throws(MaxError) in
            let (x, weights, base) = (try node.tensor(0), try node.tensor("weights"), try node.tensor("base"))
            guard x.rank == 2, weights.rank == 2, x.shape[1] == weights.shape[0], base.shape == [weights.shape[1]]
            else {
                throw node.malformed("operand is \(x.type) for weights \(weights.type)")
            }
            let shape = [x.shape[0], weights.shape[1]]
            _ = try elementCount(of: shape, limit: Limits.evaluatedElements)
            switch (x.storage, weights.storage, base.storage) {
            case (.f32(let a), .f32(let w), .f32(let b)):
                return [.tensor(Tensor(weighted(a, w, b, rows: shape[0]), shape: shape))]
            case (.f64(let a), .f64(let w), .f64(let b)):
                return [.tensor(Tensor(weighted(a, w, b, rows: shape[0]), shape: shape))]
            default: throw node.malformed("operand, weights and base differ in type")
            }
        })

    private static func weighted<F: BinaryFloatingPoint>(_ x: [F], _ weights: [F], _ base: [F], rows: Int) -> [F] {
        let (outputs, columns) = (base.count, rows > 0 ? x.count / rows : 0)
        var out: [F] = []
        for row in 0..<rows {
            for k in 0..<outputs {
                var total = base[k]
                for j in 0..<columns {
                    let value = x[row * columns + j]
                    if !value.isNaN { total += value * weights[j * outputs + k] }
                }
                out.append(total)
            }
        }
        return out
    }
}
