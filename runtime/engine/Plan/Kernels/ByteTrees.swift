import CMaxKernels
import MaxIR

/// An ensemble of trees of up to 256 leaves as kernels on bytes want it, equivalent to its source.
///
/// A tree of depth up to 6 is filled up to a full one and stands in heap order; any other keeps its shape.
struct ByteTrees {
    private static let heapDepth = 6
    private static let maximumLeaves = 256
    /// Leaves are read 64 at a time.
    private static let padding = 64
    /// Bytes of a row that registers hold.
    static let rowWidth = 256

    let columns: ByteColumns
    private var depth: [UInt8] = []
    private var nodeCount: [UInt8] = []
    private var starts: [Int32] = []
    private var leafStarts: [Int32] = []
    private var leafCounts: [Int32] = []
    private var heapOffset: [UInt32] = []
    private var heapLimit: [UInt32] = []
    private var nodes: [maxai_byte_node] = []
    /// Positions in the source's leaf values, one per leaf.
    private var leaves: [Int32] = []

    /// nil when a tree has more than 256 leaves, or linear ones, or its tests need too many columns.
    init?(_ e: TreeEnsemble, columns width: Int, xIsF64: Bool) {
        guard e.linear == nil, e.aggregate == .sum || e.aggregate == .average else { return nil }
        // Children stand after their parents.
        var size = [Int](repeating: 0, count: e.nodeCount)
        var height = [Int](repeating: 0, count: e.nodeCount)
        for node in (0..<e.nodeCount).reversed() {
            let (ifTrue, ifFalse) = (Int(e.trueChild[node]), Int(e.falseChild[node]))
            size[node] = (ifTrue < 0 ? 1 : size[ifTrue]) + (ifFalse < 0 ? 1 : size[ifFalse])
            height[node] = 1 + max(ifTrue < 0 ? 0 : height[ifTrue], ifFalse < 0 ? 0 : height[ifFalse])
        }
        guard e.roots.allSatisfy({ $0 < 0 || size[Int($0)] <= Self.maximumLeaves }),
            let columns = ByteColumns(e, columns: width, xIsF64: xIsF64)
        else { return nil }
        self.columns = columns
        for root in e.roots {
            let rootDepth = root < 0 ? 0 : height[Int(root)]
            guard (leaves.count + Self.maximumLeaves).multipliedReportingOverflow(by: e.leafStride).partialValue < Int(Int32.max),
                heapOffset.count + nodes.count < Int(Int32.max) / 2
            else { return nil }
            leafStarts.append(Int32(leaves.count * e.leafStride))
            if rootDepth <= Self.heapDepth { appendHeap(e, root, rootDepth) } else { appendFree(e, root, size) }
            leafCounts.append(Int32(leaves.count - Int(leafStarts.last ?? 0) / e.leafStride))
        }
    }

    private func children(_ e: TreeEnsemble, _ node: Int) -> (left: Int32, right: Int32) {
        columns.tests[node].rightIsTrue ? (e.falseChild[node], e.trueChild[node]) : (e.trueChild[node], e.falseChild[node])
    }

    private static func fourTimes(_ byte: UInt8) -> UInt32 { 0x0101_0101 * UInt32(byte) }

    private mutating func appendHeap(_ e: TreeEnsemble, _ root: Int32, _ treeDepth: Int) {
        let count = 1 << treeDepth
        depth.append(UInt8(treeDepth))
        nodeCount.append(0)
        starts.append(Int32(heapOffset.count))
        // Slot 0 and the slots below a leaf: either way leads to the same value.
        heapOffset += [UInt32](repeating: 0, count: count)
        heapLimit += [UInt32](repeating: 0, count: count)
        let start = heapOffset.count - count
        var places = [root]
        for level in 0..<treeDepth {
            var below: [Int32] = []
            for (index, place) in places.enumerated() {
                guard place >= 0 else {
                    below += [place, place]
                    continue
                }
                let test = columns.tests[Int(place)]
                heapOffset[start + (1 << level) + index] = UInt32(64 * test.column)
                heapLimit[start + (1 << level) + index] = Self.fourTimes(254 - test.limit)
                let (left, right) = children(e, Int(place))
                below += [left, right]
            }
            places = below
        }
        leaves += places.map { ~$0 }
    }

