import MaxIR

extension ONNXForest {
    /// Reads a TreeEnsembleRegressor or TreeEnsembleClassifier of version 1 to 3: one list of nodes, leaves among
    /// them, named by tree and node id; a tree's first node is its root.
    init(_ attributes: [String: Attribute], _ kind: Kind, x: ElementType) throws(MaxError) {
        let node = ONNXAttributes(values: attributes)
        let votePrefix = kind == .classifier ? "class" : "target"
        let texts = try node.texts("classlabels_strings")
        if kind == .classifier {
            labels = texts.isEmpty ? .integers(try node.ints("classlabels_int64s").map { Int64($0) }) : .texts(texts)
        } else {
            labels = .integers([])
        }
        let outputs: Int
        switch labels {
        case .texts(let all): outputs = all.count
        case .integers(let all): outputs = kind == .classifier ? all.count : Int(try node.int("n_targets", default: 0))
        }
        guard outputs >= 1, outputs <= Limits.ports else {
            throw MaxError(
                outputs < 1 ? .malformed : .limitExceeded,
                "\(kind == .classifier ? "class labels" : "n_targets"): found \(outputs), expected 1 to \(Limits.ports)")
        }
        let thresholds = try node.numbers("nodes_values", tensor: "nodes_values_as_tensor")
        let weights = try node.numbers("\(votePrefix)_weights", tensor: "\(votePrefix)_weights_as_tensor")
        let base = try node.numbers("base_values", tensor: "base_values_as_tensor")
        self.kind = kind
        self.outputs = outputs
        self.base = base.values
        type = x == .f64 || thresholds.isWide || weights.isWide || base.isWide ? .f64 : .f32
        aggregate = try Self.aggregate(
            kind == .classifier ? "SUM" : try node.text("aggregate_function", default: "SUM"))
        transform = try Self.transform(try node.text("post_transform", default: "NONE"))

        let table = try NodeTable(node, thresholds: thresholds.values)
        let votes = try Self.votes(node, votePrefix, weights.values, table, outputs)
        var places: [Place] = []
        let continuations = try table.continuations()
        var memberships = ONNXSets()
        for position in 0..<table.count {
            let isHead = !continuations[position]
            places.append(try table.place(position, votes[position], startsChain: isHead, &memberships))
        }
        self.places = places
        derived = memberships.derived
        roots = table.roots
    }

    private static func votes(
        _ node: ONNXAttributes, _ prefix: String, _ weights: [Double], _ table: NodeTable, _ outputs: Int
    ) throws(MaxError) -> [[Vote]] {
        let ids = try node.ints("\(prefix)_ids")
        let (trees, nodes) = (try node.ints("\(prefix)_treeids"), try node.ints("\(prefix)_nodeids"))
        for (name, count) in [("treeids", trees.count), ("nodeids", nodes.count), ("weights", weights.count)]
        where count != ids.count {
            throw MaxError(.malformed, "\(prefix)_\(name): \(count) elements, expected \(ids.count) as \(prefix)_ids")
        }
        var votes = [[Vote]](repeating: [], count: table.count)
        for (i, output) in ids.enumerated() {
            guard let position = table.positions[NodeTable.Key(tree: trees[i], node: nodes[i])] else {
                throw MaxError(.malformed, "\(prefix)_nodeids: no node \(nodes[i]) in tree \(trees[i])")
            }
            votes[position].append(Vote(output: output, value: weights[i]))
        }
        for list in votes { try check(list, outputs, "\(prefix)_ids") }
        return votes
    }

    private static func aggregate(_ name: String) throws(MaxError) -> TreeEnsemble.Aggregate {
        switch name {
        case "SUM": .sum
        case "AVERAGE": .average
        case "MIN": .min
        case "MAX": .max
        default: throw MaxError(.malformed, "aggregate_function: found '\(name)', expected SUM, AVERAGE, MIN or MAX")
        }
    }

    private static func transform(_ name: String) throws(MaxError) -> Transform {
        switch name {
        case "NONE": .none
        case "SOFTMAX": .softmax
        case "LOGISTIC": .logistic
        case "SOFTMAX_ZERO": .softmaxZero
        case "PROBIT": .probit
        default: throw MaxError(.malformed, "post_transform: found '\(name)'")
        }
    }
}

/// The parallel `nodes_…` lists.
private struct NodeTable {
    struct Key: Hashable { let tree, node: Int }

    let columns, trees, ifTrue, ifFalse, missing: [Int]
    let modes: [String]
    let thresholds: [Double]
    let positions: [Key: Int]
    let roots: [Int]

    var count: Int { trees.count }

