import MaxIR

/// A complete subtree: the leaves `index << level ..< (index + 1) << level`.
public struct Subtree: Sendable, Hashable {
    public let level: Int
    public let index: UInt64

    /// The complete subtrees that make up `leaves`, largest first. `leaves` must start at a multiple of the smallest power
    /// of two that is not below their number, as the ranges do that RFC 6962 splits a tree into.
    static func covering(_ leaves: Range<UInt64>) -> [Subtree] {
        var subtrees: [Subtree] = []
        var start = leaves.lowerBound
        while start < leaves.upperBound {
            let level = 63 - (leaves.upperBound - start).leadingZeroBitCount
            subtrees.append(Subtree(level: level, index: start >> UInt64(level)))
            start += 1 << UInt64(level)
        }
        return subtrees
    }
}

/// Where the hashes of complete subtrees come from.
package typealias TreeNodes = (Subtree) throws(MaxError) -> TreeHash

enum TreeLimits {
    /// A larger size is refused wherever it comes from: sums and shifts of smaller ones cannot overflow.
    static let maximumSize: UInt64 = 1 << 62

    /// Where RFC 6962 splits a tree of `count` leaves, two or more: the largest power of two below `count`.
    static func split(_ count: UInt64) -> UInt64 { 1 << UInt64(63 - (count - 1).leadingZeroBitCount) }

    /// The hash of `leaves` (see `Subtree.covering`).
    static func hash(of leaves: Range<UInt64>, _ nodes: TreeNodes) throws(MaxError) -> TreeHash {
        var hashes: [TreeHash] = []
        for subtree in Subtree.covering(leaves) { hashes.append(try nodes(subtree)) }
        return .folding(hashes)
    }
}
