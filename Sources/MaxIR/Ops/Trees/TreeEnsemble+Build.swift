/// One node of a tree as an importer reads it; children are positions in the source's own numbering.
public enum SourceNode: Sendable {
    case leaf(Leaf)
    case split(Split)

    public struct Leaf: Sendable, ExpressibleByArrayLiteral {
        public var values: [Double]
        /// Its number within the tree in the source.
        public var id: Int?
        /// The training data that ended in it.
        public var cover: Double?
        /// What it gives instead of its value (`LinearLeaves`).
        public var linear: Linear?

        public struct Linear: Sendable {
            public var base: Double
            public var columns: [Int]
            public var coefficients: [Double]

            public init(base: Double, columns: [Int], coefficients: [Double]) {
                self.base = base
                self.columns = columns
                self.coefficients = coefficients
            }
        }

        public init(_ values: [Double], id: Int? = nil, cover: Double? = nil, linear: Linear? = nil) {
            self.values = values
            self.id = id
            self.cover = cover
            self.linear = linear
        }

        public init(arrayLiteral values: Double...) { self.init(values) }
    }

    public struct Split: Sendable {
        public var column: Int
        public var comparison: TreeEnsemble.Comparison
        public var threshold: Double
        public var missing: TreeEnsemble.Missing
        public var missingGoesTrue: Bool
        /// The words of a member node's set.
        public var set: [UInt64]?
        public var ifTrue: Int
        public var ifFalse: Int
        /// The training data that passed it.
        public var cover: Double?

        public init(
            column: Int, comparison: TreeEnsemble.Comparison, threshold: Double = 0, missing: TreeEnsemble.Missing,
            missingGoesTrue: Bool, set: [UInt64]? = nil, ifTrue: Int, ifFalse: Int, cover: Double? = nil
        ) {
            self.column = column
            self.comparison = comparison
            self.threshold = threshold
            self.missing = missing
            self.missingGoesTrue = missingGoesTrue
            self.set = set
            self.ifTrue = ifTrue
            self.ifFalse = ifFalse
            self.cover = cover
        }
    }
}

/// Collects trees in whatever numbering a file has into the order that `trees` wants. Leaf numbers and cover are kept
/// if every leaf, and every node and leaf, has one.
public struct TreeEnsembleBuilder: Sendable {
    private var ensemble: TreeEnsemble
    private var thresholds: [Double] = []
    private var values: [Double] = []
    private var lacksIDs = false
    private var lacksCover = false
    private let outputs: Int

    /// - Parameter leafStride: values per leaf.
    public init(outputs: Int, leafStride: Int = 1) {
        self.outputs = outputs
        ensemble = TreeEnsemble(threshold: .f32, base: .f32([]))
        ensemble.leafStride = leafStride
    }

    /// Appends one tree, visiting its nodes from the root; nodes that the root does not reach are dropped.
    ///
    /// - Parameters:
    ///   - count: the nodes of the source tree; positions are `0 ..< count`.
    ///   - output: the output of its leaves' first value.
    /// - Throws: `.malformed` for a child out of range, or a split reached twice (a cycle, or a shared subtree).
    public mutating func addTree(
        root: Int = 0, count: Int, output: Int, node: (Int) throws(MaxError) -> SourceNode
    ) throws(MaxError) {
        enum Slot {
            case root
            case ifTrue(Int)
            case ifFalse(Int)
        }
        let tree = ensemble.roots.count
        var visited = Set<Int>()
        var open: [(position: Int, slot: Slot)] = [(root, .root)]
        while let (position, slot) = open.popLast() {
            guard position >= 0, position < count else {
                throw MaxError(.malformed, "tree \(tree): child \(position), expected 0 to \(count - 1)")
            }
            let place: Int
            switch try node(position) {
            case .leaf(let leaf):
                guard leaf.values.count == ensemble.leafStride else {
                    throw MaxError(
                        .malformed,
                        "tree \(tree): node \(position) has \(leaf.values.count) values, expected \(ensemble.leafStride)")
                }
                place = ~(values.count / ensemble.leafStride)
                guard values.count <= Limits.evaluatedElements else {
                    throw MaxError(.limitExceeded, "tree \(tree): more than \(Limits.evaluatedElements) leaf values")
                }
                values += leaf.values
                try append(leaf)
            case .split(let split):
                guard visited.insert(position).inserted else {
                    throw MaxError(.malformed, "tree \(tree): node \(position) is reached twice, expected a tree")
                }
                place = ensemble.column.count
                try append(split, tree)
                open.append((split.ifFalse, .ifFalse(place)))
                open.append((split.ifTrue, .ifTrue(place)))
            }
            guard let place = Int32(exactly: place) else {
                throw MaxError(.limitExceeded, "tree \(tree): more than \(Int32.max) nodes or leaves")
            }
            switch slot {
            case .root: ensemble.roots.append(place)
            case .ifTrue(let parent): ensemble.trueChild[parent] = place
            case .ifFalse(let parent): ensemble.falseChild[parent] = place
            }
        }
        guard let output = Int32(exactly: output) else {
            throw MaxError(.malformed, "tree \(tree): output \(output), expected 0 to \(outputs - 1)")
        }
        ensemble.treeOutput.append(output)
    }

