import MaxFormats
import MaxIR

extension XGBoost.Booster {
    /// - Parameter weights: dart's weight per tree; trees beyond its end weigh 1.
    static func trees(_ model: Field, _ learner: XGBoost.Learner, weights: Field?) throws(MaxError) -> TreeEnsemble {
        let trees = try model.member("trees").elements()
        let info = try model.member("tree_info")
        let outputs = try info.integers()
        try info.check(outputs.count, trees.count)
        if let count = try model.optional("gbtree_model_param")?.optional("num_trees") {
            let announced = try count.integer(0...Int64(Int32.max))
            guard announced == trees.count else {
                throw MaxError(.malformed, "xgboost: \(count.path): found \(announced), expected \(trees.count)")
            }
        }
        let scales = try weights?.floats() ?? []
        if let weights, scales.count > trees.count {
            throw MaxError(.malformed, "xgboost: \(weights.path): \(scales.count) weights for \(trees.count) trees")
        }
        let width = try trees.first.map(leafWidth) ?? 1
        guard width == 1 || width == learner.outputCount else {
            throw MaxError(
                .malformed, "xgboost: leaves of \(width) values, expected 1 or \(learner.outputCount), the number of outputs")
        }
        var builder = TreeEnsembleBuilder(outputs: learner.outputCount, leafStride: width)
        for (index, field) in trees.enumerated() {
            let own = try leafWidth(field)
            guard own == width else {
                throw MaxError(.malformed, "xgboost: \(field.path): leaves of \(own) values, expected \(width) as before")
            }
            guard width > 1 || (outputs[index] >= 0 && outputs[index] < Int64(learner.outputCount)) else {
                throw MaxError(
                    .malformed, "xgboost: \(info.path)[\(index)]: found \(outputs[index]), expected 0 to \(learner.outputCount - 1)")
            }
            let tree = try Tree(field, width: width, weight: index < scales.count ? scales[index] : 1)
            try field.inside { () throws(MaxError) in
                try builder.addTree(
                    count: tree.count, output: width > 1 ? 0 : Int(outputs[index]),
                    node: { position throws(MaxError) in try tree.node(position) })
            }
        }
        do throws(MaxError) {
            return try builder.finish(threshold: .f32, base: .f32(learner.margin), columns: learner.featureCount)
        } catch {
            throw error.inside("xgboost: \(model.path)")
        }
    }

    private static func leafWidth(_ tree: Field) throws(MaxError) -> Int {
        let width = try tree.member("tree_param").optional("size_leaf_vector")?.integer(0...Int64(Limits.ports)) ?? 1
        return max(width, 1)
    }

    /// One tree as the file has it: parallel arrays, one element per node.
    private struct Tree {
        let left, right, columns: [Int64]
        let conditions: [Float]
        let defaultLeft: [Int64]
        /// The set of categories that go right, by node; empty in a tree without categorical splits.
        let sets: [Int: [UInt64]]
        let leafWeights, baseWeights: [Float]
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
            sets = try Self.sets(tree, count)
        }

        func node(_ position: Int) throws(MaxError) -> SourceNode {
            guard left[position] != -1 else { return .leaf(try leaf(position)) }
            guard let ifLeft = Int(exactly: left[position]), let ifRight = Int(exactly: right[position]),
                let column = Int(exactly: columns[position])
            else { throw MaxError(.malformed, "node \(position): an index does not fit") }
            let missingLeft = defaultLeft[position] != 0
            if let set = sets[position] {
                // Members go right.
                return .split(
                    SourceNode.Split(
                        column: column, comparison: .member, missing: .nan, missingGoesTrue: !missingLeft, set: set,
                        ifTrue: ifRight, ifFalse: ifLeft))
            }
            return .split(
                SourceNode.Split(
                    column: column, comparison: .less, threshold: Double(conditions[position]), missing: .nan,
                    missingGoesTrue: missingLeft, ifTrue: ifLeft, ifFalse: ifRight))
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
            let (segmentsField, sizesField) = (try tree.member("categories_segments"), try tree.member("categories_sizes"))
            let (nodes, segments, sizes) = (try nodesField.integers(), try segmentsField.integers(), try sizesField.integers())
            try segmentsField.check(segments.count, nodes.count)
            try sizesField.check(sizes.count, nodes.count)
            let categoriesField = try tree.member("categories")
            let categories = try categoriesField.integers()
            var out: [Int: [UInt64]] = [:]
            var used = 0
            for (k, node) in nodes.enumerated() {
                guard node >= 0, node < Int64(count), kinds[Int(node)] == 1 else {
                    throw MaxError(.malformed, "xgboost: \(nodesField.path)[\(k)]: node \(node) has no categorical split")
                }
                let (end, overflow) = segments[k].addingReportingOverflow(sizes[k])
                guard !overflow, segments[k] >= 0, sizes[k] >= 0, end <= Int64(categories.count) else {
                    throw MaxError(
                        .malformed, "xgboost: \(segmentsField.path)[\(k)]: \(sizes[k]) categories from \(segments[k]) of \(categories.count)")
                }
                var words: [UInt64] = []
                for category in categories[Int(segments[k])..<Int(end)] {
                    guard category >= 0, category < 1 << 24 else {
                        throw MaxError(.malformed, "xgboost: \(categoriesField.path): category \(category), expected 0 to 16777215")
                    }
                    let word = Int(category / 64)
                    if word >= words.count { words += Array(repeating: 0, count: word + 1 - words.count) }
                    words[word] |= 1 << UInt64(category % 64)
                }
                used += words.count
                guard used <= Limits.evaluatedElements / 64 else {
                    throw MaxError(.limitExceeded, "xgboost: \(categoriesField.path): category sets of more than \(used) words")
                }
                guard out.updateValue(words, forKey: Int(node)) == nil else {
                    throw MaxError(.malformed, "xgboost: \(nodesField.path)[\(k)]: node \(node) stands twice")
                }
            }
            guard out.count == kinds.count(where: { $0 == 1 }) else {
                throw MaxError(.malformed, "xgboost: \(nodesField.path): \(out.count) sets for \(kinds.count(where: { $0 == 1 })) categorical splits")
            }
            return out
        }
    }
}
