import CMaxKernels

/// What the kernels of one row test at once: 64 nodes of a tree as bytes.
///
/// Of a tree of free shape, a node that sends the row right takes the leaves on its left away, whether the row comes by
/// or not; the first leaf that is left is the row's (Lucchese et al., "QuickScorer", SIGIR 2015).
struct RowTests {
    /// Nodes, and leaves, of a tree that fit.
    private static let capacity = 64

    /// 64 per tree.
    private(set) var columns: [UInt8]
    private(set) var ranks: [UInt8]
    /// 8 × `maskGroups` per tree.
    private(set) var masks: [UInt64] = []
    private(set) var maskGroups = 0

    /// nil when no tree fits, or registers do not hold a row.
    init?(_ layout: ByteTreesLayout) {
        let trees = layout.shape.indices
        let free = trees.filter { Self.isFree(layout, $0) && Self.leafCount(layout, $0) <= Self.capacity }
        guard layout.width <= ByteTreesLayout.rowWidth, !free.isEmpty || trees.contains(where: { !Self.isFree(layout, $0) }) else {
            return nil
        }
        columns = [UInt8](repeating: 0, count: Self.capacity * trees.count)
        // No byte is above 255: what is not a node sends nothing right.
        ranks = [UInt8](repeating: 255, count: Self.capacity * trees.count)
        for tree in trees where !Self.isFree(layout, tree) { writeHeap(layout, tree) }
        maskGroups = free.map { (Int(layout.nodeCount[$0]) + 7) / 8 }.max() ?? 0
        masks = [UInt64](repeating: ~0, count: 8 * maskGroups * trees.count)
        for tree in free { writeFree(layout, tree) }
    }

    private static func isFree(_ layout: ByteTreesLayout, _ tree: Int) -> Bool { layout.shape[tree] == UInt8(MAXAI_FREE_SHAPE) }

    /// As the nodes say: a packed bundle's counts prove nothing.
    private static func leafCount(_ layout: ByteTreesLayout, _ tree: Int) -> Int { Int(layout.nodeCount[tree]) + 1 }

    private mutating func writeHeap(_ layout: ByteTreesLayout, _ tree: Int) {
        let depth = Int(layout.shape[tree]) - MAXAI_OBLIVIOUS
        for node in 0..<(depth > 0 ? depth : 1 << Int(layout.shape[tree])) {
            let slot = Self.capacity * tree + (depth > 0 ? depth - 1 - node : node)
            columns[slot] = UInt8(truncatingIfNeeded: layout.heapOffset[Int(layout.starts[tree]) + node] / 64)
            ranks[slot] = 254 &- UInt8(truncatingIfNeeded: layout.heapLimit[Int(layout.starts[tree]) + node])
        }
    }

    private mutating func writeFree(_ layout: ByteTreesLayout, _ tree: Int) {
        let count = Int(layout.nodeCount[tree])
        var firstLeaf = [Int](repeating: 0, count: count + 1)
        for index in 0..<count {
            let node = layout.nodes[Int(layout.starts[tree]) + index]
            columns[Self.capacity * tree + index] = UInt8(truncatingIfNeeded: node.column)
            ranks[Self.capacity * tree + index] = node.limit
            let onTheLeft = Int(node.left_leaves)
            masks[8 * maskGroups * tree + index] = ~(((1 << UInt64(onTheLeft)) &- 1) << UInt64(firstLeaf[index]))
            firstLeaf[Int(node.left)] = firstLeaf[index]
            firstLeaf[Int(node.right)] = firstLeaf[index] &+ onTheLeft
        }
    }
}
