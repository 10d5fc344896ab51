import CMaxKernels
import MaxIR

extension KernelTable {
    static let explanations: [String: Choice] = [
        "tree_contributions": { try $0.contributions() }, "tree_leaves": { try $0.leaves() },
    ]
}

extension KernelRequest {
    func contributions() throws -> (any Step)? {
        guard let x = operands.first?.slot, x.element == .f32 || x.element == .f64 else { return nil }
        let ensemble = try TreeEnsemble(evaluation, columns: x.width)
        let paths = try TreePaths(ensemble)
        let rules = GaussLegendre.rules(slots: TreePaths.maximumSlots)
        var ruleStart: [Int32] = [0]
        for rule in rules { ruleStart.append((ruleStart.last ?? 0) + Int32(rule.nodes.count)) }
        let depth = (0..<paths.count).reduce(0) { max($0, Int(paths.stepStart[$1 + 1] - paths.stepStart[$1])) }
        let packed = maxai_contributions(
            trees: general(ensemble), columns: Int32(x.width), path_count: Int32(paths.count), tree: constants.copy(paths.tree),
            leaf: constants.copy(paths.leaf), shared: constants.copy(paths.shared), step_start: constants.copy(paths.stepStart),
            step_node: constants.copy(paths.stepNode), slot_start: constants.copy(paths.slotStart),
            slot_column: constants.copy(paths.slotColumn), rule_start: constants.copy(ruleStart),
            step_goes_true: constants.copy(paths.stepGoesTrue), step_slot: constants.copy(paths.stepSlot),
            slot_zero: constants.copy(paths.slotZero), rule_nodes: constants.copy(rules.flatMap(\.nodes)),
            rule_weights: constants.copy(rules.flatMap(\.weights)), average: constants.copy(ensemble.averageScores(paths)))
        return ContributionsStep(
            x: x, out: out, decisions: try arena.reserve(.u8, max(depth, 1)), packed: packed, isScalar: KernelChoice.current == .scalar)
    }

    func leaves() throws -> (any Step)? {
        guard let x = operands.first?.slot, x.element == .f32 || x.element == .f64 else { return nil }
        let ensemble = try TreeEnsemble(evaluation, columns: x.width)
        let numbers = (0..<ensemble.leafCount).map { ensemble.number(ofLeaf: Int32($0)) }
        return LeavesStep(x: x, out: out, trees: general(ensemble), numbers: constants.copy(numbers))
    }
}

/// Contributions of columns, 64 rows at a time.
private struct ContributionsStep: Step, @unchecked Sendable {
    var kernel: String { "tree_contributions.\(isScalar ? "scalar" : "avx2")" }
    let x: Slot
    let out: Slot
    /// One byte per row for each node of the longest path.
    let decisions: Slot
    let packed: maxai_contributions
    let isScalar: Bool

    func run(_ frame: Frame) {
        let (x, isF64) = (frame.raw(x), x.element == .f64 ? Int32(1) : 0)
        let (decisions, out) = (frame.pointer(decisions, as: UInt8.self), frame.pointer(out, as: Double.self))
        withUnsafePointer(to: packed) {
            if isScalar {
                maxai_tree_contributions_scalar($0, x, isF64, frame.stride, frame.rows, decisions, out)
            } else {
                maxai_tree_contributions_avx2($0, x, isF64, frame.stride, frame.rows, decisions, out)
            }
        }
    }
}

/// The numbers of the leaves reached, one row after the other.
private struct LeavesStep: Step, @unchecked Sendable {
    var kernel: String { "tree_leaves.walk" }
    let x: Slot
    let out: Slot
    let trees: maxai_trees
    let numbers: UnsafePointer<Int64>

    func run(_ frame: Frame) {
        withUnsafePointer(to: trees) {
            maxai_tree_leaves(
                $0, numbers, frame.raw(x), x.element == .f64 ? 1 : 0, frame.stride, frame.rows, frame.pointer(out, as: Int64.self))
        }
    }
}
