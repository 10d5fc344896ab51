import MaxIR

extension Model {
    /// The same model with outputs that explain its scores, planned anew: what is not asked for costs nothing.
    ///
    /// - `contributions`, f64 `[N, K, F + 2]`: per output of `raw` what each input column adds, the base and the rest
    ///   (`Ops.treeInterventional` where the model has background rows, unless `pathDependent`; else
    ///   `Ops.treeContributions`); labels `contribution_COLUMN`, and with K > 1 `contribution_k_COLUMN`.
    /// - `leaf`, i64 `[N, T]`: the leaf that every tree reaches (`Ops.treeLeaves`).
    ///
    /// - Throws: `.unsupported` naming what stands in the way: a `raw` that no trees give, columns that were made of several
    ///   inputs, trees without cover.
    public func explained(contributions: Bool, leaves: Bool, pathDependent: Bool = false) throws(MaxError) -> Model {
        let graph = try graph
        var builder = GraphBuilder(name: graph.name)
        for input in graph.inputs { _ = try builder.input(input) }
        for node in graph.nodes {
            _ = try builder.node(node.op, node.operands, node.attributes, results: node.results.count, label: node.label)
        }
        for output in graph.outputs where !(leaves && output.name == "leaf") && !(contributions && output.name == "contributions") {
            builder.output(output.name, output.value, labels: output.labels)
        }
        guard let raw = graph.outputs.first(where: { $0.name == "raw" }),
            let trees = graph.nodes.first(where: { $0.results.contains(raw.value) }), let x = trees.operands.first ?? nil,
            trees.op == Ops.trees || (trees.op == Ops.orderedLinear && !leaves)
        else {
            throw MaxError(
                .unsupported,
                "explanation: the output \"raw\" is missing, or is not what trees\(leaves ? "" : " or one linear model") alone give")
        }
        if contributions {
            let names = try sources(of: x).map { schema.columns[$0].name } + ["base", "rest"]
            let (value, outputs) =
                trees.op == Ops.trees
                ? try explain(trees, x, &builder, pathDependent: pathDependent)
                : (try builder.add(Ops.linearContributions, [x], trees.attributes), graph.type(of: raw.value).tensor?.shape?[1].fixed ?? 1)
            let labels = (0..<outputs).flatMap { output in
                names.map { Text(utf8: Array("contribution_\(outputs > 1 ? "\(output)_" : "")".utf8) + $0.utf8) }
            }
            builder.output("contributions", value, labels: labels)
        }
        if leaves { builder.output("leaf", try builder.add(Ops.treeLeaves, [x], trees.attributes)) }
        return try Model(graph: try builder.finish(), info: info)
    }

    /// The contributions of trees, and how many outputs they have.
    private func explain(
        _ trees: Node, _ x: ValueID, _ builder: inout GraphBuilder, pathDependent: Bool
    ) throws(MaxError) -> (ValueID, Int) {
        let ensemble = try TreeEnsemble(Evaluation(op: trees.op, attributes: trees.attributes, operands: [], resultCount: 1))
        let background = pathDependent ? nil : try background.map { rows throws(MaxError) in try matrix(x, before: trees, of: rows) }
        // What would be refused when rows come is refused now.
        let paths = try TreePaths(ensemble, needsCover: background == nil)
        guard paths.count <= Self.maximumCombinations / (background?.shape.first ?? 1) else {
            throw MaxError(
                .limitExceeded,
                "contributions: \(paths.count) leaves and \(background?.shape.first ?? 1) background rows, at most \(Self.maximumCombinations) together"
            )
        }
        let value =
            if let background {
                try builder.add(
                    Ops.treeInterventional, [x], trees.attributes.merging(["background": .tensor(background)]) { $1 })
            } else {
                try builder.add(Ops.treeContributions, [x], trees.attributes)
            }
        return (value, ensemble.outputCount)
    }

    /// Most leaves times background rows.
    private static let maximumCombinations = 1 << 27

    /// What the trees see of background rows.
    private func matrix(_ x: ValueID, before trees: Node, of rows: [Tensor]) throws(MaxError) -> Tensor {
        let graph = try graph
        var part = graph
        part.nodes = Array(graph.nodes.prefix { $0.results != trees.results })
        part.outputs = [GraphOutput("x", x)]
        do throws(MaxError) {
            guard let found = try part.evaluate(rows.map { .tensor($0) }).first?.tensor else { throw MaxError(.internal, "no matrix") }
            return found
        } catch {
            throw error.inside("background")
        }
    }

    /// The schema's column that each column of a matrix was made of.
    private func sources(of value: ValueID) throws(MaxError) -> [Int] {
        // By value, in the order of the nodes; a value that is not there mixes columns.
        var known: [Int: [Int]] = [:]
        for (index, port) in schema.inputs.enumerated() { known[index] = Array(port.firstColumn..<port.firstColumn + port.width) }
        var mixing = "an input"
        for node in try graph.nodes {
            guard let result = node.results.first, result.index <= value.index else { break }
            let operands = node.operands.map { $0.flatMap { known[$0.index] } }
            if node.op == Ops.concat {
                let joined = operands.compactMap { $0 }
                if joined.count == operands.count, joined.reduce(0, { $0 + $1.count }) <= Limits.ports {
                    known[result.index] = joined.flatMap { $0 }
                }
            } else if Self.columnwise.contains(node.op.name), let columns = operands.first ?? nil {
                known[result.index] = columns
            }
            if known[result.index] == nil, !operands.allSatisfy({ $0 == nil }) { mixing = "'\(node.op.name)'" }
        }
        guard let found = known[value.index] else {
            throw MaxError(.unsupported, "contributions: \(mixing) between the inputs and the trees mixes columns")
        }
        guard Set(found).count == found.count else {
            throw MaxError(.unsupported, "contributions: several columns of the trees were made of one input column")
        }
        return found
    }

    /// Operators whose column j depends on column j of the first operand alone.
    private static let columnwise: Set<String> = [
        "identity", "cast", "unsqueeze", "label_encoder", "imputer", "scaler", "clip",
    ]
}
