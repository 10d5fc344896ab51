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
        var positions: [Int32: Int] = [:]
        for (position, place) in (inner + last).enumerated() { positions[place] = position }
        let end = positions.count
        for place in inner + last {
            let test = columns.tests[Int(place)]
            let (left, right) = children(e, Int(place))
            append(
                column: test.column, rank: test.limit, leftLeaves: left < 0 ? 1 : size[Int(left)], left: positions[left] ?? end,
                right: positions[right] ?? end)
        }
        append(column: 0, rank: 255, leftLeaves: 0, left: end, right: end)
        append(shape: MAXAI_FREE_SHAPE, nodes: positions.count, inner: inner.count, levels: height)
        appendLeaves(e, root)
    }

    private mutating func append(column: Int, rank: Int, leftLeaves: Int, left: Int, right: Int) {
        nodes.append(
            maxai_byte_node(
                column: UInt16(truncatingIfNeeded: column), limit: UInt8(truncatingIfNeeded: rank), unused: 0,
                left: UInt8(truncatingIfNeeded: left), nothing: 0, right: UInt8(truncatingIfNeeded: right),
                left_leaves: UInt8(truncatingIfNeeded: leftLeaves)))
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

    /// The ensemble's arrays, but for what categories and single tests add, in `constants`.
    func layout(_ e: TreeEnsemble, columns width: Int, xIsF64: Bool, _ constants: ConstantMemory) -> ByteTreesLayout {
        var out = ByteTreesLayout()
        out.columns = width
        out.outputCount = e.outputCount
        out.leafStride = e.leafStride
        // Kernels tell two groups of 64 rows from one by how far apart their bytes are.
        out.width = max(columns.width, 1)
        out.xIsF64 = xIsF64
        out.comparesF64 = columns.comparesF64
        out.isAverage = e.aggregate == .average
        columns.write(into: &out, constants)
        (out.shape, out.nodeCount) = (constants.view(shape), constants.view(nodeCount))
        (out.innerCount, out.levels) = (constants.view(innerCount), constants.view(levels))
        (out.starts, out.leafStarts) = (constants.view(starts), constants.view(leafStarts))
        (out.leafCounts, out.treeOutput) = (constants.view(leafCounts), constants.view(e.treeOutput))
        (out.heapOffset, out.heapLimit) = (constants.view(heapOffset), constants.view(heapLimit))
        out.nodes = constants.view(nodes)
        out.leaves = leafValues(e, constants)
        out.base = constants.floats(e.base)
        return out
    }

    private func leafValues(_ e: TreeEnsemble, _ constants: ConstantMemory) -> FloatArray {
        func ordered<T: ExpressibleByIntegerLiteral & BitwiseCopyable>(_ values: [T]) -> UnsafeRawBufferPointer {
            var out: [T] = []
            out.reserveCapacity((leaves.count + ByteTreesLayout.paddingLeaves) * e.leafStride)
            for leaf in leaves { out += values[Int(leaf) * e.leafStride..<(Int(leaf) + 1) * e.leafStride] }
            out += [T](repeating: 0, count: ByteTreesLayout.paddingLeaves * e.leafStride)
            return UnsafeRawBufferPointer(constants.view(out))
        }
        return switch e.leafValues {
        case .f64(let values): FloatArray(bytes: ordered(values), isF64: true)
        case .f32(let values): FloatArray(bytes: ordered(values))
        default: FloatArray()
        }
    }
}

extension ConstantMemory {
    /// Of f32 or f64.
    func floats(_ values: TensorStorage) -> FloatArray {
        switch values {
        case .f64(let values): FloatArray(bytes: UnsafeRawBufferPointer(view(values)), isF64: true)
        case .f32(let values): FloatArray(bytes: UnsafeRawBufferPointer(view(values)))
        default: FloatArray()
        }
    }
}
