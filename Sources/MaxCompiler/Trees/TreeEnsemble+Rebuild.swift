import MaxIR

/// Reading an ensemble out of a graph, and taking it apart to build another.
extension TreeEnsemble {
    /// The ensemble of a `trees` node of a verified graph.
    init(attributesOf node: Node) throws(MaxError) {
        try self.init(
            Evaluation(op: node.op, attributes: node.attributes, operands: [], resultCount: node.results.count))
    }

    /// Nodes, then leaves, in one numbering.
    func position(_ child: Int32) -> Int { child >= 0 ? Int(child) : nodeCount + Int(~child) }

    /// The threshold of a node.
    func limit(_ node: Int) -> Double { threshold.double(node) }

    /// Value `k` of a leaf.
    func leaf(_ leaf: Int, _ k: Int) -> Double { leafValues.double(leaf * leafStride + k) }

    /// A leaf with all that the ensemble knows of it.
    func source(leaf: Int) -> SourceNode {
        let linear = linear.map {
            let terms = $0.terms(leaf)
            return SourceNode.Leaf.Linear(
                base: $0.base[leaf], columns: $0.columns[terms].map { Int($0) }, coefficients: Array($0.coefficients[terms]))
        }
        return .leaf(
            SourceNode.Leaf(
                (0..<leafStride).map { self.leaf(leaf, $0) }, id: leafIDs.isEmpty ? nil : Int(leafIDs[leaf]),
                cover: leafCover.isEmpty ? nil : leafCover[leaf], linear: linear))
    }

    func split(_ node: Int) -> SourceNode.Split {
        var words: [UInt64]?
        if !set.isEmpty, set[node] >= 0 {
            words = Array(setWords[Int(setOffsets[Int(set[node])])..<Int(setOffsets[Int(set[node]) + 1])])
        }
        let policy = policy(of: node)
        return SourceNode.Split(
            column: Int(column[node]), comparison: Comparison(rawValue: comparison[node]) ?? .less,
            threshold: limit(node), missing: policy.missing, missingGoesTrue: policy.goesTrue, set: words,
            ifTrue: position(trueChild[node]), ifFalse: position(falseChild[node]),
            cover: nodeCover.isEmpty ? nil : nodeCover[node])
    }

    /// Where a node sends `x`, which is no NaN and a value of the threshold's type.
    func isTrue(_ node: Int, for x: Double) -> Bool {
        let policy = policy(of: node)
        if policy.missing == .zero, x.magnitude <= Self.zeroThreshold { return policy.goesTrue }
        let t = limit(node)
        switch Comparison(rawValue: comparison[node]) {
        case .lessOrEqual: return x <= t
        case .less: return x < t
        case .greaterOrEqual: return x >= t
        case .greater: return x > t
        case .equal: return x == t
        case .notEqual: return x != t
        case .member: return isMember(x, node)
        case nil: return false
        }
    }

    /// Whether the set of a member node has `x`, which is no NaN.
    func isMember(_ x: Double, _ node: Int) -> Bool {
        switch setRule {
        case .nonNegative: if x < 0 { return false }
        case .truncated: break
        case .exact: if x != x.rounded(.towardZero) { return false }
        }
        guard let position = Int64(exactly: x.rounded(.towardZero)), position >= 0 else { return false }
        let words = Int(setOffsets[Int(set[node])])..<Int(setOffsets[Int(set[node]) + 1])
        guard position / 64 < Int64(words.count) else { return false }
        return setWords[words.lowerBound + Int(position / 64)] >> UInt64(position % 64) & 1 == 1
    }
}

extension TensorStorage {
    /// Element `index` of f32 or f64.
    func double(_ index: Int) -> Double {
        switch self {
        case .f64(let a): a[index]
        case .f32(let a): Double(a[index])
        default: .nan
        }
    }
}
