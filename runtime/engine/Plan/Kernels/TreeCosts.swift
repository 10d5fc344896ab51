import MaxIR

/// What the kernels of tree ensembles are expected to cost, in nanoseconds per row of a large batch.
///
/// Masks visit every node of a tree, whatever a row does; walks visit the nodes of one path. The figures per node are
/// measured (`maxai-inspect --benchmark` lists every kernel's time), and only their ratios matter.
struct TreeCosts {
    private(set) var byte = 0.0
    private(set) var walk = 0.0

    init(_ e: TreeEnsemble, _ choice: KernelChoice) {
        let perNode: Double =
            switch choice {
            case .avx512: 0.02
            case .avx2: 0.055
            case .scalar: .infinity
            }
        // Children stand after their parents: a node's depth is known before its children's.
        var depth = [Int32](repeating: 0, count: e.nodeCount)
        var pathNodes = 0.0
        var leaves = 0.0
        for node in 0..<e.nodeCount {
            for child in [e.trueChild[node], e.falseChild[node]] {
                if child >= 0 {
                    depth[Int(child)] = depth[node] + 1
                } else {
                    pathNodes += Double(depth[node] + 1)
                    leaves += 1
                }
            }
        }
        let trees = Double(max(e.treeCount, 1))
        byte = perNode * Double(e.nodeCount) + 0.3 * trees
        // The mean path of all leaves is longer than that of rows, which end in the large leaves near the root.
        walk = trees * (3 + pathNodes / max(leaves, 1))
        // Without vectors both walk. Bytes are cheaper to read, and full trees in them need no children; the nodes of
        // trees of free shape are twice as large.
        if choice == .scalar {
            let height = Int((depth.max() ?? 0) + 1)
            let isFull = height <= 8 && e.nodeCount == e.treeCount * ((1 << height) - 1)
            byte = height <= 6 || isFull ? 0 : .infinity
        }
    }
}
