/// The tree ensemble operator. Exchange formats cannot hold what the libraries do (f64 thresholds, zero as
/// missing, per-node missing policy with category sets), so the graph has its own.
extension Ops {
    /// Sends every row of `x` down every tree and combines the leaf values:
    ///
    ///     y[n, k] = base[k] + Σ over trees t of output k, in order: leaf_values[leaf(t, x[n])]
    ///
    /// With linear leaves (`LinearLeaves`) a leaf gives a linear function of the row instead of its value.
    ///
    /// - Operand `x`: f32 or f64 `[N, F]`.
    /// - Result `y`: `[N, K]`, K the length of `base`, in the element type of `leaf_values`; sums are made in it.
    /// - Attributes: the arrays of `TreeEnsemble`, which says what each means.
    public static let trees = Operator(
        "trees",
        "Scores of a tree ensemble: nodes test one column each, leaves carry values that are combined per output. Source: XGBoost `predict`; ai.onnx.ml TreeEnsemble.",
        operands: [.one("x", [.f32, .f64])], attributes: TreeEnsemble.attributeSpecs,
        infer: { node throws(MaxError) in
            let x = try node.tensorType(0)
            if let rank = x.rank, rank != 2 { throw MaxError(.malformed, "operand is \(x), expected rank 2") }
            let ensemble = try TreeEnsemble(node, columns: x.shape?[1].fixed)
            let rows = x.shape?[0] ?? .unknown
            return [.tensor(TensorType(ensemble.leafValues.elementType, [rows, .fixed(ensemble.outputCount)]))]
        },
        evaluate: { node throws(MaxError) in
            let x = try node.tensor(0)
            guard x.rank == 2 else { throw node.malformed("operand is \(x.type), expected rank 2") }
            return [.tensor(try TreeEnsemble(node, columns: x.shape[1]).evaluate(x))]
        })

    static let treeOps = [trees, treeLeaves, treeContributions, treeInterventional, orderedLinear, linearContributions]
}
