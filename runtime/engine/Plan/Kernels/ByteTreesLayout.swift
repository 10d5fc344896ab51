import CMaxKernels
import MaxIR

/// An ensemble as `maxai_byte_trees` has it, array by array: what kernels point into and what a bundle may keep, so that
/// loading packs nothing. Categories and single tests are not part of it.
struct ByteTreesLayout {
    /// Numbers per rank column in `ranks`: source, count of thresholds, the byte column of every policy, rank of zero.
    static let rankWords = 8
    static let thresholdsPerRank = 256
    static let firstsPerRank = 16
    /// Bytes of a row that registers hold.
    static let rowWidth = 256
    /// Leaves that a kernel may read beyond a tree's own.
    static let paddingLeaves = 256

    var columns = 0
    var outputCount = 0
    var leafStride = 1
    var width = 1
    var xIsF64 = false
    var comparesF64 = false
    var isAverage = false
    var ranks: [Int32] = []
    /// f64 where comparisons are, else f32; as `leaves` and `base`, of the type of sums.
    var thresholds = TensorStorage.f32([])
    var firsts = TensorStorage.f32([])
    var shape: [UInt8] = []
    var nodeCount: [UInt8] = []
    var innerCount: [UInt8] = []
    var levels: [UInt8] = []
    var starts: [Int32] = []
    var leafStarts: [Int32] = []
    var leafCounts: [Int32] = []
    var treeOutput: [Int32] = []
    var heapOffset: [UInt32] = []
    var heapLimit: [UInt32] = []
    /// `PackedNode.byteCount` bytes per node.
    var nodes: [UInt8] = []
    var leaves = TensorStorage.f32([])
    var base = TensorStorage.f32([])

    /// Rows that go through all trees before the next ones do: more for oblivious trees, which are through with a block
    /// before the next tree's leaves are there, and for ensembles that the caches do not keep.
    var blockRows: Int {
        if shape.allSatisfy({ $0 > UInt8(MAXAI_OBLIVIOUS) }) { return 2 * Program.blockRows }
        return 8 * heapOffset.count + 3 * nodes.count + 8 * leaves.count < 1 << 19 ? Program.blockRows : 1024
    }

    func pack(_ constants: ConstantMemory) -> maxai_byte_trees {
        var out = maxai_byte_trees()
        out.tree_count = Int32(shape.count)
        out.output_count = Int32(outputCount)
        out.leaf_stride = Int32(leafStride)
        out.width = Int32(width)
        out.x_is_f64 = xIsF64 ? 1 : 0
        out.compares_f64 = comparesF64 ? 1 : 0
        out.leaf_is_f64 = leaves.elementType == .f64 ? 1 : 0
        out.is_average = isAverage ? 1 : 0
        out.rank_count = Int32(ranks.count / Self.rankWords)
        out.ranks = UnsafePointer(constants.copy(rankColumns(constants)))
        out.shape = UnsafePointer(constants.copy(shape))
        out.node_count = UnsafePointer(constants.copy(nodeCount))
        out.inner_count = UnsafePointer(constants.copy(innerCount))
        out.levels = UnsafePointer(constants.copy(levels))
        out.starts = UnsafePointer(constants.copy(starts))
        out.leaf_starts = UnsafePointer(constants.copy(leafStarts))
        out.leaf_counts = UnsafePointer(constants.copy(leafCounts))
        out.tree_output = UnsafePointer(constants.copy(treeOutput))
        out.heap_offset = UnsafePointer(constants.copy(heapOffset))
        out.heap_limit = UnsafePointer(constants.copy(heapLimit))
        out.nodes = UnsafePointer(constants.make(nodeTotal) { PackedNode(nodes, $0).node })
        if let row = RowTests(self) {
            out.row_columns = UnsafePointer(constants.copy(row.columns))
            out.row_ranks = UnsafePointer(constants.copy(row.ranks))
            out.row_masks = UnsafePointer(constants.copy(row.masks))
            out.row_mask_groups = Int32(row.maskGroups)
        }
        out.leaves = constants.copy(leaves)
        out.base = constants.copy(base)
        return out
    }

