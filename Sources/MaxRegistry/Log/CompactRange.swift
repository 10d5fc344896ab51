import MaxIR

/// The right edge of a growing tree: the roots of the complete subtrees that its size is the sum of.
///
///     size 6 = 4 + 2:      ∘            edge: [root of leaves 0-3, root of leaves 4-5]
///                        /   \
///                       ∘     ∘
///                      / \   / \
///
/// - Complexity: an append hashes one node on average; the edge has at most 62 hashes.
public struct CompactRange: Sendable {
    public private(set) var size: UInt64 = 0
    /// Largest subtree first; one for every bit that is set in `size`.
    private var edge: [TreeHash] = []

    public init() {}

    /// The edge of the tree of `size` leaves whose complete subtrees `nodes` knows.
    package init(size: UInt64, nodes: TreeNodes) throws(MaxError) {
        self.size = size
        for subtree in Subtree.covering(0..<size) { edge.append(try nodes(subtree)) }
    }

    /// - Parameter completed: called for the leaf and for every subtree that it completes, smallest first.
    public mutating func append(_ leaf: TreeHash, completed: (Subtree, TreeHash) -> Void = { _, _ in }) {
        var subtree = Subtree(level: 0, index: size)
        var hash = leaf
        completed(subtree, hash)
        while subtree.index & 1 == 1, let left = edge.popLast() {
            hash = .node(left, hash)
            subtree = Subtree(level: subtree.level + 1, index: subtree.index >> 1)
            completed(subtree, hash)
        }
        edge.append(hash)
        size += 1
    }

    public var root: TreeHash { TreeHash.folding(edge) }
}

extension TreeHash {
    /// The hash of neighbouring subtrees, largest first, each a left child of what follows.
    static func folding(_ hashes: [TreeHash]) -> TreeHash {
        guard var hash = hashes.last else { return .empty }
        for left in hashes.dropLast().reversed() { hash = .node(left, hash) }
        return hash
    }
}
