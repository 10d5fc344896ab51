import MaxIR

/// Removes nodes from which no output is reached.
///
/// Does not fire for a node of several results while one of them is read. A removed node may have been one
/// that would have failed at run time: what nobody asked for is not computed.
struct DeadNodes: RewriteRule {
    let name = "dead-nodes"
    let equation = "op(a…) without a reader = nothing"

    func rewrite(_ node: Node, in graph: GraphView) throws(MaxError) -> Patch? {
        node.results.contains { graph.isLive[$0.index] } ? nil : .removal(in: graph)
    }
}
