import MaxIR

/// Trees of boosting, as a model that can write itself.
package struct BoostedTrees: FittedModel {
    package let ensemble: TreeEnsemble
    let objective: any Objective
    let gains: [Double]
    package let facts: [(name: String, value: String)]
    /// Scores of the rows that were learned from, output by output, as boosting had them after its last tree.
    package let scores: [Double]

    init(_ result: Boosting.Result, _ objective: any Objective, columns: Int, element: ElementType) throws(MaxError) {
        var builder = TreeEnsembleBuilder(outputs: objective.outputs)
        var gains = [Double](repeating: 0, count: columns)
        var leaves = 0
        for iteration in result.trees {
            for (output, tree) in iteration.enumerated() {
                try tree.append(to: &builder, output: output, columns: result.columns)
                for node in tree.nodes { gains[node.column] += node.gain }
                leaves += tree.values.count
            }
        }
        ensemble = try builder.finish(threshold: element, base: .f64(objective.start), setRule: .truncated, columns: columns)
        self.objective = objective
        self.gains = gains
        scores = result.scores
        let trees = result.trees.count * objective.outputs
        facts = [
            ("trees", "\(trees)"), ("leaves", "\(leaves)"), ("iterations", "\(result.trees.count)"), ("stopped", result.why),
            ("bins", "\(result.columns.reduce(0) { $0 + $1.bins })"),
        ]
    }

    package var importance: [Double]? { gains }

    package func append(to graph: inout GraphBuilder, features: ValueID) throws(MaxError) -> ModelOutputs {
        let raw = try graph.add(Ops.trees, [features], ensemble.attributes)
        return try objective.append(to: &graph, raw: raw)
    }
}
