import MaxIR

/// A legalized tree ensemble as the attributes of an ai.onnx.ml operator.
struct ONNXTreeForm {
    let opType: String
    let attributes: [(String, Attribute)]

    /// TreeEnsembleRegressor: one list of nodes with leaves among them, each tree numbered from its root in the order
    /// of a walk that takes the true child first. A set is a chain of equality tests with one true child.
    static func version3(_ ensemble: TreeEnsemble) -> ONNXTreeForm {
        var walk = Walk3(ensemble: ensemble)
        for tree in 0..<ensemble.treeCount { walk.add(tree) }
        let isWide = ensemble.threshold.elementType == .f64
        func floats(_ name: String, _ values: [Double]) -> (String, Attribute) {
            isWide ? (name + "_as_tensor", .tensor(Tensor(values))) : (name, .floats(values))
        }
        return ONNXTreeForm(
            opType: "TreeEnsembleRegressor",
            attributes: [
                ("n_targets", .int(Int64(ensemble.outputCount))),
                ("aggregate_function", .string(Text(ensemble.aggregate.rawValue.uppercased()))),
                ("post_transform", .string("NONE")), ("nodes_treeids", .ints(walk.trees)),
                ("nodes_nodeids", .ints(walk.ids)), ("nodes_featureids", .ints(walk.columns)),
                ("nodes_modes", .strings(walk.modes)), floats("nodes_values", walk.values),
                ("nodes_truenodeids", .ints(walk.ifTrue)), ("nodes_falsenodeids", .ints(walk.ifFalse)),
                ("nodes_missing_value_tracks_true", .ints(walk.tracks)), ("target_treeids", .ints(walk.targetTrees)),
                ("target_nodeids", .ints(walk.targetNodes)), ("target_ids", .ints(walk.targets)),
                floats("target_weights", walk.weights),
            ])
    }

    /// TreeEnsemble: splits and leaves in lists of their own; a tree that is a lone leaf is a split whose both
    /// children are that leaf.
    static func version5(_ ensemble: TreeEnsemble) -> ONNXTreeForm {
        var walk = Walk5(ensemble: ensemble)
        for tree in 0..<ensemble.treeCount { walk.add(tree) }
        let isWide = ensemble.threshold.elementType == .f64
        func floats(_ values: [Double]) -> Attribute {
            .tensor(isWide ? Tensor(values) : Tensor(values.map { Float($0) }))
        }
        let aggregate: Int64 =
            switch ensemble.aggregate {
            case .average: 0
            case .sum: 1
            case .min: 2
            case .max: 3
            }
        var attributes: [(String, Attribute)] = [
            ("n_targets", .int(Int64(ensemble.outputCount))), ("aggregate_function", .int(aggregate)),
            ("post_transform", .int(0)), ("tree_roots", .ints(walk.roots)), ("nodes_featureids", .ints(walk.columns)),
            ("nodes_modes", .tensor(Tensor(walk.modes))), ("nodes_splits", floats(walk.splits)),
            ("nodes_truenodeids", .ints(walk.ifTrue)), ("nodes_trueleafs", .ints(walk.isTrueLeaf)),
            ("nodes_falsenodeids", .ints(walk.ifFalse)), ("nodes_falseleafs", .ints(walk.isFalseLeaf)),
            ("nodes_missing_value_tracks_true", .ints(walk.tracks)), ("leaf_targetids", .ints(walk.targets)),
            ("leaf_weights", floats(walk.weights)),
        ]
        if !walk.members.isEmpty { attributes.append(("membership_values", floats(walk.members))) }
        return ONNXTreeForm(opType: "TreeEnsemble", attributes: attributes)
    }
}

extension TreeEnsemble {
    fileprivate func number(_ storage: TensorStorage, _ index: Int) -> Double {
        switch storage {
        case .f64(let a): a[index]
        case .f32(let a): Double(a[index])
        default: 0
        }
    }

    fileprivate func tracksTrue(_ node: Int) -> Bool {
        let policy = policy(of: node)
        return policy.missing == .nan && policy.goesTrue
    }

    /// The members of a node's set, ascending.
    fileprivate func members(_ node: Int) -> [Double] {
        let words = Int(setOffsets[Int(set[node])])..<Int(setOffsets[Int(set[node]) + 1])
        var out: [Double] = []
        for (position, word) in setWords[words].enumerated() {
            for bit in 0..<64 where word >> UInt64(bit) & 1 == 1 { out.append(Double(position * 64 + bit)) }
        }
        return out
    }
}

private struct Walk3 {
    let ensemble: TreeEnsemble
    var trees: [Int64] = [], ids: [Int64] = [], columns: [Int64] = [], ifTrue: [Int64] = [], ifFalse: [Int64] = []
    var tracks: [Int64] = [], modes: [Text] = [], values: [Double] = []
    var targetTrees: [Int64] = [], targetNodes: [Int64] = [], targets: [Int64] = [], weights: [Double] = []

    init(ensemble: TreeEnsemble) { self.ensemble = ensemble }

    /// What still has to be written, and where its number goes.
    private struct Open {
        var child: Int32
        /// The positions whose true, or false, child it is.
        var parents: Range<Int>
        var isTrue: Bool
    }

