import MaxIR

/// Takes splits out of trees that decide nothing: one side can have no row, or both sides are the same.
///
/// - One side: what the tests above leave of the column, or what the graph lets stand in it (`ColumnRanges`), all goes to
///   the other. Numbers and NaN are followed apart.
/// - The same: both subtrees agree in every bit, leaf numbers included.
///
/// Scores, leaf numbers that the source gives (`leaf_ids`) and contributions stay what they are. So with cover, where
/// contributions weigh every test of a path, a split goes only if the side that has no row has cover 0, the other all of
/// it, and the column is tested above too; never for equal sides. Where the source gives no leaf numbers, a leaf's
/// number is its position among those that are left; contributions against a background over equal sides stay equal but
/// for rounding.
///
/// Does not fire in oblivious trees, whose one question per level makes them fast, nor for an ensemble with a leaf value
/// that is not finite or a start value of -0.0: sums of contributions would show that a term of weight 0 is gone.
struct PruneTrees: RewriteRule {
    let name = "prune-trees"
    let equation = "split(a, b) = a where no row goes to b, or where a = b"

    func rewrite(_ node: Node, in graph: GraphView) throws(MaxError) -> Patch? {
        guard node.op == Ops.trees, let x = node.operands[0], let type = graph.tensorType(of: x) else { return nil }
        let given = try TreeEnsemble(attributesOf: node)
        guard given.hasPlainValues else { return nil }
        // Equal sides first: what is above may leave less of one of the two.
        let merged = given.mergingEqualSides()
        let isOblivious = merged.obliviousTrees
        let isF32 = type.element == .f32 || given.threshold.elementType == .f32
        let reachable = ReachableSides(
            merged, columns: graph.columnRanges.columns(of: x), isF32: isF32, isOblivious: isOblivious)
        guard let reachable, reachable.found else {
            return merged.nodeCount < given.nodeCount
                ? .replacing(node, with: Ops.trees, node.operands, merged.attributes, in: graph) : nil
        }
        let equal = EqualSubtrees(merged, reachable.sides, isOblivious: isOblivious)
        let out = merged.keeping(equal.standsFor)
        return .replacing(node, with: Ops.trees, node.operands, out.attributes, in: graph)
    }
}

extension TreeEnsemble {
    fileprivate func mergingEqualSides() -> TreeEnsemble {
        let equal = EqualSubtrees(self, nil, isOblivious: obliviousTrees)
        return equal.found ? keeping(equal.standsFor) : self
    }

    /// Whether adding a leaf's value zero times adds nothing.
    fileprivate var hasPlainValues: Bool {
        func isPlain<F: BinaryFloatingPoint>(_ leaves: [F], _ base: [F]) -> Bool {
            leaves.allSatisfy(\.isFinite) && base.allSatisfy { $0 != 0 || $0.sign == .plus }
        }
        return switch (leafValues, base) {
        case (.f32(let leaves), .f32(let base)): isPlain(leaves, base)
        case (.f64(let leaves), .f64(let base)): isPlain(leaves, base)
        default: false
        }
    }
}
