import MaxIR

/// Flattens nested concatenation: `concat(concat(a, b), c)` along one axis becomes `concat(a, b, c)`.
///
/// Does not fire when the axes differ, when the rank is unknown (a negative axis could mean another one), or
/// when the inner result has another reader: it would have to be built anyway.
struct MergeConcats: RewriteRule {
    let name = "merge-concats"
    let equation = "concat(concat(a, b), c) = concat(a, b, c)"

    func rewrite(_ node: Node, in graph: GraphView) throws(MaxError) -> Patch? {
        guard node.op == Ops.concat, let axis = axis(of: node, graph) else { return nil }
        var operands: [ValueID?] = []
        for operand in node.operands {
            guard let operand, let inner = graph.producer(of: operand, as: Ops.concat), graph.hasOneUse(operand),
                self.axis(of: inner, graph) == axis
            else {
                operands.append(operand)
                continue
            }
            operands += inner.operands
        }
        guard operands.count > node.operands.count else { return nil }
        return .replacing(node, with: Ops.concat, operands, ["axis": .int(Int64(axis))], in: graph)
    }

    private func axis(of node: Node, _ graph: GraphView) -> Int? {
        graph.tensorType(of: node.results[0])?.rank.flatMap { node.axis(rank: $0) }
    }
}
