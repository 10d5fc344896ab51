import MaxIR

/// Shows that the tree of `oldSize` leaves with one root is the beginning of the tree of `newSize` leaves with another
/// (RFC 9162 §2.1.4).
public struct ConsistencyProof: Sendable, Hashable {
    public let oldSize: UInt64
    public let newSize: UInt64
    /// Empty when the sizes are equal, and from the empty tree, which begins every tree.
    public let path: [TreeHash]

    public init(oldSize: UInt64, newSize: UInt64, path: [TreeHash]) {
        self.oldSize = oldSize
        self.newSize = newSize
        self.path = path
    }

    /// - Throws: `.usage` unless `oldSize <= newSize`; what `nodes` throws.
    package init(oldSize: UInt64, newSize: UInt64, nodes: TreeNodes) throws(MaxError) {
        guard oldSize <= newSize else {
            throw MaxError(.usage, "log: no proof leads from \(oldSize) entries to \(newSize): name the smaller size first")
        }
        var leaves = 0..<newSize
        var path: [TreeHash] = []
        while oldSize > 0, oldSize < leaves.upperBound {
            let middle = leaves.lowerBound + TreeLimits.split(UInt64(leaves.count))
            if oldSize <= middle {
                path.append(try TreeLimits.hash(of: middle..<leaves.upperBound, nodes))
                leaves = leaves.lowerBound..<middle
            } else {
                path.append(try TreeLimits.hash(of: leaves.lowerBound..<middle, nodes))
                leaves = middle..<leaves.upperBound
            }
        }
        // The old tree itself need not be sent where it is a subtree of the new one: who checks has its root.
        if oldSize > 0, leaves.lowerBound > 0 { path.append(try TreeLimits.hash(of: leaves, nodes)) }
        self.init(oldSize: oldSize, newSize: newSize, path: path.reversed())
    }

    /// Whether the proof leads to both roots (RFC 9162 §2.1.4.2).
    public func connects(_ oldRoot: TreeHash, _ newRoot: TreeHash) -> Bool {
        guard oldSize > 0, oldSize < newSize else {
            return path.isEmpty && (oldSize == newSize ? oldRoot == newRoot : oldSize == 0 && oldRoot == .empty)
        }
        guard !path.isEmpty else { return false }
        var rest = path[...]
        var old = oldRoot
        if oldSize & (oldSize - 1) != 0, let first = rest.popFirst() { old = first }
        var new = old
        var (node, last) = (oldSize - 1, newSize - 1)
        while node & 1 == 1 {
            node >>= 1
            last >>= 1
        }
        for sibling in rest {
            guard last > 0 else { return false }
            if node & 1 == 1 || node == last {
                old = .node(sibling, old)
                new = .node(sibling, new)
                while node & 1 == 0, node > 0 {
                    node >>= 1
                    last >>= 1
                }
            } else {
                new = .node(new, sibling)
            }
            node >>= 1
            last >>= 1
        }
        return last == 0 && old == oldRoot && new == newRoot
    }

    /// - Throws: `.rollback` unless the tree with `newRoot` extends the one with `oldRoot`.
    public func verify(_ oldRoot: TreeHash, _ newRoot: TreeHash) throws(MaxError) {
        guard newSize >= oldSize else {
            throw MaxError(.rollback, "log: shrunk from \(oldSize) to \(newSize) entries: what was logged is gone")
        }
        guard connects(oldRoot, newRoot) else {
            throw MaxError(
                .rollback,
                newSize == oldSize
                    ? "log: two roots for \(newSize) entries, \(oldRoot.base64) and \(newRoot.base64): the log was forked"
                    : "log: \(newSize) entries with root \(newRoot.base64) do not extend \(oldSize) with root \(oldRoot.base64)")
        }
    }
}
