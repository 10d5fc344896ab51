import MaxIR

/// Writes `ordered_linear` column by column:
///
///     y = (…((base + t[0]) + t[1]) + …), t[j] = isnan(x[j]) ? -0.0 : x[j] · weights[j]
///
/// Adding -0.0 changes no bit, so a NaN contributes nothing. Does not fire when the number of columns is unknown,
/// or is so large that a node per column would be no model any more.
struct ExpandOrderedLinear: RewriteRule {
    let name = "expand-ordered-linear"
    let equation = "ordered_linear(x) = base + x[0]·w[0] + x[1]·w[1] + …"

    static let columnLimit = 1 << 14

    func rewrite(_ node: Node, in graph: GraphView) throws(MaxError) -> Patch? {
        guard node.op == Ops.orderedLinear, let x = node.operands[0],
            case .tensor(let weights)? = node.attributes["weights"], case .tensor(let base)? = node.attributes["base"],
            weights.rank == 2, weights.shape[0] <= Self.columnLimit
        else { return nil }
        var f = Formula(in: graph, weights.elementType)
        let outputs = weights.shape[1]
        var total = f.patch.constant(try base.reshaped([1, outputs]))
        if weights.shape[0] == 0 {
            // Nothing to add: -0.0 for every row.
            let zeros = try f.apply("reduce_sum", x, f.integers([1]))
            let nothing = try f.apply("mul", zeros, f.scalar(-0.0))
            f.patch.replace(node.results[0], with: try f.apply("add", total, nothing, label: node.label))
            return f.patch
        }
        let nothing = f.scalar(-0.0)
        for column in 0..<weights.shape[0] {
            let row = Array((column * outputs)..<((column + 1) * outputs))
            let weight = f.patch.constant(Tensor(unchecked: weights.storage.picking(row), shape: [1, outputs]))
            let value = try f.apply("gather", x, f.integers([Int64(column)]), attributes: ["axis": .int(1)])
            let term = try f.apply("where", try f.apply("is_nan", value), nothing, try f.apply("mul", value, weight))
            total = try f.apply("add", total, term, label: column == weights.shape[0] - 1 ? node.label : "")
        }
        f.patch.replace(node.results[0], with: total)
        return f.patch
    }
}
