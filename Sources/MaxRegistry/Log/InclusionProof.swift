import MaxIR

/// Shows that a leaf is the one at `index` of the tree of `size` leaves with a given root (RFC 9162 §2.1.3).
public struct InclusionProof: Sendable, Hashable {
    public let index: UInt64
    public let size: UInt64
    /// From the leaf's sibling up to the child of the root.
    public let path: [TreeHash]

    public init(index: UInt64, size: UInt64, path: [TreeHash]) {
        self.index = index
        self.size = size
        self.path = path
    }

    /// - Throws: `.usage` unless `index < size`; what `nodes` throws.
    package init(index: UInt64, size: UInt64, nodes: TreeNodes) throws(MaxError) {
        guard index < size else { throw MaxError(.usage, "log: entry \(index): a log of \(size) entries has no such entry") }
        var leaves = 0..<size
        var path: [TreeHash] = []
        while leaves.count > 1 {
            let middle = leaves.lowerBound + TreeLimits.split(UInt64(leaves.count))
            if index < middle {
                path.append(try TreeLimits.hash(of: middle..<leaves.upperBound, nodes))
                leaves = leaves.lowerBound..<middle
            } else {
                path.append(try TreeLimits.hash(of: leaves.lowerBound..<middle, nodes))
                leaves = middle..<leaves.upperBound
            }
        }
        self.init(index: index, size: size, path: path.reversed())
    }

    /// The root that the proof leads to from `leaf`; nil when its length does not fit index and size (RFC 9162 §2.1.3.2).
    public func root(of leaf: TreeHash) -> TreeHash? {
        guard index < size else { return nil }
        var (node, last) = (index, size - 1)
        var hash = leaf
        for sibling in path {
            guard last > 0 else { return nil }
            if node & 1 == 1 || node == last {
                hash = .node(sibling, hash)
                while node & 1 == 0, node > 0 {
                    node >>= 1
                    last >>= 1
                }
            } else {
                hash = .node(hash, sibling)
            }
            node >>= 1
            last >>= 1
        }
        return last == 0 ? hash : nil
    }

    /// - Throws: `.contentMismatch` unless `leaf` is the one at `index` of the tree with `root`.
    public func verify(_ leaf: TreeHash, root: TreeHash) throws(MaxError) {
        guard self.root(of: leaf) == root else {
            throw MaxError(
                .contentMismatch,
                "log: entry \(index) of \(size): its inclusion proof of \(path.count) hashes does not lead to the root \(root.base64)")
        }
    }
}