    private mutating func append(_ leaf: SourceNode.Leaf) throws(MaxError) {
        if leaf.linear != nil, ensemble.linear == nil { ensemble.linear = LinearLeaves(constants: values.dropLast(leaf.values.count)) }
        // A constant leaf among linear ones gives its value.
        try ensemble.linear?.append(leaf.linear ?? .init(base: leaf.values.first ?? 0, columns: [], coefficients: []))
        if let id = leaf.id.flatMap(Int32.init(exactly:)) { ensemble.leafIDs.append(id) } else { lacksIDs = true }
        if let cover = leaf.cover { ensemble.leafCover.append(cover) } else { lacksCover = true }
    }

    private mutating func append(_ split: SourceNode.Split, _ tree: Int) throws(MaxError) {
        guard let column = Int32(exactly: split.column) else {
            throw MaxError(.malformed, "tree \(tree): column \(split.column), expected 0 or more")
        }
        ensemble.column.append(column)
        ensemble.comparison.append(split.comparison.rawValue)
        thresholds.append(split.threshold)
        ensemble.missing.append(
            split.missing.rawValue | (split.missingGoesTrue ? TreeEnsemble.missingGoesTrue : 0))
        if let cover = split.cover { ensemble.nodeCover.append(cover) } else { lacksCover = true }
        ensemble.trueChild.append(0)
        ensemble.falseChild.append(0)
        if let set = split.set {
            ensemble.set.append(Int32(truncatingIfNeeded: ensemble.setOffsets.count - 1))
            guard set.count <= TreeEnsemble.maximumSetWords - ensemble.setWords.count else {
                throw MaxError(
                    .limitExceeded, "tree \(tree): sets of more than \(TreeEnsemble.maximumSetWords) words in all")
            }
            ensemble.setWords += set
            ensemble.setOffsets.append(Int64(ensemble.setWords.count))
        } else {
            ensemble.set.append(-1)
        }
    }

    /// The ensemble, validated.
    ///
    /// - Parameters:
    ///   - threshold: f32 or f64, the type of comparisons; thresholds are rounded to it.
    ///   - base: one value per output, in the type of sums; leaf values are rounded to it.
    public func finish(
        threshold: ElementType, base: TensorStorage, aggregate: TreeEnsemble.Aggregate = .sum,
        setRule: TreeEnsemble.SetRule = .nonNegative, columns: Int? = nil
    ) throws(MaxError) -> TreeEnsemble {
        var out = ensemble
        out.threshold = threshold == .f64 ? .f64(thresholds) : .f32(thresholds.map { Float($0) })
        out.leafValues = base.elementType == .f64 ? .f64(values) : .f32(values.map { Float($0) })
        out.base = base
        out.aggregate = aggregate
        out.setRule = setRule
        if lacksIDs { out.leafIDs = [] }
        if lacksCover { (out.nodeCover, out.leafCover) = ([], []) }
        if out.setOffsets.count == 1 { out.set = [] }
        try out.validate(columns: columns)
        return out
    }
}
