extension Ops {
    /// What each column adds to the score of `ordered_linear`: the Shapley values of a linear model whose unknown columns are
    /// missing.
    ///
    /// - Operand `x`, attributes `weights` and `base`: those of `ordered_linear`.
    /// - Result `y`: f64 `[N, K, F + 2]`: column times weight in f64, which is exact for f32, and 0 for a NaN; `base`; and the
    ///   rest, as `tree_contributions` has it.
    public static let linearContributions = Operator(
        "linear_contributions",
        "Per output of `ordered_linear` each column times its weight, the base and the rest, whose sum is the score. Source: XGBoost gblinear, `pred_contribs`.",
        operands: [.one("x", [.f32, .f64])], attributes: orderedLinear.attributes,
        infer: { node throws(MaxError) in
            guard let score = try orderedLinear.infer(node).first?.tensor, let shape = score.shape else {
                throw MaxError(.internal, "ordered_linear has no shape")
            }
            let width = try node.tensor("weights").shape[0].adding(2, "contributions")
            return [.tensor(TensorType(.f64, shape + [.fixed(width)]))]
        },
        evaluate: { node throws(MaxError) in
            guard let scores = try orderedLinear.evaluate(node).first?.tensor else { throw node.malformed("no score") }
            let (x, weights, base) = (try node.tensor(0), try node.tensor("weights").storage, try node.tensor("base").storage)
            let (rows, outputs, columns) = (scores.shape[0], scores.shape[1], x.shape[1])
            let shape = [rows, outputs, columns + 2]
            var out = [Double](repeating: 0, count: try elementCount(of: shape, limit: Limits.evaluatedElements))
            for part in 0..<rows * outputs {
                let (row, k, at) = (part / outputs, part % outputs, part * (columns + 2))
                for j in 0..<columns {
                    let value = x.storage.number(row * columns + j)
                    if !value.isNaN { out[at + j] = value * weights.number(j * outputs + k) }
                }
                TreeEnsemble.close(&out[at..<at + columns + 2], score: scores.storage.number(part), average: base.number(k))
            }
            return [.tensor(Tensor(out, shape: shape))]
        })
}
