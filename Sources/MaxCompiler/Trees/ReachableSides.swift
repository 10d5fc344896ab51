import MaxIR

/// Which sides of every node some row can take, found by one walk from each root that keeps, per column, what can
/// still arrive.
struct ReachableSides {
    enum Sides: UInt8 { case both, onlyTrue, onlyFalse }

    /// Per node; `both` for nodes that no row reaches, and for nodes of oblivious trees.
    private(set) var sides: [Sides]
    /// Whether a node was left with one side.
    private(set) var found = false

    private let trees: TreeEnsemble
    private var reaches: [Reach]
    private let grids: [NumberGrid]

    /// Columns that are followed: each has its state.
    static let columnLimit = 1 << 20

    /// - Parameters:
    ///   - columns: what is known of the columns of the matrix.
    ///   - isF32: whether x or thresholds are f32, so that every number compared is one.
    /// - Returns: nil for more columns than are followed.
    init?(_ trees: TreeEnsemble, columns: ColumnRanges.Columns, isF32: Bool, isOblivious: [Bool]) {
        let width = Int(trees.column.max() ?? -1) + 1
        guard width <= Self.columnLimit else { return nil }
        self.trees = trees
        sides = [Sides](repeating: .both, count: trees.nodeCount)
        var (grids, reaches): ([NumberGrid], [Reach]) = ([], [])
        for column in 0..<width {
            let known = isF32 ? columns[column].asF32 : columns[column]
            let reach = Reach(low: known.low, high: known.high, hasNaN: known.hasNaN)
            // Where no row can come, nothing is said of trees.
            reaches.append(reach.isEmpty ? Reach(low: -.infinity, high: .infinity, hasNaN: true) : reach)
            if let values = known.values, !reach.isEmpty {
                grids.append(.values(values))
            } else {
                grids.append(isF32 ? .f32 : .f64)
            }
        }
        (self.grids, self.reaches) = (grids, reaches)
        let hasDescendingCover = trees.coverDescends
        for (root, isOblivious) in zip(trees.roots, isOblivious) where !isOblivious { walk(root, hasDescendingCover) }
    }

    /// What a column's state becomes, and the node that is then entered; -1 for none.
    private struct Step {
        var node: Int32
        var column: Int32
        var reach: Reach
    }

    private mutating func walk(_ root: Int32, _ hasDescendingCover: Bool) {
        guard root >= 0 else { return }
        let column = trees.column[Int(root)]
        var open = [Step(node: root, column: column, reach: reaches[Int(column)])]
        while let step = open.popLast() {
            reaches[Int(step.column)] = step.reach
            var place = step.node
            while place >= 0 {
                let node = Int(place)
                let column = Int(trees.column[node])
                let (yes, no) = reaches[column].sides(of: node, trees, grids[column])
                if let side = side(of: node, yes, no, hasDescendingCover) {
                    sides[node] = side
                    found = true
                    place = side == .onlyTrue ? trees.trueChild[node] : trees.falseChild[node]
                    continue
                }
                open.append(Step(node: -1, column: Int32(column), reach: reaches[column]))
                if trees.falseChild[node] >= 0, !no.isEmpty {
                    open.append(Step(node: trees.falseChild[node], column: Int32(column), reach: no))
                }
                if trees.trueChild[node] >= 0, !yes.isEmpty {
                    open.append(Step(node: trees.trueChild[node], column: Int32(column), reach: yes))
                }
                break
            }
        }
    }

    /// The one side that a node can be left with.
    ///
    /// With cover, contributions weigh both sides of every test of a path: only where the other side weighs exactly nothing
    /// and the column is tested above do they stay the same in every bit.
    private func side(of node: Int, _ yes: Reach, _ no: Reach, _ hasDescendingCover: Bool) -> Sides? {
        guard yes.isEmpty != no.isEmpty else { return nil }
        let side = no.isEmpty ? Sides.onlyTrue : .onlyFalse
        guard !trees.nodeCover.isEmpty else { return side }
        let (kept, dead) =
            side == .onlyTrue ? (trees.trueChild[node], trees.falseChild[node]) : (trees.falseChild[node], trees.trueChild[node])
        guard hasDescendingCover, reaches[Int(trees.column[node])].isTested, trees.nodeCover[node] > 0,
            trees.cover(dead) == 0, trees.cover(kept) == trees.nodeCover[node]
        else { return nil }
        return side
    }
}

extension TreeEnsemble {
    /// The cover of a node or leaf, where there is cover.
    fileprivate func cover(_ place: Int32) -> Double { place >= 0 ? nodeCover[Int(place)] : leafCover[Int(~place)] }

    /// Whether no child has more cover than its node.
    fileprivate var coverDescends: Bool {
        nodeCover.indices.allSatisfy { nodeCover[$0] >= cover(trueChild[$0]) && nodeCover[$0] >= cover(falseChild[$0]) }
    }
}
