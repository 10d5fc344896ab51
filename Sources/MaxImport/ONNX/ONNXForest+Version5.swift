import MaxIR

extension ONNXForest {
    /// Reads a TreeEnsemble of version 5: nodes and leaves in lists of their own.
    init(version5 attributes: [String: Attribute], x: ElementType) throws(MaxError) {
        let node = ONNXAttributes(values: attributes)
        let splits = try node.numbers(nil, tensor: "nodes_splits")
        let weights = try node.numbers(nil, tensor: "leaf_weights")
        let outputs = Int(try node.int("n_targets", default: 1))
        guard outputs >= 1, outputs <= Limits.ports else {
            throw MaxError(outputs < 1 ? .malformed : .limitExceeded, "n_targets: found \(outputs), expected 1 to \(Limits.ports)")
        }
        kind = .version5
        labels = .integers([])
        base = []
        self.outputs = outputs
        type = x == .f64 || splits.isWide || weights.isWide ? .f64 : .f32
        switch try node.int("aggregate_function", default: 1) {
        case 0: aggregate = .average
        case 1: aggregate = .sum
        case 2: aggregate = .min
        case 3: aggregate = .max
        case let other: throw MaxError(.malformed, "aggregate_function: found \(other), expected 0 to 3")
        }
        switch try node.int("post_transform", default: 0) {
        case 0: transform = .none
        case 1: transform = .softmax
        case 2: transform = .logistic
        case 3: transform = .softmaxZero
        case 4: transform = .probit
        case let other: throw MaxError(.malformed, "post_transform: found \(other), expected 0 to 4")
        }

        let count = splits.values.count
        let targets = try node.ints("leaf_targetids")
        guard weights.values.count == targets.count else {
            throw MaxError(
                .malformed,
                "leaf_weights: \(weights.values.count) elements, expected \(targets.count) as leaf_targetids")
        }
        let table = try Nodes(node, count: count, leaves: targets.count, splits: splits.values)
        var places: [Place] = []
        var memberships = ONNXSets()
        for position in 0..<count { places.append(.split(try table.split(position, &memberships))) }
        derived = memberships.derived
        for (leaf, target) in targets.enumerated() {
            let votes = [Vote(output: target, value: weights.values[leaf])]
            try Self.check(votes, outputs, "leaf_targetids")
            places.append(.leaf(votes))
        }
        self.places = places
        var roots: [Int] = []
        for root in try node.ints("tree_roots") {
            guard root >= 0, root < count else {
                throw MaxError(.malformed, "tree_roots: found \(root), expected 0 to \(count - 1)")
            }
            // A tree that is a lone leaf is a node both of whose branches are that leaf.
            if case .split(let split) = places[root], split.ifTrue == split.ifFalse, split.ifTrue >= count {
                roots.append(split.ifTrue)
            } else {
                roots.append(root)
            }
        }
        self.roots = roots
    }

    private struct Nodes {
        let columns, ifTrue, ifFalse, isTrueLeaf, isFalseLeaf, missing: [Int]
        let modes: [UInt8]
        let splits: [Double]
        let sets: [Int: [Double]]
        let leaves: Int

        init(_ node: ONNXAttributes, count: Int, leaves: Int, splits: [Double]) throws(MaxError) {
            self.leaves = leaves
            self.splits = splits
            columns = try node.ints("nodes_featureids")
            ifTrue = try node.ints("nodes_truenodeids")
            ifFalse = try node.ints("nodes_falsenodeids")
            isTrueLeaf = try node.ints("nodes_trueleafs")
            isFalseLeaf = try node.ints("nodes_falseleafs")
            missing = try node.ints("nodes_missing_value_tracks_true")
            guard case .tensor(let tensor)? = node.values["nodes_modes"], case .u8(let modes) = tensor.storage else {
                throw MaxError(.malformed, "nodes_modes: expected a u8 tensor")
            }
            self.modes = modes
            let lengths = [
                ("nodes_featureids", columns.count), ("nodes_truenodeids", ifTrue.count),
                ("nodes_falsenodeids", ifFalse.count), ("nodes_trueleafs", isTrueLeaf.count),
                ("nodes_falseleafs", isFalseLeaf.count), ("nodes_modes", modes.count),
                ("nodes_missing_value_tracks_true", missing.isEmpty ? count : missing.count),
            ]
            for (name, length) in lengths where length != count {
                throw MaxError(.malformed, "\(name): \(length) elements, expected \(count) as nodes_splits")
            }
            // NaN ends a set; sets stand in the order of the nodes that test one.
            let parts = try node.numbers(nil, tensor: "membership_values").values.split(
                omittingEmptySubsequences: false, whereSeparator: \.isNaN)
            var sets: [Int: [Double]] = [:]
            for position in modes.indices where modes[position] == 6 {
                guard sets.count < parts.count else {
                    throw MaxError(
                        .malformed, "membership_values: \(parts.count) sets, expected one per node of mode 6")
                }
                sets[position] = Array(parts[sets.count])
            }
            self.sets = sets
        }

        func split(_ position: Int, _ memberships: inout ONNXSets) throws(MaxError) -> SourceNode.Split {
            guard let comparison = TreeEnsemble.Comparison(rawValue: modes[position]) else {
                throw MaxError(.malformed, "nodes_modes: element \(position) is \(modes[position]), expected 0 to 6")
            }
            let tracks = missing.isEmpty ? false : missing[position] == 1
            var split = SourceNode.Split(
                column: columns[position], comparison: comparison, threshold: splits[position],
                missing: tracks ? .nan : .none, missingGoesTrue: tracks,
                ifTrue: try child(ifTrue[position], isTrueLeaf[position] != 0),
                ifFalse: try child(ifFalse[position], isFalseLeaf[position] != 0))
            if let values = sets[position] { try memberships.test(&split, values) }
            return split
        }

        /// Leaves stand after the nodes.
        private func child(_ index: Int, _ isLeaf: Bool) throws(MaxError) -> Int {
            let limit = isLeaf ? leaves : splits.count
            guard index >= 0, index < limit else {
                throw MaxError(.malformed, "\(isLeaf ? "leaf" : "node") \(index), expected 0 to \(limit - 1)")
            }
            return isLeaf ? splits.count + index : index
        }
    }
}
