import MaxIR

/// Adds trees that are a lone leaf, where they come first, to the start values: ONNX models hold start values so.
///
/// The additions are made in the type and the order of the sums. Does not fire for other aggregates than the sum, nor
/// for a lone leaf behind a tree that splits: the order of additions would change; nor for linear leaves.
struct FoldLoneLeaves: RewriteRule {
    let name = "fold-lone-leaves"
    let equation = "trees(base, leaf v, t…) = trees(base + v, t…)"

    func rewrite(_ node: Node, in graph: GraphView) throws(MaxError) -> Patch? {
        guard node.op == Ops.trees else { return nil }
        let given = try TreeEnsemble(attributesOf: node)
        let lone = given.roots.prefix { $0 < 0 }.count
        guard given.aggregate == .sum, lone > 0, given.leafIDs.isEmpty, given.linear == nil else { return nil }
        var base = given.base
        for tree in 0..<lone {
            for k in 0..<given.leafStride {
                base = base.adding(given.leaf(Int(~given.roots[tree]), k), to: Int(given.treeOutput[tree]) + k)
            }
        }
        var builder = TreeEnsembleBuilder(outputs: given.outputCount, leafStride: given.leafStride)
        for tree in lone..<given.treeCount {
            try builder.addTree(
                root: given.position(given.roots[tree]), count: given.nodeCount + given.leafCount,
                output: Int(given.treeOutput[tree])
            ) { position throws(MaxError) in
                position < given.nodeCount ? .split(given.split(position)) : given.source(leaf: position - given.nodeCount)
            }
        }
        let out = try builder.finish(threshold: given.threshold.elementType, base: base, setRule: given.setRule)
        return .replacing(node, with: Ops.trees, node.operands, out.attributes, in: graph)
    }
}

extension TensorStorage {
    /// With `value` added to element `index`, in the type of the elements.
    fileprivate func adding(_ value: Double, to index: Int) -> TensorStorage {
        switch self {
        case .f64(var a):
            a[index] += value
            return .f64(a)
        case .f32(var a):
            a[index] += Float(value)
            return .f32(a)
        default: return self
        }
    }
}
