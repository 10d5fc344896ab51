import CMaxKernels
import MaxIR

/// `LessTrees` on byte ranks: rank(x) is the number of a column's thresholds that are not above x, so that a row
/// goes right, `x >= threshold k`, exactly when its rank is above k.
///
/// A column gives up to two rank columns: one in which NaN has rank 0 and goes left everywhere, and one in which
/// it has rank 255 and goes right everywhere.
struct RankTrees {
    private static let maximumThresholds = 254
    private static let maximumLeaves = 64
    private static let nobody: UInt8 = 64

    private var columns: [maxai_rank_column] = []
    private var nodes: [maxai_rank_node] = []
    private var starts: [Int32] = [0]
    private var leaves: [Float] = []
    private(set) var variants = 0

    /// nil when a column has more thresholds than a byte can rank, or a tree more than 64 leaves.
    init?(_ trees: LessTrees, columns width: Int) {
        var thresholds = [[Float]](repeating: [], count: width)
        var isUsed = [(left: Bool, right: Bool)](repeating: (false, false), count: width)
        for node in trees.nodes where node.leaf < 0 {
            let column = Int(node.column)
            thresholds[column].append(node.threshold)
            if node.missing == 1 { isUsed[column].left = true } else { isUsed[column].right = true }
        }
        var variantOf = [(left: Int32, right: Int32)](repeating: (-1, -1), count: width)
        for column in 0..<width where !thresholds[column].isEmpty {
            thresholds[column].sort()
            var distinct: [Float] = []
            for value in thresholds[column] where distinct.last != value { distinct.append(value) }
            guard distinct.count <= Self.maximumThresholds else { return nil }
            thresholds[column] = distinct
            if isUsed[column].left { variantOf[column].left = take() }
            if isUsed[column].right { variantOf[column].right = take() }
            columns.append(Self.column(column, distinct, variantOf[column]))
        }
        guard variants <= Int(UInt16.max) else { return nil }
        for tree in trees.starts.indices {
            guard append(trees, tree, thresholds, variantOf) else { return nil }
        }
    }

    private mutating func take() -> Int32 {
        variants += 1
        return Int32(variants - 1)
    }

    private static func column(_ source: Int, _ thresholds: [Float], _ variant: (left: Int32, right: Int32)) -> maxai_rank_column {
        var out = maxai_rank_column()
        out.source = Int32(source)
        out.left_variant = variant.left
        out.right_variant = variant.right
        out.groups = Int32((thresholds.count + 15) / 16)
        withUnsafeMutableBytes(of: &out.all) { bytes in
            let all = bytes.bindMemory(to: Float.self)
            for i in all.indices { all[i] = i < thresholds.count ? thresholds[i] : .nan }
        }
        withUnsafeMutableBytes(of: &out.first) { bytes in
            let first = bytes.bindMemory(to: Float.self)
            for i in first.indices { first[i] = 16 * i < thresholds.count ? thresholds[16 * i] : .nan }
        }
        return out
    }

    private mutating func append(
        _ trees: LessTrees, _ tree: Int, _ thresholds: [[Float]], _ variantOf: [(left: Int32, right: Int32)]
    ) -> Bool {
        let start = Int(trees.starts[tree])
        let end = tree + 1 < trees.starts.count ? Int(trees.starts[tree + 1]) : trees.nodes.count
        var values: [Float] = []
        // Children stand after their parents, so leaves are counted from the end.
        var leafCount = [Int](repeating: 0, count: end - start)
        var slot = [UInt8](repeating: Self.nobody, count: end - start)
        var slots: UInt8 = 0
        for i in (start..<end).reversed() {
            let node = trees.nodes[i]
            leafCount[i - start] =
                node.leaf >= 0 ? 1 : leafCount[Int(node.child.0) - start] + leafCount[Int(node.child.1) - start]
        }
        guard end > start, leafCount[0] <= Self.maximumLeaves else { return false }
        for i in start..<end where trees.nodes[i].leaf < 0 {
            slot[i - start] = slots
            slots += 1
        }
        for i in start..<end {
            let node = trees.nodes[i]
            guard node.leaf < 0 else {
                values.append(trees.leafValues[Int(node.leaf)])
                continue
            }
            let column = Int(node.column)
            let variant = node.missing == 1 ? variantOf[column].left : variantOf[column].right
            let (left, right) = (Int(node.child.1) - start, Int(node.child.0) - start)
            guard let rank = Self.position(of: node.threshold, in: thresholds[column]) else { return false }
            nodes.append(
                maxai_rank_node(
                    column: UInt16(variant), rank: UInt8(rank), left_leaves: UInt8(leafCount[left]),
                    slot: slot[i - start], left_slot: slot[left], right_slot: slot[right]))
        }
        starts.append(Int32(nodes.count))
        leaves += values + [Float](repeating: 0, count: Self.maximumLeaves - values.count)
        return true
    }

    private static func position(of value: Float, in sorted: [Float]) -> Int? {
        var (low, high) = (0, sorted.count)
        while low < high {
            let middle = (low + high) / 2
            if sorted[middle] < value { low = middle + 1 } else { high = middle }
        }
        return low < sorted.count && sorted[low] == value ? low : nil
    }

    func pack(_ trees: LessTrees, _ constants: ConstantMemory) -> maxai_rank_trees {
        maxai_rank_trees(
            tree_count: Int32(starts.count - 1), output_count: Int32(trees.base.count),
            column_count: Int32(columns.count), nodes: constants.copy(nodes), starts: constants.copy(starts),
            tree_output: constants.copy(trees.treeOutput), leaves: constants.copy(leaves),
            base: constants.copy(trees.base), columns: constants.copy(columns))
    }
}