    var nodeTotal: Int { nodes.count / PackedNode.byteCount }

    private func rankColumns(_ constants: ConstantMemory) -> [maxai_rank_column] {
        let element = comparesF64 ? 8 : 4
        let (all, first) = (constants.copy(thresholds), constants.copy(firsts))
        return (0..<ranks.count / Self.rankWords).map { index in
            let words = ranks[index * Self.rankWords..<(index + 1) * Self.rankWords]
            var out = maxai_rank_column()
            out.source = words[words.startIndex]
            out.count = words[words.startIndex + 1]
            withUnsafeMutableBytes(of: &out.out) { bytes in
                words.dropFirst(2).prefix(5).withUnsafeBytes { bytes.copyMemory(from: $0) }
            }
            out.rank_of_zero = UInt8(truncatingIfNeeded: words[words.startIndex + 7])
            out.thresholds = all + index * Self.thresholdsPerRank * element
            out.first = first + index * Self.firstsPerRank * element
            (out.search, out.search_levels) = search(thresholds, index, Int(out.count), constants)
            return out
        }
    }

    /// The thresholds of ranked column `index` in the order of a binary search.
    private func search(
        _ thresholds: TensorStorage, _ index: Int, _ count: Int, _ constants: ConstantMemory
    ) -> (UnsafeRawPointer, levels: Int32) {
        let levels = (4..<8).first { count < 1 << $0 } ?? 8
        let start = index * Self.thresholdsPerRank
        /// Of level k, probe i is the middle of the i-th of 2^k parts.
        func position(_ at: Int) -> Int {
            let level = Int.bitWidth - 1 - max(at, 1).leadingZeroBitCount
            let part = 1 << (levels - level)
            return start + (max(at, 1) - (1 << level)) * part + part / 2 - 1
        }
        return switch thresholds {
        case .f64(let values): (UnsafeRawPointer(constants.make(1 << levels) { values[position($0)] }), Int32(levels))
        case .f32(let values): (UnsafeRawPointer(constants.make(1 << levels) { values[position($0)] }), Int32(levels))
        default: (UnsafeRawPointer(constants.copy([UInt8]())), 0)
        }
    }
}

/// A `maxai_byte_node` without what repeats itself: column (low byte first), rank, leaves on the left, children.
struct PackedNode {
    static let byteCount = 6

    var column: Int
    var rank: UInt8
    var leftLeaves: UInt8
    var left: UInt8
    var right: UInt8

    /// Node `index` of an array of them.
    @inline(__always) init(_ bytes: [UInt8], _ index: Int) {
        let at = index * Self.byteCount
        column = Int(bytes[at]) | Int(bytes[at + 1]) << 8
        (rank, leftLeaves, left, right) = (bytes[at + 2], bytes[at + 3], bytes[at + 4], bytes[at + 5])
    }

    init(column: Int, rank: Int, leftLeaves: Int, left: Int, right: Int) {
        self.column = column
        self.rank = UInt8(truncatingIfNeeded: rank)
        self.leftLeaves = UInt8(truncatingIfNeeded: leftLeaves)
        self.left = UInt8(truncatingIfNeeded: left)
        self.right = UInt8(truncatingIfNeeded: right)
    }

    var bytes: [UInt8] { [UInt8(truncatingIfNeeded: column), UInt8(truncatingIfNeeded: column >> 8), rank, leftLeaves, left, right] }

    @inline(__always) var node: maxai_byte_node {
        maxai_byte_node(
            column: UInt16(truncatingIfNeeded: column), limit: rank, unused: 0, left: left, nothing: 0, right: right,
            left_leaves: leftLeaves)
    }
}
