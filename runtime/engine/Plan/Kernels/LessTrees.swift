import CMaxKernels
import MaxIR

/// An ensemble whose tests are all `x < threshold` in f32 for f32 columns, exactly equivalent to its source.
///
/// For trees of any size; `ByteTrees` are faster where they fit.
struct LessTrees {
    /// Preorder, the false child first, so that leaves stand in the order of path codes. Leaves are nodes too.
    var nodes: [maxai_tree_node] = []
    var starts: [Int32] = []
    var depths: [Int32] = []
    let treeOutput: [Int32]
    let leafValues: [Float]
    let base: [Float]

    /// nil when a test has no such form, leaves have several values, are linear, or sums are not plain f32.
    init?(_ e: TreeEnsemble) {
        guard e.linear == nil, e.aggregate == .sum, e.leafStride == 1, case .f32(let leaves) = e.leafValues, case .f32(let base) = e.base
        else { return nil }
        leafValues = leaves
        self.base = base
        treeOutput = e.treeOutput
        let tests = LessTest.all(e, comparesF64: false)
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
                guard let test = tests[node], test.policy <= MAXAI_NAN_RIGHT else { return nil }
                nodes.append(
                    maxai_tree_node(
                        threshold: Float(test.threshold), column: e.column[node], child: (0, 0),
                        missing: test.policy == MAXAI_NAN_LEFT ? 1 : 0, leaf: -1))
                let (ifLess, ifNot) =
                    test.isSwapped ? (e.falseChild[node], e.trueChild[node]) : (e.trueChild[node], e.falseChild[node])
                open.append((ifNot, Int(here), 0, depth + 1))
                open.append((ifLess, Int(here), 1, depth + 1))
            }
            depths.append(deepest)
        }
    }

    func pack(_ constants: ConstantMemory) -> maxai_less_trees {
        maxai_less_trees(
            tree_count: Int32(starts.count), output_count: Int32(base.count), nodes: constants.copy(nodes),
            roots: constants.copy(starts), depths: constants.copy(depths), tree_output: constants.copy(treeOutput),
            leaf_values: constants.copy(leafValues), base: constants.copy(base))
    }
}