    private mutating func appendFree(_ e: TreeEnsemble, _ root: Int32, _ size: [Int]) {
        let start = nodes.count
        depth.append(UInt8(MAXAI_FREE_SHAPE))
        starts.append(Int32(start))
        var open: [(place: Int32, parent: Int, isRight: Bool)] = [(root, -1, false)]
        while let (place, parent, isRight) = open.popLast() {
            guard place >= 0 else {
                leaves.append(~place)
                continue
            }
            let here = UInt8(nodes.count - start)
            if parent >= 0 { if isRight { nodes[parent].right = here } else { nodes[parent].left = here } }
            let test = columns.tests[Int(place)]
            let (left, right) = children(e, Int(place))
            nodes.append(
                maxai_byte_node(
                    offset: UInt32(64 * test.column), rank: Self.fourTimes(test.limit),
                    left_leaves: Self.fourTimes(UInt8(left < 0 ? 1 : size[Int(left)])), left: UInt8(MAXAI_NO_CHILD),
                    right: UInt8(MAXAI_NO_CHILD), unused: (0, 0)))
            open.append((right, start + Int(here), true))
            open.append((left, start + Int(here), false))
        }
        nodeCount.append(UInt8(nodes.count - start))
    }

    func pack(_ e: TreeEnsemble, xIsF64: Bool, _ constants: ConstantMemory) -> maxai_byte_trees {
        var out = maxai_byte_trees()
        out.tree_count = Int32(e.treeCount)
        out.output_count = Int32(e.outputCount)
        out.leaf_stride = Int32(e.leafStride)
        out.x_is_f64 = xIsF64 ? 1 : 0
        out.leaf_is_f64 = e.leafValues.elementType == .f64 ? 1 : 0
        out.is_average = e.aggregate == .average ? 1 : 0
        columns.pack(e, into: &out, constants)
        out.depth = UnsafePointer(constants.copy(depth))
        out.node_count = UnsafePointer(constants.copy(nodeCount))
        out.starts = UnsafePointer(constants.copy(starts))
        out.leaf_starts = UnsafePointer(constants.copy(leafStarts))
        out.leaf_counts = UnsafePointer(constants.copy(leafCounts))
        out.tree_output = UnsafePointer(constants.copy(e.treeOutput))
        out.heap_offset = UnsafePointer(constants.copy(heapOffset))
        out.heap_limit = UnsafePointer(constants.copy(heapLimit))
        out.nodes = UnsafePointer(constants.copy(nodes))
        if columns.width <= Self.rowWidth {
            let (rowColumns, rowRanks) = rowHeaps()
            out.row_columns = UnsafePointer(constants.copy(rowColumns))
            out.row_ranks = UnsafePointer(constants.copy(rowRanks))
        }
        out.leaves = leafValues(e, constants)
        switch e.base {
        case .f32(let base): out.base = UnsafeRawPointer(constants.copy(base))
        case .f64(let base): out.base = UnsafeRawPointer(constants.copy(base))
        default: break
        }
        return out
    }

    /// Columns and ranks of heap nodes as bytes, 64 of a tree.
    private func rowHeaps() -> (columns: [UInt8], ranks: [UInt8]) {
        var rowColumns = [UInt8](repeating: 0, count: 64 * depth.count)
        var rowRanks = rowColumns
        for tree in depth.indices where depth[tree] <= Self.heapDepth {
            for node in 0..<1 << Int(depth[tree]) {
                rowColumns[64 * tree + node] = UInt8(truncatingIfNeeded: heapOffset[Int(starts[tree]) + node] / 64)
                rowRanks[64 * tree + node] = 254 - UInt8(truncatingIfNeeded: heapLimit[Int(starts[tree]) + node])
            }
        }
        return (rowColumns, rowRanks)
    }

    private func leafValues(_ e: TreeEnsemble, _ constants: ConstantMemory) -> UnsafeRawPointer {
        func ordered<T: BitwiseCopyable & ExpressibleByIntegerLiteral>(_ values: [T]) -> UnsafeRawPointer {
            var out: [T] = []
            out.reserveCapacity(leaves.count * e.leafStride + Self.padding)
            for leaf in leaves { out += values[Int(leaf) * e.leafStride..<(Int(leaf) + 1) * e.leafStride] }
            out += [T](repeating: 0, count: Self.padding)
            return UnsafeRawPointer(constants.copy(out))
        }
        return switch e.leafValues {
        case .f64(let values): ordered(values)
        case .f32(let values): ordered(values)
        default: ordered([Float]())
        }
    }
}
