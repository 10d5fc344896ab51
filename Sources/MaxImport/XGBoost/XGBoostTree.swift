import MaxFormats
import MaxIR

/// One tree as the file has it: parallel arrays, one element per node.
struct XGBoostTree {
    let left, right, columns: [Int64]
    let conditions: [Float]
    let defaultLeft: [Int64]
    /// The set of categories that go right, by node; empty in a tree without categorical splits.
    let sets: [Int: [UInt64]]
    let leafWeights, baseWeights: [Float]
    /// The sum of hessians at every node; nil where the file has none that can weigh.
    let cover: [Double]?
    let width: Int
    /// Dart's weight, multiplied into every leaf.
    let weight: Float
    let path: String

    var count: Int { left.count }

    init(_ tree: Field, width: Int, weight: Float) throws(MaxError) {
        self.width = width
        self.weight = weight
        path = tree.path
        let count = try tree.member("tree_param").member("num_nodes").integer(1...Int64(Int32.max))
        func integers(_ name: String) throws(MaxError) -> [Int64] {
            let field = try tree.member(name)
            let values = try field.integers()
            try field.check(values.count, count)
            return values
        }
        left = try integers("left_children")
        right = try integers("right_children")
        columns = try integers("split_indices")
        defaultLeft = try integers("default_left")
        let field = try tree.member("split_conditions")
        conditions = try field.floats()
        try field.check(conditions.count, count)
        leafWeights = width > 1 ? try tree.optional("leaf_weights")?.floats() ?? [] : []
        if width > 1, leafWeights.isEmpty {
            let field = try tree.member("base_weights")
            baseWeights = try field.floats()
            try field.check(baseWeights.count, try count.multiplied(by: width, "xgboost: \(field.path)"))
        } else {
            baseWeights = []
        }
        if let field = try tree.optional("sum_hessian") {
            let values = try field.floats()
            try field.check(values.count, count)
            cover = values.allSatisfy { $0 >= 0 && $0.isFinite } ? values.map { Double($0) } : nil
        } else {
            cover = nil
        }
        sets = try Self.sets(tree, count)
    }

    func node(_ position: Int) throws(MaxError) -> SourceNode {
        guard left[position] != -1 else {
            return .leaf(SourceNode.Leaf(try leaf(position), id: position, cover: cover?[position]))
        }
        guard let ifLeft = Int(exactly: left[position]), let ifRight = Int(exactly: right[position]),
            let column = Int(exactly: columns[position])
        else { throw MaxError(.malformed, "node \(position): an index does not fit") }
        let missingLeft = defaultLeft[position] != 0
        if let set = sets[position] {
            // Members go right.
            return .split(
                SourceNode.Split(
                    column: column, comparison: .member, missing: .nan, missingGoesTrue: !missingLeft, set: set,
                    ifTrue: ifRight, ifFalse: ifLeft, cover: cover?[position]))
        }
        return .split(
            SourceNode.Split(
                column: column, comparison: .less, threshold: Double(conditions[position]), missing: .nan,
                missingGoesTrue: missingLeft, ifTrue: ifLeft, ifFalse: ifRight, cover: cover?[position]))
    }

    private func leaf(_ position: Int) throws(MaxError) -> [Double] {
        let values: ArraySlice<Float>
        if width == 1 {
            values = conditions[position...position]
        } else if leafWeights.isEmpty {
            values = baseWeights[(position * width)..<(position * width + width)]
        } else {
            // The right child of a leaf is its row in `leaf_weights`.
            let rows = leafWeights.count / width
            guard right[position] >= 0, right[position] < Int64(rows) else {
                throw MaxError(
                    .malformed, "node \(position): leaf row \(right[position]), expected 0 to \(rows - 1)")
            }
            let start = Int(right[position]) * width
            values = leafWeights[start..<(start + width)]
        }
        return values.map { Double(weight == 1 ? $0 : $0 * weight) }
    }

    private static func sets(_ tree: Field, _ count: Int) throws(MaxError) -> [Int: [UInt64]] {
        guard let types = try tree.optional("split_type") else { return [:] }
        let kinds = try types.integers()
        try types.check(kinds.count, count)
        guard kinds.contains(1) else { return [:] }
        let nodesField = try tree.member("categories_nodes")
        let (segmentsField, sizesField) = (
            try tree.member("categories_segments"), try tree.member("categories_sizes")
        )
        let (nodes, segments, sizes) = (
            try nodesField.integers(), try segmentsField.integers(), try sizesField.integers()
        )
        try segmentsField.check(segments.count, nodes.count)
        try sizesField.check(sizes.count, nodes.count)
        let categoriesField = try tree.member("categories")
        let categories = try categoriesField.integers()
        var out: [Int: [UInt64]] = [:]
        var used = 0
        for (k, node) in nodes.enumerated() {
            guard node >= 0, node < Int64(count), kinds[Int(node)] == 1 else {
                throw MaxError(
                    .malformed, "xgboost: \(nodesField.path)[\(k)]: node \(node) has no categorical split")
            }
            let (end, overflow) = segments[k].addingReportingOverflow(sizes[k])
            guard !overflow, segments[k] >= 0, sizes[k] >= 0, end <= Int64(categories.count) else {
                throw MaxError(
                    .malformed,
                    "xgboost: \(segmentsField.path)[\(k)]: \(sizes[k]) elements from \(segments[k]) of \(categories.count)"
                )
            }
            var words: [UInt64] = []
            for category in categories[Int(segments[k])..<Int(end)] {
                guard category >= 0, category < 1 << 24 else {
                    throw MaxError(
                        .malformed, "xgboost: \(categoriesField.path): category \(category), expected 0 to 16777215"
                    )
                }
                let word = Int(category / 64)
                if word >= words.count { words += Array(repeating: 0, count: word + 1 - words.count) }
                words[word] |= 1 << UInt64(category % 64)
            }
            used += words.count
            guard used <= TreeEnsemble.maximumSetWords else {
                throw MaxError(
                    .limitExceeded, "xgboost: \(categoriesField.path): category sets of more than \(used) words")
            }
            guard out.updateValue(words, forKey: Int(node)) == nil else {
                throw MaxError(.malformed, "xgboost: \(nodesField.path)[\(k)]: node \(node) stands twice")
            }
        }
        guard out.count == kinds.count(where: { $0 == 1 }) else {
            throw MaxError(
                .malformed,
                "xgboost: \(nodesField.path): \(out.count) elements, expected one per categorical split"
            )
        }
        return out
    }
}
