import CMaxKernels
import MaxIR

/// An ensemble of trees of any size as the walking kernel wants it, equivalent to its source.
///
/// Nodes are eight bytes, and the children of one stand side by side: those near the root level by level, as every row
/// passes them, and below that one subtree after the other. Leaves with several values are kept once for equal values.
struct WalkTrees {
    private static let topLevels = 6

    let columns: TestColumns
    private var nodes: [maxai_walk_node] = []
    /// One per node: the position of a leaf in the source's leaves, 0 for others.
    private var sourceLeaf: [Int32] = []
    private var roots: [UInt32] = []

    /// nil for linear leaves, and when the tests need too many columns.
    init?(_ e: TreeEnsemble, columns width: Int, xIsF64: Bool) {
        guard e.linear == nil, e.aggregate == .sum || e.aggregate == .average, e.nodeCount + e.leafCount < Int(Int32.max) / 2,
            let columns = TestColumns(e, columns: width, xIsF64: xIsF64, code: .word)
        else { return nil }
        self.columns = columns
        nodes.reserveCapacity(e.nodeCount + e.leafCount)
        for root in e.roots {
            roots.append(UInt32(nodes.count))
            append(e, root)
        }
        roots.append(UInt32(nodes.count))
    }

    /// Rows that go through all trees before the next ones do: more for ensembles that the caches do not keep.
    var blockRows: Int { nodes.count < 1 << 15 ? Program.blockRows : nodes.count < 1 << 18 ? 1024 : 4096 }

    private mutating func append(_ e: TreeEnsemble, _ root: Int32) {
        nodes.append(maxai_walk_node())
        sourceLeaf.append(0)
        // Nodes whose place is reserved.
        var level = [(place: root, at: nodes.count - 1)]
        for _ in 0..<Self.topLevels where !level.isEmpty {
            var below: [(place: Int32, at: Int)] = []
            for (place, at) in level { if let pair = write(e, place, at) { below += [pair.left, pair.right] } }
            level = below
        }
        var open = Array(level.reversed())
        while let (place, at) = open.popLast() {
            if let pair = write(e, place, at) { open += [pair.right, pair.left] }
        }
    }

    /// Writes node `at` and reserves the places of its children; nil at a leaf.
    private mutating func write(
        _ e: TreeEnsemble, _ place: Int32, _ at: Int
    ) -> (left: (place: Int32, at: Int), right: (place: Int32, at: Int))? {
        guard place >= 0 else {
            nodes[at] = maxai_walk_node(column: 0, limit: UInt16(MAXAI_WALK_LEAF), next: UInt32(at))
            sourceLeaf[at] = ~place
            return nil
        }
        let test = columns.tests[Int(place)]
        let (ifTrue, ifFalse) = (e.trueChild[Int(place)], e.falseChild[Int(place)])
        let next = nodes.count
        nodes[at] = maxai_walk_node(column: UInt16(test.column), limit: UInt16(test.limit), next: UInt32(next))
        for _ in 0..<2 {
            nodes.append(maxai_walk_node())
            sourceLeaf.append(0)
        }
        return ((test.rightIsTrue ? ifFalse : ifTrue, next), (test.rightIsTrue ? ifTrue : ifFalse, next + 1))
    }

    func pack(_ e: TreeEnsemble, xIsF64: Bool, _ constants: ConstantMemory) -> maxai_walk_trees {
        var out = maxai_walk_trees()
        out.tree_count = Int32(e.treeCount)
        out.output_count = Int32(e.outputCount)
        out.leaf_stride = Int32(e.leafStride)
        out.x_is_f64 = xIsF64 ? 1 : 0
        out.leaf_is_f64 = e.leafValues.elementType == .f64 ? 1 : 0
        out.is_average = e.aggregate == .average ? 1 : 0
        columns.pack(e, into: &out, constants)
        out.roots = UnsafePointer(constants.copy(roots))
        out.tree_output = UnsafePointer(constants.copy(e.treeOutput))
        switch (e.leafValues, e.base) {
        case (.f32(let values), .f32(let base)): packLeaves(values, e.leafStride, into: &out, constants, base)
        case (.f64(let values), .f64(let base)): packLeaves(values, e.leafStride, into: &out, constants, base)
        default: break
        }
        return out
    }

    private func packLeaves<T: BinaryFloatingPoint & BitwiseCopyable & Hashable>(
        _ values: [T], _ width: Int, into out: inout maxai_walk_trees, _ constants: ConstantMemory, _ base: [T]
    ) {
        out.base = UnsafeRawPointer(constants.copy(base))
        out.nodes = UnsafePointer(constants.copy(nodes))
        guard width > 1 else {
            let atNodes = nodes.indices.map { nodes[$0].limit == UInt16(MAXAI_WALK_LEAF) ? values[Int(sourceLeaf[$0])] : 0 }
            out.leaves = UnsafeRawPointer(constants.copy(atNodes))
            return
        }
        var distinct = DistinctRows(values, width)
        let numbers = nodes.indices.map { nodes[$0].limit == UInt16(MAXAI_WALK_LEAF) ? distinct.number(of: Int(sourceLeaf[$0])) : 0 }
        out.leaves = UnsafeRawPointer(constants.copy(distinct.values))
        out.leaf_of = UnsafePointer(constants.copy(numbers))
    }
}

/// Rows of a matrix without repetitions; bits count, so that -0 is not 0.
private struct DistinctRows<T: BinaryFloatingPoint & BitwiseCopyable> {
    private let source: [T]
    private let width: Int
    /// Open addressing: the number of a distinct row, or -1.
    private var table: [Int32]
    private(set) var values: [T] = []

    init(_ source: [T], _ width: Int) {
        self.source = source
        self.width = width
        var capacity = 64
        while capacity < 2 * (source.count / width) { capacity *= 2 }
        table = [Int32](repeating: -1, count: capacity)
    }

    mutating func number(of row: Int) -> UInt32 {
        let first = row * width
        var hash: UInt64 = 0
        for k in 0..<width { hash = (hash ^ Self.bits(source[first + k])) &* 0x9e37_79b9_7f4a_7c15 ^ hash >> 29 }
        var slot = Int(truncatingIfNeeded: (hash ^ hash >> 32) & UInt64(table.count - 1))
        while table[slot] >= 0 {
            let start = Int(table[slot]) * width
            if (0..<width).allSatisfy({ Self.bits(values[start + $0]) == Self.bits(source[first + $0]) }) { return UInt32(table[slot]) }
            slot = (slot + 1) & (table.count - 1)
        }
        let number = values.count / width
        table[slot] = Int32(number)
        values += source[first..<first + width]
        return UInt32(number)
    }

    private static func bits(_ value: T) -> UInt64 {
        withUnsafeBytes(of: value) { $0.count == 4 ? UInt64($0.loadUnaligned(as: UInt32.self)) : $0.loadUnaligned(as: UInt64.self) }
    }
}
