import MaxIR

/// Computes equal things once: a node with the operator, operands and attributes (defaults filled in) of an
/// earlier one gives way to it. Labels play no part.
///
/// Does not fire for nodes that differ in anything, the bits of a NaN attribute included. Every operator is a
/// function of its operands, so none is exempt.
struct CommonSubexpressions: RewriteRule {
    let name = "common-subexpressions"
    let equation = "op(a…), op(a…) = one op(a…)"

    func rewrite(_ node: Node, in graph: GraphView) throws(MaxError) -> Patch? {
        guard node.results.contains(where: { graph.leaders[$0.index] != $0 }) else { return nil }
        var patch = Patch(in: graph)
        for result in node.results { patch.replace(result, with: graph.leaders[result.index]) }
        return patch
    }
}
