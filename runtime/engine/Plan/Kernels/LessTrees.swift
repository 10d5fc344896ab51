import CMaxKernels
import MaxIR

/// An ensemble whose tests are all `x < threshold` in f32 for f32 columns, exactly equivalent to its source.
///
/// `x <= t` is `x < t'` with t' the next float above t; `x >= t` is the opposite of `x < t` but for NaN, whose side
/// is stored with each node. An f64 threshold becomes the smallest f32 that is not below it.
struct LessTrees {
    /// Preorder, the false child first, so that leaves stand in the order of path codes. Leaves are nodes too.
    var nodes: [maxai_tree_node] = []
    var starts: [Int32] = []
    var depths: [Int32] = []
    let treeOutput: [Int32]
    let leafValues: [Float]
    let base: [Float]

    /// nil when a test has no such form, leaves have several values, or sums are not plain f32.
    init?(_ e: TreeEnsemble) {
        guard e.aggregate == .sum, e.leafStride == 1, case .f32(let leaves) = e.leafValues, case .f32(let base) = e.base
        else { return nil }
        leafValues = leaves
        self.base = base
        treeOutput = e.treeOutput
        for root in e.roots {
            guard nodes.count + 2 * e.nodeCount + e.treeCount < Int(Int32.max) else { return nil }
            starts.append(Int32(nodes.count))
            var deepest: Int32 = 0
            // (place in the source, parent here or -1, which child of it, depth)
            var open: [(place: Int32, parent: Int, side: Int, depth: Int32)] = [(root, -1, 0, 0)]
            while let (place, parent, side, depth) = open.popLast() {
                let here = Int32(nodes.count)
                if parent >= 0 {
                    if side == 0 { nodes[parent].child.0 = here } else { nodes[parent].child.1 = here }
                }
                guard place >= 0 else {
                    deepest = max(deepest, depth)
                    nodes.append(maxai_tree_node(threshold: 0, column: 0, child: (here, here), missing: 0, leaf: ~place))
                    continue
                }
                let node = Int(place)
                guard let test = Self.test(e, node) else { return nil }
                nodes.append(
                    maxai_tree_node(
                        threshold: test.threshold, column: e.column[node], child: (0, 0),
                        missing: test.missing ? 1 : 0, leaf: -1))
                let (ifLess, ifNot) =
                    test.isSwapped ? (e.falseChild[node], e.trueChild[node]) : (e.trueChild[node], e.falseChild[node])
                open.append((ifNot, Int(here), 0, depth + 1))
                open.append((ifLess, Int(here), 1, depth + 1))
            }
            depths.append(deepest)
        }
    }

    private static func test(_ e: TreeEnsemble, _ node: Int) -> (threshold: Float, missing: Bool, isSwapped: Bool)? {
        let policy = e.policy(of: node)
        guard policy.missing == .none || policy.missing == .nan else { return nil }
        let nanIsTrue = policy.missing == .nan && policy.goesTrue
        let isInclusive: Bool, isSwapped: Bool
        switch TreeEnsemble.Comparison(rawValue: e.comparison[node]) {
        case .less: (isInclusive, isSwapped) = (false, false)
        case .lessOrEqual: (isInclusive, isSwapped) = (true, false)
        case .greaterOrEqual: (isInclusive, isSwapped) = (false, true)
        case .greater: (isInclusive, isSwapped) = (true, true)
        default: return nil
        }
        var threshold: Float
        switch e.threshold {
        case .f32(let t):
            guard t[node].isFinite else { return nil }
            threshold = isInclusive ? t[node].nextUp : t[node]
        case .f64(let t):
            guard t[node].magnitude <= Double(Float.greatestFiniteMagnitude) else { return nil }
            threshold = Float(t[node])
            if Double(threshold) < t[node] { threshold = threshold.nextUp }
            if isInclusive, Double(threshold) == t[node] { threshold = threshold.nextUp }
        default: return nil
        }
        return (threshold, nanIsTrue != isSwapped, isSwapped)
    }

    func pack(_ constants: ConstantMemory) -> maxai_less_trees {
        maxai_less_trees(
            tree_count: Int32(starts.count), output_count: Int32(base.count), nodes: constants.copy(nodes),
            roots: constants.copy(starts), depths: constants.copy(depths), tree_output: constants.copy(treeOutput),
            leaf_values: constants.copy(leafValues), base: constants.copy(base))
    }
}
