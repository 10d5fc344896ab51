import MaxIR

/// One tree of a LightGBM model. Positions `0 ..< leafCount - 1` are its nodes, the leaves follow.
struct LightGBMTree {
    private let section: LightGBMSection
    let leafCount: Int
    private let columns, decisions, left, right: [Int64]
    private let thresholds, leafValues: [Double]
    private let nodeCover, leafCover: [Double]?
    private let setBoundaries, setWords: [Int64]
    private let linear: LightGBMLinearLeaves?

    var nodeCount: Int { leafCount - 1 }

    init(_ section: LightGBMSection) throws(MaxError) {
        self.section = section
        leafCount = try section.integer("num_leaves", 1...Int(Int32.max / 2))
        let nodes = leafCount - 1
        leafValues = try section.doubles("leaf_value", count: leafCount)
        linear = try LightGBMLinearLeaves(section, leafCount: leafCount)
        guard nodes > 0 else {
            (columns, decisions, left, right, thresholds) = ([], [], [], [], [])
            (setBoundaries, setWords) = ([], [])
            // A constant tree has one leaf that all data reached.
            (nodeCover, leafCover) = ([], [1])
            return
        }
        columns = try section.integers("split_feature", count: nodes)
        decisions = try section.integers("decision_type", count: nodes)
        left = try section.integers("left_child", count: nodes)
        right = try section.integers("right_child", count: nodes)
        thresholds = try section.doubles("threshold", count: nodes)
        nodeCover = section.optional("internal_count") == nil ? nil : try section.doubles("internal_count", count: nodes)
        leafCover = section.optional("leaf_count") == nil ? nil : try section.doubles("leaf_count", count: leafCount)
        let sets = try section.integer("num_cat", 0...nodes)
        setBoundaries = sets == 0 ? [] : try section.integers("cat_boundaries", count: sets + 1)
        setWords = sets == 0 ? [] : try section.integers("cat_threshold", count: try section.list("cat_threshold").count)
    }

    func node(_ position: Int) throws(MaxError) -> SourceNode {
        guard position < nodeCount else {
            let leaf = position - nodeCount
            return .leaf(SourceNode.Leaf([leafValues[leaf]], id: leaf, cover: sound(leafCover, leaf), linear: linear?.leaf(leaf)))
        }
        guard let column = Int(exactly: columns[position]) else {
            throw section.malformed("split_feature", "element \(position) does not fit")
        }
        let (ifLeft, ifRight) = (try child(left[position], "left_child", position), try child(right[position], "right_child", position))
        let decision = decisions[position]
        guard (0..<12).contains(decision), decision >> 2 < 3 else {
            throw section.malformed("decision_type", "element \(position) is \(decision), expected 0 to 11")
        }
        if decision & 1 == 1 {
            // NaN, negatives and what is not in the set go right.
            return .split(
                SourceNode.Split(
                    column: column, comparison: .member, missing: .none, missingGoesTrue: false, set: try set(position), ifTrue: ifLeft,
                    ifFalse: ifRight, cover: sound(nodeCover, position)))
        }
        let missing: TreeEnsemble.Missing = decision >> 2 == 0 ? .nanIsZero : decision >> 2 == 1 ? .zero : .nan
        let threshold = thresholds[position]
        guard !threshold.isNaN else { throw section.malformed("threshold", "element \(position) is not a number") }
        return .split(
            SourceNode.Split(
                column: column, comparison: .lessOrEqual, threshold: Self.withoutTinyNumbers(threshold), missing: missing,
                missingGoesTrue: decision & 2 != 0, ifTrue: ifLeft, ifFalse: ifRight, cover: sound(nodeCover, position)))
    }

    /// Numbers up to 1e-35 (as f32) count as 0 before they are compared, so that a threshold among them has all of them on
    /// one side.
    ///
    /// Source: LightGBM `Predictor`, which leaves out values up to `kZeroThreshold`.
    private static func withoutTinyNumbers(_ threshold: Double) -> Double {
        guard threshold.magnitude <= TreeEnsemble.zeroThreshold else { return threshold }
        return threshold < 0 ? (-TreeEnsemble.zeroThreshold).nextDown : TreeEnsemble.zeroThreshold
    }

    private func sound(_ cover: [Double]?, _ index: Int) -> Double? {
        guard let value = cover?[index], value >= 0, value.isFinite else { return nil }
        return value
    }

    /// A child `c >= 0` is a node, `c < 0` leaf `~c`.
    private func child(_ value: Int64, _ key: String, _ position: Int) throws(MaxError) -> Int {
        guard value < Int64(nodeCount), ~value < Int64(leafCount) else {
            throw section.malformed(key, "element \(position) is \(value), expected \(-leafCount) to \(nodeCount - 1)")
        }
        return value >= 0 ? Int(value) : nodeCount + Int(~value)
    }

    /// The words of the set that the threshold of a categorical node numbers, 64 bits each.
    private func set(_ position: Int) throws(MaxError) -> [UInt64] {
        guard let index = Int(exactly: thresholds[position]), index >= 0, index + 1 < setBoundaries.count else {
            throw section.malformed(
                "threshold", "element \(position) is \(thresholds[position]), expected a set, 0 to \(setBoundaries.count - 2)")
        }
        let (start, end) = (setBoundaries[index], setBoundaries[index + 1])
        guard start >= 0, start <= end, end <= Int64(setWords.count) else {
            throw section.malformed("cat_boundaries", "set \(index) has the words \(start) to \(end) of \(setWords.count)")
        }
        var words = [UInt64](repeating: 0, count: Int(end - start + 1) / 2)
        for (bit32, word) in setWords[Int(start)..<Int(end)].enumerated() {
            guard let bits = UInt32(exactly: word) else { throw section.malformed("cat_threshold", "found \(word), expected 32 bits") }
            words[bit32 / 2] |= UInt64(bits) << UInt64(bit32 % 2 * 32)
        }
        while words.last == 0 { words.removeLast() }
        return words
    }
}