    init(_ node: ONNXAttributes, thresholds: [Double]) throws(MaxError) {
        let ids = try node.ints("nodes_nodeids")
        trees = try node.ints("nodes_treeids")
        columns = try node.ints("nodes_featureids")
        ifTrue = try node.ints("nodes_truenodeids")
        ifFalse = try node.ints("nodes_falsenodeids")
        missing = try node.ints("nodes_missing_value_tracks_true")
        modes = try node.texts("nodes_modes").map(\.string)
        self.thresholds = thresholds
        let lengths = [
            ("nodes_treeids", trees.count), ("nodes_featureids", columns.count), ("nodes_truenodeids", ifTrue.count),
            ("nodes_falsenodeids", ifFalse.count), ("nodes_modes", modes.count), ("nodes_values", thresholds.count),
        ]
        for (name, length) in lengths where length != ids.count {
            throw MaxError(.malformed, "\(name): \(length) elements, expected \(ids.count) as nodes_nodeids")
        }
        guard missing.isEmpty || missing.count == ids.count else {
            throw MaxError(
                .malformed, "nodes_missing_value_tracks_true: \(missing.count) elements, expected 0 or \(ids.count)")
        }
        var positions: [Key: Int] = [:]
        var roots: [Int] = []
        var known = Set<Int>()
        for (position, id) in ids.enumerated() {
            guard positions.updateValue(position, forKey: Key(tree: trees[position], node: id)) == nil else {
                throw MaxError(.malformed, "nodes_nodeids: node \(id) of tree \(trees[position]) stands twice")
            }
            if position == 0 || trees[position] != trees[position - 1] {
                guard known.insert(trees[position]).inserted else {
                    throw MaxError(.malformed, "nodes_treeids: the nodes of tree \(trees[position]) are not together")
                }
                roots.append(position)
            }
        }
        self.positions = positions
        self.roots = roots
    }

    /// By node: whether the node before it in a chain of equality tests takes it in (`collapse`).
    func continuations() throws(MaxError) -> [Bool] {
        var out = [Bool](repeating: false, count: count)
        for position in 0..<count where modes[position] == "BRANCH_EQ" {
            let next = try child(position, ifFalse)
            guard try continues(next, columns[position], isTracked(position), try child(position, ifTrue)) else {
                continue
            }
            guard !out[next] else {
                throw MaxError(
                    .malformed, "tree \(trees[position]): node \(ifFalse[position]) is reached twice, expected a tree")
            }
            out[next] = true
        }
        return out
    }

    private func continues(_ next: Int, _ column: Int, _ tracks: Bool, _ target: Int) throws(MaxError) -> Bool {
        guard modes[next] == "BRANCH_EQ", columns[next] == column, isTracked(next) == tracks else { return false }
        return try child(next, ifTrue) == target
    }

    /// - Parameter startsChain: false for a node that the one before it takes in.
    func place(
        _ position: Int, _ votes: [ONNXForest.Vote], startsChain: Bool, _ memberships: inout ONNXSets
    ) throws(MaxError) -> ONNXForest.Place {
        let comparison: TreeEnsemble.Comparison
        switch modes[position] {
        case "LEAF": return .leaf(votes)
        case "BRANCH_LEQ": comparison = .lessOrEqual
        case "BRANCH_LT": comparison = .less
        case "BRANCH_GTE": comparison = .greaterOrEqual
        case "BRANCH_GT": comparison = .greater
        case "BRANCH_EQ": comparison = .equal
        case "BRANCH_NEQ": comparison = .notEqual
        case let other:
            throw MaxError(.malformed, "nodes_modes: found '\(other)', expected LEAF or BRANCH_ and one of LEQ, LT, GTE, GT, EQ and NEQ")
        }
        let tracks = isTracked(position)
        var split = SourceNode.Split(
            column: columns[position], comparison: comparison, threshold: thresholds[position],
            missing: tracks ? .nan : .none, missingGoesTrue: tracks, ifTrue: try child(position, ifTrue),
            ifFalse: try child(position, ifFalse))
        if comparison == .equal, startsChain { try collapse(&split, from: position, &memberships) }
        return .split(split)
    }

    private func isTracked(_ position: Int) -> Bool { missing.isEmpty ? false : missing[position] == 1 }

    private func child(_ position: Int, _ list: [Int]) throws(MaxError) -> Int {
        guard let child = positions[Key(tree: trees[position], node: list[position])] else {
            throw MaxError(.malformed, "tree \(trees[position]): no node \(list[position])")
        }
        return child
    }

    /// A chain of equality tests of one column with one true child is a membership test; left a chain, the true
    /// child would have several parents.
    private func collapse(_ split: inout SourceNode.Split, from start: Int, _ memberships: inout ONNXSets)
        throws(MaxError)
    {
        var values = [thresholds[start]]
        var last = split.ifFalse
        while values.count <= count, try continues(last, split.column, split.missingGoesTrue, split.ifTrue) {
            values.append(thresholds[last])
            last = try child(last, ifFalse)
        }
        guard values.count > 1 else { return }
        try memberships.test(&split, values)
        split.ifFalse = last
    }
}
