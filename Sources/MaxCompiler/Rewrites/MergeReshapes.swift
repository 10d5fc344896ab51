import MaxIR

/// Removes changes of shape that change nothing and merges two into one: any of `reshape`, `flatten`, `squeeze`,
/// `unsqueeze` on any of them becomes one `reshape` to the last shape.
///
/// Does not fire when the last shape has more than one extent that is not a number, or one of these beside an
/// extent of 0 (what remains could not be computed); and "changes nothing" needs every extent known to be equal, by
/// number or by symbol.
struct MergeReshapes: RewriteRule {
    let name = "merge-reshapes"
    let equation = "reshape(x, shape of x) = x; reshape(reshape(x, s), t) = reshape(x, t)"

    static let family: Set<Operator> = [Ops.reshape, Ops.flatten, Ops.squeeze, Ops.unsqueeze]

    func rewrite(_ node: Node, in graph: GraphView) throws(MaxError) -> Patch? {
        guard Self.family.contains(node.op), let operand = node.operands[0],
            let shape = graph.tensorType(of: node.results[0])?.shape
        else { return nil }
        if isSame(graph.tensorType(of: operand)?.shape, shape) { return .replacing(node, with: operand, in: graph) }
        guard let inner = graph.producer(of: operand), Self.family.contains(inner.op), let source = inner.operands[0] else {
            return nil
        }
        if isSame(graph.tensorType(of: source)?.shape, shape) { return .replacing(node, with: source, in: graph) }
        let open = shape.count { $0.fixed == nil }
        let hasZero = shape.contains(.fixed(0))
        guard open == 0 || (open == 1 && !hasZero) else { return nil }
        var patch = Patch(in: graph)
        let wanted = patch.constant(Tensor(shape.map { Int64($0.fixed ?? -1) }))
        let attributes: [String: Attribute] = hasZero ? ["allowzero": .int(1)] : [:]
        patch.replace(node.results[0], with: patch.add(Ops.reshape, [source, wanted], attributes, label: node.label))
        return patch
    }

    private func isSame(_ a: [Dimension]?, _ b: [Dimension]) -> Bool { a == b && !b.contains(.unknown) }
}
