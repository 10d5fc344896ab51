import MaxFormats
import MaxIR

/// The trees of a model: symmetric ones with a split per level, or nested nodes.
struct CatBoostTrees {
    /// Nodes of all symmetric trees, written out.
    private static let expandedNodes = 1 << 24

    private let root: Field
    private let features: CatBoostFeatures
    private let outputs: Int

    init(_ root: Field, _ features: CatBoostFeatures, outputs: Int) throws(MaxError) {
        self.root = root
        self.features = features
        self.outputs = outputs
    }

    func ensemble(columns: Int) throws(MaxError) -> TreeEnsemble {
        var builder = TreeEnsembleBuilder(outputs: outputs, leafStride: outputs)
        if let trees = try root.optional("oblivious_trees") {
            var nodes = 0
            for tree in try trees.elements() {
                let symmetric = try SymmetricTree(tree, features, outputs)
                nodes += symmetric.nodeCount
                guard nodes <= Self.expandedNodes else {
                    throw MaxError(
                        .limitExceeded,
                        "catboost: \(tree.path): trees of more than \(Self.expandedNodes) nodes in all: train with less depth")
                }
                do throws(MaxError) {
                    try builder.addTree(count: symmetric.nodeCount, output: 0) { symmetric.node($0) }
                } catch {
                    throw error.inside("catboost: \(tree.path)")
                }
            }
        } else {
            for tree in try root.member("trees").elements() {
                var nested = NestedTree(features, outputs)
                _ = try nested.add(tree)
                let nodes = nested.nodes
                try builder.addTree(count: nodes.count, output: 0) { nodes[$0] }
            }
        }
        return try builder.finish(threshold: .f32, base: .f64([Double](repeating: 0, count: outputs)), columns: columns)
    }
}

/// A tree of one split per level; bit d of a leaf's number is the answer to split d.
private struct SymmetricTree {
    private let splits: [SourceNode.Split]
    private let values: [Double]
    private let outputs: Int
    /// By node in level order, leaves last; empty when the file has none, or data that no row of training reached.
    private var cover: [Double] = []
    private let leaves: Int
    var nodeCount: Int { 2 * leaves - 1 }

    init(_ tree: Field, _ features: CatBoostFeatures, _ outputs: Int) throws(MaxError) {
        self.outputs = outputs
        var splits: [SourceNode.Split] = []
        for split in try tree.optional("splits")?.elements() ?? [] { splits.append(try CatBoostSplit.read(split, features)) }
        guard splits.count <= 16 else {
            throw MaxError(.limitExceeded, "catboost: \(tree.path).splits: \(splits.count), at most 16")
        }
        self.splits = splits
        leaves = 1 << splits.count
        let field = try tree.member("leaf_values")
        values = try field.doubles()
        try field.check(values.count, leaves * outputs)
        guard let weights = try tree.optional("leaf_weights") else { return }
        let given = try weights.doubles()
        try weights.check(given.count, leaves)
        var all = [Double](repeating: 0, count: nodeCount)
        for leaf in 0..<leaves { all[leaves - 1 + leaf] = given[leaf] }
        for node in (0..<leaves - 1).reversed() { all[node] = all[2 * node + 1] + all[2 * node + 2] }
        if all[..<(leaves - 1)].allSatisfy({ $0 > 0 && $0.isFinite }), given.allSatisfy({ $0 >= 0 }) { cover = all }
    }

    /// Nodes in level order.
    func node(_ position: Int) -> SourceNode {
        let weight = cover.isEmpty ? nil : cover[position]
        let leaf = position - (leaves - 1)
        if leaf >= 0 { return .leaf(SourceNode.Leaf(Array(values[leaf * outputs..<(leaf + 1) * outputs]), id: leaf, cover: weight)) }
        let level = Int.bitWidth - 1 - (position + 1).leadingZeroBitCount
        var split = splits[splits.count - 1 - level]
        split.ifTrue = 2 * position + 2
        split.ifFalse = 2 * position + 1
        split.cover = weight
        return .split(split)
    }
}

/// A tree of nested nodes: a true condition goes right.
private struct NestedTree {
    private let features: CatBoostFeatures
    private let outputs: Int
    private(set) var nodes: [SourceNode] = []
    private var leafCount = 0

    init(_ features: CatBoostFeatures, _ outputs: Int) {
        self.features = features
        self.outputs = outputs
    }

    /// The position of the node and the training data that passed it. A document is not nested deeper than its reader allows.
    mutating func add(_ field: Field) throws(MaxError) -> (position: Int, cover: Double?) {
        guard let condition = try field.optional("split") else {
            let given = try field.member("value")
            let values: [Double]
            if case .number = given.value { values = [try given.number()] } else { values = try given.doubles() }
            try given.check(values.count, outputs)
            let cover = try field.optional("weight")?.number()
            nodes.append(.leaf(SourceNode.Leaf(values, id: leafCount, cover: cover)))
            leafCount += 1
            return (nodes.count - 1, cover)
        }
        var split = try CatBoostSplit.read(condition, features)
        let position = nodes.count
        nodes.append(.split(split))
        let (left, right) = (try add(try field.member("left")), try add(try field.member("right")))
        split.ifFalse = left.position
        split.ifTrue = right.position
        if let a = left.cover, let b = right.cover, a + b > 0 { split.cover = a + b }
        nodes[position] = .split(split)
        return (position, split.cover)
    }
}
