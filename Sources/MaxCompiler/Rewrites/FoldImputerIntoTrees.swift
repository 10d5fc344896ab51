import MaxIR

/// Takes away an imputer of NaN in front of trees: at every node NaN goes where the imputed value would go.
///
/// Does not fire when the imputer replaces another value than NaN or imputes a NaN, when its result has another
/// reader, when there are not as many imputed values as columns (or one), or when a node takes zero for missing and
/// the imputed value goes the other way; nor under linear leaves, which read the imputed value itself.
struct FoldImputerIntoTrees: RewriteRule {
    let name = "fold-imputer-into-trees"
    let equation = "trees(imputer(x, NaN → v)) = trees(x) with NaN sent where v goes"

    func rewrite(_ node: Node, in graph: GraphView) throws(MaxError) -> Patch? {
        guard node.op == Ops.trees, let operand = node.operands[0], graph.hasOneUse(operand),
            let imputer = graph.producer(of: operand), let x = imputer.operands.first ?? nil,
            let type = graph.tensorType(of: x), type.element == .f32 || type.element == .f64, imputer.imputesNaN(type),
            let width = type.shape?.last?.fixed, type.rank == 2,
            let values = imputer.imputedFloats, values.count == 1 || values.count == width
        else { return nil }
        var out = try TreeEnsemble(attributesOf: node)
        let isNarrow = type.element == .f32 || out.threshold.elementType == .f32
        guard out.linear == nil else { return nil }
        for place in 0..<out.nodeCount {
            let value = values.count == 1 ? values[0] : values[Int(out.column[place])]
            guard !value.isNaN else { return nil }
            let goesTrue = out.isTrue(place, for: isNarrow ? Double(Float(value)) : value)
            let policy = out.policy(of: place)
            if policy.missing == .zero {
                guard policy.goesTrue == goesTrue else { return nil }
                continue
            }
            out.missing[place] = TreeEnsemble.Missing.nan.rawValue | (goesTrue ? TreeEnsemble.missingGoesTrue : 0)
        }
        return .replacing(node, with: Ops.trees, [x], out.attributes, in: graph)
    }
}
