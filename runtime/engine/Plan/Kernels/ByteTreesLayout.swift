import CMaxKernels
import MaxIR

/// An ensemble as `maxai_byte_trees` has it, array by array: what kernels point into and what a bundle may keep, so that
/// loading copies and packs nothing. Categories and single tests are not part of it.
///
/// The arrays are views: `ConstantMemory` holds them, or the section of a bundle.
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
    var ranks = UnsafeBufferPointer<Int32>(start: nil, count: 0)
    /// f64 where comparisons are, else f32; as `leaves` and `base`, of the type of sums.
    var thresholds = FloatArray()
    var firsts = FloatArray()
    var shape = UnsafeBufferPointer<UInt8>(start: nil, count: 0)
    var nodeCount = UnsafeBufferPointer<UInt8>(start: nil, count: 0)
    var innerCount = UnsafeBufferPointer<UInt8>(start: nil, count: 0)
    var levels = UnsafeBufferPointer<UInt8>(start: nil, count: 0)
    var starts = UnsafeBufferPointer<Int32>(start: nil, count: 0)
    var leafStarts = UnsafeBufferPointer<Int32>(start: nil, count: 0)
    var leafCounts = UnsafeBufferPointer<Int32>(start: nil, count: 0)
    var treeOutput = UnsafeBufferPointer<Int32>(start: nil, count: 0)
    var heapOffset = UnsafeBufferPointer<UInt32>(start: nil, count: 0)
    var heapLimit = UnsafeBufferPointer<UInt32>(start: nil, count: 0)
    var nodes = UnsafeBufferPointer<maxai_byte_node>(start: nil, count: 0)
    var leaves = FloatArray()
    var base = FloatArray()

    /// Rows that go through all trees before the next ones do: more for oblivious trees, which are through with a block
    /// before the next tree's leaves are there, and for ensembles that the caches do not keep.
    var blockRows: Int {
        if shape.allSatisfy({ $0 > UInt8(MAXAI_OBLIVIOUS) }) { return 2 * Program.blockRows }
        return 8 * heapOffset.count + 18 * nodes.count + 8 * leaves.count < 1 << 19 ? Program.blockRows : 1024
    }

    func pack(_ constants: ConstantMemory) -> maxai_byte_trees {
        var out = maxai_byte_trees()
        out.tree_count = Int32(shape.count)
        out.output_count = Int32(outputCount)
        out.leaf_stride = Int32(leafStride)
        out.width = Int32(width)
        out.x_is_f64 = xIsF64 ? 1 : 0
        out.compares_f64 = comparesF64 ? 1 : 0
        out.leaf_is_f64 = leaves.isF64 ? 1 : 0
        out.is_average = isAverage ? 1 : 0
        out.rank_count = Int32(ranks.count / Self.rankWords)
        out.ranks = UnsafePointer(constants.copy(rankColumns(constants)))
        out.shape = shape.baseAddress
        out.node_count = nodeCount.baseAddress
        out.inner_count = innerCount.baseAddress
        out.levels = levels.baseAddress
        out.starts = starts.baseAddress
        out.leaf_starts = leafStarts.baseAddress
        out.leaf_counts = leafCounts.baseAddress
        out.tree_output = treeOutput.baseAddress
        out.heap_offset = heapOffset.baseAddress
        out.heap_limit = heapLimit.baseAddress
        out.nodes = nodes.baseAddress
        if let row = RowTests(self) {
            out.row_columns = UnsafePointer(constants.copy(row.columns))
            out.row_ranks = UnsafePointer(constants.copy(row.ranks))
            out.row_masks = UnsafePointer(constants.copy(row.masks))
            out.row_mask_groups = Int32(row.maskGroups)
        }
        out.leaves = leaves.bytes.baseAddress
        out.base = base.bytes.baseAddress
        return out
    }

    private func rankColumns(_ constants: ConstantMemory) -> [maxai_rank_column] {
        let element = comparesF64 ? 8 : 4
        guard let all = thresholds.bytes.baseAddress, let first = firsts.bytes.baseAddress else { return [] }
        return (0..<ranks.count / Self.rankWords).map { index in
            let words = Array(ranks[index * Self.rankWords..<(index + 1) * Self.rankWords])
            var out = maxai_rank_column()
            out.source = words[0]
            out.count = words[1]
            withUnsafeMutableBytes(of: &out.out) { bytes in
                words.dropFirst(2).prefix(5).withUnsafeBytes { bytes.copyMemory(from: $0) }
            }
            out.rank_of_zero = UInt8(truncatingIfNeeded: words[7])
            out.thresholds = all + index * Self.thresholdsPerRank * element
            out.first = first + index * Self.firstsPerRank * element
            (out.search, out.search_levels) = search(index, Int(out.count), constants)
            return out
        }
    }

    /// The thresholds of ranked column `index` in the order of a binary search.
    private func search(_ index: Int, _ count: Int, _ constants: ConstantMemory) -> (UnsafeRawPointer, levels: Int32) {
        let levels = (4..<8).first { count < 1 << $0 } ?? 8
        let start = index * Self.thresholdsPerRank
        /// Of level k, probe i is the middle of the i-th of 2^k parts.
        func position(_ at: Int) -> Int {
            let level = Int.bitWidth - 1 - max(at, 1).leadingZeroBitCount
            let part = 1 << (levels - level)
            return start + (max(at, 1) - (1 << level)) * part + part / 2 - 1
        }
        let probes =
            comparesF64
            ? UnsafeRawPointer(constants.make(1 << levels) { thresholds.value(position($0), as: Double.self) })
            : UnsafeRawPointer(constants.make(1 << levels) { thresholds.value(position($0), as: Float.self) })
        return (probes, Int32(levels))
    }
}

/// A view of f32 or f64.
struct FloatArray {
    var bytes = UnsafeRawBufferPointer(start: nil, count: 0)
    var isF64 = false

    var elementType: ElementType { isF64 ? .f64 : .f32 }
    var count: Int { bytes.count / (isF64 ? 8 : 4) }

    func value<T: BitwiseCopyable>(_ index: Int, as: T.Type) -> T {
        bytes.loadUnaligned(fromByteOffset: index * MemoryLayout<T>.stride, as: T.self)
    }

    func double(_ index: Int) -> Double { isF64 ? value(index, as: Double.self) : Double(value(index, as: Float.self)) }
}

extension ConstantMemory {
    /// A view of a copy that lives as long as this memory.
    func view<T: BitwiseCopyable>(_ values: [T]) -> UnsafeBufferPointer<T> {
        UnsafeBufferPointer(start: copy(values), count: values.count)
    }

    func view(_ values: [Double], isF64: Bool) -> FloatArray {
        FloatArray(
            bytes: isF64 ? UnsafeRawBufferPointer(view(values)) : UnsafeRawBufferPointer(view(values.map { Float($0) })), isF64: isF64)
    }
}
