import MaxIR

/// Removes a transposition that keeps every axis and merges two: `transpose(transpose(x, p), q)` becomes
/// `transpose(x, p[q])`.
///
/// Does not fire when the rank is unknown: the default order depends on it.
struct MergeTransposes: RewriteRule {
    let name = "merge-transposes"
    let equation = "transpose(x, [0, 1, …]) = x; transpose(transpose(x, p), q) = transpose(x, p[q])"

    func rewrite(_ node: Node, in graph: GraphView) throws(MaxError) -> Patch? {
        guard node.op == Ops.transpose, let operand = node.operands[0], let outer = order(node, graph) else { return nil }
        if outer.elementsEqual(outer.indices) { return .replacing(node, with: operand, in: graph) }
        guard let inner = graph.producer(of: operand, as: Ops.transpose), let first = order(inner, graph) else { return nil }
        return .replacing(
            node, with: Ops.transpose, [inner.operands[0]], ["perm": .ints(outer.map { Int64(first[$0]) })], in: graph)
    }

    /// The source axis of every axis of the result.
    private func order(_ node: Node, _ graph: GraphView) -> [Int]? {
        guard let rank = graph.tensorType(of: node.results[0])?.rank else { return nil }
        guard case .ints(let perm)? = node.attributes["perm"] else { return Array((0..<rank).reversed()) }
        return perm.map { $0 < 0 ? Int($0) + rank : Int($0) }
    }
}
