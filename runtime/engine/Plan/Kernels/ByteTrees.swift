import CMaxKernels
import MaxIR

/// An ensemble of trees of up to 256 leaves as kernels on bytes want it, equivalent to its source.
///
/// A tree that asks one question per level is oblivious; any other of depth up to 6 is filled up to a full one and
/// stands in heap order; the rest keep their shape.
struct ByteTrees {
    private static let heapDepth = 6
    private static let obliviousDepth = 8
    private static let maximumLeaves = 256
    /// Leaves are read 64 at a time.
    private static let padding = 64
    /// Bytes of a row that registers hold.
    static let rowWidth = 256

    let columns: TestColumns
    private var shape: [UInt8] = []
    private var nodeCount: [UInt8] = []
    private var innerCount: [UInt8] = []
    private var levels: [UInt8] = []
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
            let columns = TestColumns(e, columns: width, xIsF64: xIsF64, code: .byte)
        else { return nil }
        self.columns = columns
        for root in e.roots {
            let rootDepth = root < 0 ? 0 : height[Int(root)]
            guard (leaves.count + Self.maximumLeaves).multipliedReportingOverflow(by: e.leafStride).partialValue < Int(Int32.max),
                heapOffset.count + nodes.count < Int(Int32.max) / 2
            else { return nil }
            leafStarts.append(Int32(leaves.count * e.leafStride))
            if let levels = obliviousLevels(e, root, rootDepth) {
                appendOblivious(e, root, levels)
            } else if rootDepth <= Self.heapDepth {
                appendHeap(e, root, rootDepth)
            } else {
                appendFree(e, root, size, rootDepth)
            }
            leafCounts.append(Int32(leaves.count - Int(leafStarts.last ?? 0) / e.leafStride))
        }
    }

    /// Rows that go through all trees before the next ones do: more for ensembles that the caches do not keep.
    var blockRows: Int { 8 * heapOffset.count + 16 * nodes.count + 8 * leaves.count < 1 << 19 ? Program.blockRows : 1024 }

    private func children(_ e: TreeEnsemble, _ node: Int) -> (left: Int32, right: Int32) {
        columns.tests[node].rightIsTrue ? (e.falseChild[node], e.trueChild[node]) : (e.trueChild[node], e.falseChild[node])
    }

    private static func fourTimes(_ byte: Int) -> UInt32 { 0x0101_0101 * UInt32(UInt8(truncatingIfNeeded: byte)) }

    /// The test of every level of a full tree whose nodes of a level all make the same; nil for any other tree.
    private func obliviousLevels(_ e: TreeEnsemble, _ root: Int32, _ height: Int) -> [TestColumns.Test]? {
        guard (1...Self.obliviousDepth).contains(height) else { return nil }
        var tests: [TestColumns.Test] = []
        var level = [root]
        for _ in 0..<height {
            guard level[0] >= 0 else { return nil }
            let test = columns.tests[Int(level[0])]
            var below: [Int32] = []
            for place in level {
                guard place >= 0, columns.tests[Int(place)] == test else { return nil }
                let (left, right) = children(e, Int(place))
                below += [left, right]
            }
            tests.append(test)
            level = below
        }
        return level.allSatisfy { $0 < 0 } ? tests : nil
    }

    private mutating func append(shape code: Int, nodes: Int = 0, inner: Int = 0, levels depth: Int = 0) {
        shape.append(UInt8(code))
        nodeCount.append(UInt8(nodes))
        innerCount.append(UInt8(inner))
        levels.append(UInt8(depth))
    }

    private mutating func appendOblivious(_ e: TreeEnsemble, _ root: Int32, _ tests: [TestColumns.Test]) {
        append(shape: MAXAI_OBLIVIOUS + tests.count)
        starts.append(Int32(heapOffset.count))
        heapOffset += tests.map { UInt32(64 * $0.column) }
        heapLimit += tests.map { Self.fourTimes(254 - $0.limit) }
        appendLeaves(e, root)
    }

    private mutating func appendHeap(_ e: TreeEnsemble, _ root: Int32, _ treeDepth: Int) {
        let count = 1 << treeDepth
        append(shape: treeDepth)
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

    /// Nodes stand level by level, so that what one says of its rows is stored long before its children ask; those of
    /// two leaves come last, as nobody asks them.
    private mutating func appendFree(_ e: TreeEnsemble, _ root: Int32, _ size: [Int], _ height: Int) {
        starts.append(Int32(nodes.count))
        var inner: [Int32] = []
        var last: [Int32] = []
        var level = [root]
        while !level.isEmpty {
            var below: [Int32] = []
            for place in level {
                let (left, right) = children(e, Int(place))
                if left < 0, right < 0 { last.append(place) } else { inner.append(place) }
                if left >= 0 { below.append(left) }
                if right >= 0 { below.append(right) }
            }
            level = below
        }
        var positions: [Int32: UInt8] = [:]
        for (position, place) in (inner + last).enumerated() { positions[place] = UInt8(position) }
        let end = UInt8(positions.count)
        for place in inner + last {
            let test = columns.tests[Int(place)]
            let (left, right) = children(e, Int(place))
            nodes.append(
                maxai_byte_node(
                    offset: UInt32(64 * test.column), rank: Self.fourTimes(test.limit),
                    left_leaves: Self.fourTimes(left < 0 ? 1 : size[Int(left)]), column: UInt16(test.column),
                    child: (positions[left] ?? end, positions[right] ?? end)))
        }
        nodes.append(maxai_byte_node(offset: 0, rank: Self.fourTimes(255), left_leaves: 0, column: 0, child: (end, end)))
        append(shape: MAXAI_FREE_SHAPE, nodes: positions.count, inner: inner.count, levels: height)
        appendLeaves(e, root)
    }

    /// From left to right.
    private mutating func appendLeaves(_ e: TreeEnsemble, _ root: Int32) {
        var open = [root]
        while let place = open.popLast() {
            guard place >= 0 else {
                leaves.append(~place)
                continue
            }
            let (left, right) = children(e, Int(place))
            open.append(right)
            open.append(left)
        }
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
        out.shape = UnsafePointer(constants.copy(shape))
        out.node_count = UnsafePointer(constants.copy(nodeCount))
        out.inner_count = UnsafePointer(constants.copy(innerCount))
        out.levels = UnsafePointer(constants.copy(levels))
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
        var rowColumns = [UInt8](repeating: 0, count: 64 * shape.count)
        var rowRanks = rowColumns
        for tree in shape.indices where shape[tree] != UInt8(MAXAI_FREE_SHAPE) {
            let depth = Int(shape[tree]) - MAXAI_OBLIVIOUS
            for node in 0..<(depth > 0 ? depth : 1 << Int(shape[tree])) {
                let slot = 64 * tree + (depth > 0 ? depth - 1 - node : node)
                rowColumns[slot] = UInt8(truncatingIfNeeded: heapOffset[Int(starts[tree]) + node] / 64)
                rowRanks[slot] = 254 - UInt8(truncatingIfNeeded: heapLimit[Int(starts[tree]) + node])
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
