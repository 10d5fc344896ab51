extension TreeEnsemble {
    /// Proves that evaluation ends and indexes nothing out of range: a forest in which every node has one
    /// parent that stands before it, and every index is inside its array.
    ///
    /// - Parameter columns: the columns of the matrix, if known.
    /// - Throws: `.malformed` naming the attribute, the position, what was found and what is allowed.
    public func validate(columns: Int? = nil) throws(MaxError) {
        try validateCounts()
        try validateSets()
        for node in 0..<nodeCount {
            guard column[node] >= 0, columns.map({ Int(column[node]) < $0 }) ?? true else {
                throw Self.outOfRange("column", node, column[node], columns)
            }
            guard Comparison(rawValue: comparison[node]) != nil else {
                throw Self.outOfRange("comparison", node, comparison[node], Comparison.allCases.count)
            }
            guard missing[node] < 8 else { throw Self.outOfRange("missing", node, missing[node], 8) }
        }
        try validateForest()
        try validateLeaves()
        try linear?.validate(self, columns: columns)
        for (tree, output) in treeOutput.enumerated() {
            guard output >= 0, Int(output) + leafStride <= outputCount else {
                throw Self.outOfRange("tree_output", tree, output, outputCount - leafStride + 1)
            }
        }
    }

    private func validateCounts() throws(MaxError) {
        let lengths = [
            ("comparison", comparison.count), ("threshold", threshold.count), ("missing", missing.count),
            ("true_child", trueChild.count), ("false_child", falseChild.count),
        ]
        for (name, length) in lengths where length != nodeCount {
            throw MaxError(.malformed, "\(name): \(length) elements, expected \(nodeCount), one per node")
        }
        guard treeOutput.count == treeCount else {
            throw MaxError(.malformed, "tree_output: \(treeOutput.count) elements, expected \(treeCount), one per tree")
        }
        guard nodeCount <= Int32.max, leafCount <= Int32.max else {
            throw MaxError(.limitExceeded, "trees: \(nodeCount) nodes and \(leafCount) leaves, at most \(Int32.max)")
        }
        guard outputCount >= 1 else { throw MaxError(.malformed, "base: no outputs, expected at least one") }
        guard leafStride >= 1, leafStride <= outputCount else {
            throw MaxError(.malformed, "leaf_values: \(leafStride) values per leaf, expected 1 to \(outputCount)")
        }
        guard leafValues.elementType == base.elementType else {
            throw MaxError(
                .malformed, "base: found \(base.elementType), expected \(leafValues.elementType) as leaf_values")
        }
    }

    private func validateLeaves() throws(MaxError) {
        guard leafIDs.isEmpty || leafIDs.count == leafCount else {
            throw MaxError(.malformed, "leaf_ids: \(leafIDs.count) elements, expected \(leafCount), one per leaf")
        }
        if let negative = leafIDs.firstIndex(where: { $0 < 0 }) {
            throw Self.outOfRange("leaf_ids", negative, leafIDs[negative], nil)
        }
        for (name, cover, count) in [("node_cover", nodeCover, nodeCount), ("leaf_cover", leafCover, leafCount)] {
            guard (nodeCover.isEmpty && leafCover.isEmpty) || cover.count == count else {
                throw MaxError(.malformed, "\(name): \(cover.count) elements, expected \(count)")
            }
            if let bad = cover.firstIndex(where: { !($0 >= 0 && $0.isFinite) }) {
                throw MaxError(.malformed, "\(name): element \(bad) is \(cover[bad]), expected a finite number from 0 on")
            }
        }
    }

    private func validateSets() throws(MaxError) {
        let hasMembers = comparison.contains(Comparison.member.rawValue)
        guard set.count == nodeCount || (set.isEmpty && !hasMembers) else {
            throw MaxError(.malformed, "set: \(set.count) elements, expected \(nodeCount), one per node")
        }
        guard setOffsets.first == 0, setOffsets.last == Int64(setWords.count) else {
            throw MaxError(
                .malformed, "set_offsets: expected 0 first and \(setWords.count) last, the number of set_words")
        }
        for (index, pair) in zip(setOffsets, setOffsets.dropFirst()).enumerated() where pair.0 > pair.1 {
            throw MaxError(.malformed, "set_offsets: element \(index + 1) is \(pair.1), expected at least \(pair.0)")
        }
        for (node, index) in set.enumerated() {
            if comparison[node] == Comparison.member.rawValue {
                guard index >= 0, Int(index) < setOffsets.count - 1 else {
                    throw Self.outOfRange("set", node, index, setOffsets.count - 1)
                }
            } else if index != -1 {
                throw MaxError(.malformed, "set: element \(node) is \(index), expected -1 at a node that tests no set")
            }
        }
    }

    private func validateForest() throws(MaxError) {
        let leaves = leafCount
        var isReached = [Bool](repeating: false, count: nodeCount)
        func reach(_ target: Int32, after parent: Int, _ name: String, _ position: Int) throws(MaxError) {
            guard target >= 0 else {
                guard Int(~target) < leaves else {
                    throw MaxError(
                        .malformed, "\(name): element \(position) is leaf \(~target), expected less than \(leaves)")
                }
                return
            }
            guard Int(target) < nodeCount else { throw Self.outOfRange(name, position, target, nodeCount) }
            guard Int(target) > parent else {
                throw MaxError(
                    .malformed, "\(name): element \(position) is node \(target), expected one after \(parent)")
            }
            guard !isReached[Int(target)] else {
                throw MaxError(.malformed, "\(name): element \(position) is node \(target), which has a parent already")
            }
            isReached[Int(target)] = true
        }
        for (tree, root) in roots.enumerated() { try reach(root, after: -1, "roots", tree) }
        for node in 0..<nodeCount {
            try reach(trueChild[node], after: node, "true_child", node)
            try reach(falseChild[node], after: node, "false_child", node)
        }
        if let lost = isReached.firstIndex(of: false) {
            throw MaxError(.malformed, "trees: node \(lost) belongs to no tree")
        }
    }

    static func outOfRange(_ name: String, _ position: Int, _ found: some BinaryInteger, _ limit: Int?)
        -> MaxError
    {
        MaxError(
            .malformed,
            "\(name): element \(position) is \(found), expected 0" + (limit.map { " to \($0 - 1)" } ?? " or more"))
    }
}
