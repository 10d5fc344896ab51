import MaxIR

/// The linear models in the leaves of a tree that was trained with `linear_tree`.
struct LightGBMLinearLeaves {
    private let bases: [Double]
    private let starts: [Int]
    private let columns: [Int]
    private let coefficients: [Double]

    /// nil for a tree whose leaves are constants.
    ///
    /// - Throws: `.malformed` naming the key.
    init?(_ section: LightGBMSection, leafCount: Int) throws(MaxError) {
        guard section.optional("is_linear") != nil, try section.integer("is_linear", 0...1) == 1 else { return nil }
        bases = try section.doubles("leaf_const", count: leafCount)
        var starts = [0]
        for (leaf, count) in try section.integers("num_features", count: leafCount).enumerated() {
            guard (0...Int64(Limits.ports)).contains(count) else {
                throw section.malformed("num_features", "element \(leaf) is \(count), expected 0 to \(Limits.ports)")
            }
            starts.append((starts.last ?? 0) + Int(count))
        }
        let terms = starts.last ?? 0
        self.starts = starts
        coefficients = terms == 0 ? [] : try section.doubles("leaf_coeff", count: terms)
        let features = terms == 0 ? [] : try section.integers("leaf_features", count: terms)
        var columns: [Int] = []
        for (term, feature) in features.enumerated() {
            guard let column = Int(exactly: feature), column >= 0 else {
                throw section.malformed("leaf_features", "element \(term) is \(feature), expected 0 or more")
            }
            columns.append(column)
        }
        self.columns = columns
    }

    func leaf(_ leaf: Int) -> SourceNode.Leaf.Linear {
        let terms = starts[leaf]..<starts[leaf + 1]
        return SourceNode.Leaf.Linear(base: bases[leaf], columns: Array(columns[terms]), coefficients: Array(coefficients[terms]))
    }
}
