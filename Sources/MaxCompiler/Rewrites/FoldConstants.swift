import MaxIR

/// Computes at compile time what depends on constants alone: `op(constants…)` becomes the constant it gives.
///
/// The reference evaluator computes it, so the bits are those of the graph's meaning. Does not fire when a
/// result would be larger than `elementLimit` (a small recipe for a large table stays a recipe), when its shape
/// is not known before, when it is a map or a sequence, or when evaluation fails (the error stays where it was).
struct FoldConstants: RewriteRule {
    let name = "fold-constants"
    let equation = "op(constants) = constant"
    /// Elements of one folded result, and of its operands together.
    var elementLimit = 1 << 18
    var operandLimit = 1 << 22

    func rewrite(_ node: Node, in graph: GraphView) throws(MaxError) -> Patch? {
        guard node.op != Ops.constant, !node.operands.isEmpty else { return nil }
        var operands: [Value?] = []
        var total = 0
        for operand in node.operands {
            guard let operand else { operands.append(nil); continue }
            guard let tensor = graph.constant(operand) else { return nil }
            total += tensor.count
            operands.append(.tensor(tensor))
        }
        guard total <= operandLimit, node.results.allSatisfy({ isSmall(graph.tensorType(of: $0)) }) else { return nil }
        guard let values = try? node.evaluated(on: operands) else { return nil }
        var patch = Patch(in: graph)
        for (result, value) in zip(node.results, values) {
            guard let tensor = value.tensor else { return nil }
            patch.replace(result, with: patch.constant(tensor, label: node.label))
        }
        return patch
    }

    private func isSmall(_ type: TensorType?) -> Bool {
        guard let shape = type?.fixedShape else { return false }
        return (try? elementCount(of: shape, limit: elementLimit)) != nil
    }
}

extension Node {
    /// The reference results of this node alone, through a graph of it.
    func evaluated(on operands: [Value?]) throws(MaxError) -> [Value] {
        var builder = GraphBuilder(name: "node")
        var ids: [ValueID?] = []
        for value in operands {
            guard let tensor = value?.tensor else { ids.append(nil); continue }
            ids.append(try builder.constant(tensor))
        }
        let results = try builder.node(op, ids, attributes, results: results.count, label: label)
        for (index, result) in results.enumerated() { builder.output(Text("\(index)"), result) }
        return try builder.finish().evaluate([])
    }
}
