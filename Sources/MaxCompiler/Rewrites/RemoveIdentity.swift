import MaxIR

/// Removes nodes whose result is their first operand: `identity`, and `concat`, `sum`, `min`, `max` of one.
///
/// Does not fire for `mean` of one, which divides.
struct RemoveIdentity: RewriteRule {
    let name = "remove-identity"
    let equation = "identity(x) = concat(x) = sum(x) = min(x) = max(x) = x"

    func rewrite(_ node: Node, in graph: GraphView) throws(MaxError) -> Patch? {
        let ofOne = [Ops.concat, Ops.sum, Ops.minimum, Ops.maximum]
        guard node.op == Ops.identity || (ofOne.contains(node.op) && node.operands.count == 1) else { return nil }
        return node.operands[0].map { .replacing(node, with: $0, in: graph) }
    }
}