    mutating func add(_ tree: Int) {
        var nextID: Int64 = 0
        var open = [Open(child: ensemble.roots[tree], parents: 0..<0, isTrue: true)]
        while let item = open.popLast() {
            for parent in item.parents { if item.isTrue { ifTrue[parent] = nextID } else { ifFalse[parent] = nextID } }
            guard item.child >= 0 else {
                leaf(Int(~item.child), tree, nextID)
                nextID += 1
                continue
            }
            let node = Int(item.child)
            let first = ids.count
            let tests = self.tests(node)
            for (offset, test) in tests.enumerated() {
                row(tree, nextID, Int64(ensemble.column[node]), test.mode, test.value, ensemble.tracksTrue(node))
                if offset > 0 { ifFalse[ids.count - 2] = nextID }
                nextID += 1
            }
            let chain = first..<ids.count
            open.append(Open(child: ensemble.falseChild[node], parents: (chain.upperBound - 1)..<chain.upperBound, isTrue: false))
            open.append(Open(child: ensemble.trueChild[node], parents: chain, isTrue: true))
        }
    }

    private func tests(_ node: Int) -> [(mode: Text, value: Double)] {
        let value = ensemble.number(ensemble.threshold, node)
        switch TreeEnsemble.Comparison(rawValue: ensemble.comparison[node]) {
        case .lessOrEqual: return [("BRANCH_LEQ", value)]
        case .less: return [("BRANCH_LT", value)]
        case .greaterOrEqual: return [("BRANCH_GTE", value)]
        case .greater: return [("BRANCH_GT", value)]
        case .notEqual: return [("BRANCH_NEQ", value)]
        case .equal, nil: return [("BRANCH_EQ", value)]
        case .member:
            let members = ensemble.members(node)
            // Nothing equals NaN: the test of an empty set.
            return members.isEmpty ? [("BRANCH_EQ", .nan)] : members.map { ("BRANCH_EQ", $0) }
        }
    }

    private mutating func leaf(_ leaf: Int, _ tree: Int, _ id: Int64) {
        row(tree, id, 0, "LEAF", 0, false)
        for k in 0..<ensemble.leafStride {
            targetTrees.append(Int64(tree))
            targetNodes.append(id)
            targets.append(Int64(ensemble.treeOutput[tree]) + Int64(k))
            weights.append(ensemble.number(ensemble.leafValues, leaf * ensemble.leafStride + k))
        }
    }

    private mutating func row(_ tree: Int, _ id: Int64, _ column: Int64, _ mode: Text, _ value: Double, _ tracksTrue: Bool) {
        trees.append(Int64(tree))
        ids.append(id)
        columns.append(column)
        modes.append(mode)
        values.append(value)
        tracks.append(tracksTrue ? 1 : 0)
        ifTrue.append(0)
        ifFalse.append(0)
    }
}

private struct Walk5 {
    let ensemble: TreeEnsemble
    var roots: [Int64] = [], columns: [Int64] = [], ifTrue: [Int64] = [], ifFalse: [Int64] = []
    var isTrueLeaf: [Int64] = [], isFalseLeaf: [Int64] = [], tracks: [Int64] = [], modes: [UInt8] = []
    var splits: [Double] = [], targets: [Int64] = [], weights: [Double] = [], members: [Double] = []

    init(ensemble: TreeEnsemble) { self.ensemble = ensemble }

    mutating func add(_ tree: Int) {
        roots.append(Int64(columns.count))
        guard ensemble.roots[tree] >= 0 else {
            row(column: 0, mode: 0, split: 0, tracksTrue: false)
            let leaf = self.leaf(Int(~ensemble.roots[tree]), tree)
            (ifTrue[columns.count - 1], isTrueLeaf[columns.count - 1]) = (leaf, 1)
            (ifFalse[columns.count - 1], isFalseLeaf[columns.count - 1]) = (leaf, 1)
            return
        }
        var open: [(child: Int32, parent: Int?, isTrue: Bool)] = [(ensemble.roots[tree], nil, true)]
        while let item = open.popLast() {
            let target = item.child >= 0 ? Int64(columns.count) : leaf(Int(~item.child), tree)
            if let parent = item.parent {
                if item.isTrue {
                    (ifTrue[parent], isTrueLeaf[parent]) = (target, item.child < 0 ? 1 : 0)
                } else {
                    (ifFalse[parent], isFalseLeaf[parent]) = (target, item.child < 0 ? 1 : 0)
                }
            }
            guard item.child >= 0 else { continue }
            let node = Int(item.child)
            row(
                column: Int64(ensemble.column[node]), mode: ensemble.comparison[node],
                split: ensemble.number(ensemble.threshold, node), tracksTrue: ensemble.tracksTrue(node))
            if ensemble.comparison[node] == TreeEnsemble.Comparison.member.rawValue {
                members += ensemble.members(node) + [.nan]
            }
            open.append((ensemble.falseChild[node], columns.count - 1, false))
            open.append((ensemble.trueChild[node], columns.count - 1, true))
        }
    }

    private mutating func leaf(_ leaf: Int, _ tree: Int) -> Int64 {
        targets.append(Int64(ensemble.treeOutput[tree]))
        weights.append(ensemble.number(ensemble.leafValues, leaf))
        return Int64(targets.count - 1)
    }

    private mutating func row(column: Int64, mode: UInt8, split: Double, tracksTrue: Bool) {
        columns.append(column)
        modes.append(mode)
        splits.append(split)
        tracks.append(tracksTrue ? 1 : 0)
        ifTrue.append(0)
        ifFalse.append(0)
        isTrueLeaf.append(0)
        isFalseLeaf.append(0)
    }
}
