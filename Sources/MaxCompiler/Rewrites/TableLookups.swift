import MaxIR

/// Brings the lookup that ends exported classifiers, an `array_feature_extractor` of a vector of labels, into the form
/// that stays with the rows: `[1, N]` becomes a change of shape of `[N]` or `[N, 1]`.
///
/// Does not fire when the labels are no constant vector, or the positions' shape is not known.
struct TableLookups: RewriteRule {
    let name = "table-lookups"
    let equation = "array_feature_extractor(labels, i) = reshape(gather(labels, i), [1, -1])"

    func rewrite(_ node: Node, in graph: GraphView) throws(MaxError) -> Patch? {
        guard node.op == Ops.arrayFeatureExtractor, let table = node.operands[0], graph.constant(table)?.rank == 1,
            let positions = node.operands[1], graph.tensorType(of: positions)?.shape != nil
        else { return nil }
        var patch = Patch(in: graph)
        let looked = patch.add(Ops.gather, [table, positions], ["axis": .int(0)], label: node.label)
        let wanted = patch.constant(Tensor([Int64(1), -1]))
        patch.replace(node.results[0], with: patch.add(Ops.reshape, [looked, wanted], [:], label: node.label))
        return patch
    }
}

/// Converts elements before their shape changes, so that changes of shape meet and merge.
struct CastBeforeReshape: RewriteRule {
    let name = "cast-before-reshape"
    let equation = "cast(reshape(x, s)) = reshape(cast(x), s)"

    func rewrite(_ node: Node, in graph: GraphView) throws(MaxError) -> Patch? {
        guard node.op == Ops.cast, let operand = node.operands[0], let shape = graph.producer(of: operand, as: Ops.reshape),
            graph.hasOneUse(operand), let source = shape.operands[0]
        else { return nil }
        var patch = Patch(in: graph)
        let cast = patch.add(Ops.cast, [source], node.attributes, label: node.label)
        patch.replace(node.results[0], with: patch.add(Ops.reshape, [cast, shape.operands[1]], shape.attributes, label: shape.label))
        return patch
    }
}
