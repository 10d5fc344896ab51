import CMaxKernels
import MaxIR

extension KernelTable {
    static let explanations: [String: Choice] = [
        "tree_contributions": { try $0.contributions() }, "tree_interventional": { try $0.interventional() },
        "linear_contributions": { try $0.linearContributions() },
        "tree_leaves": { try $0.leaves() },
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
        let packed = maxai_contributions(
            paths: packed(paths, ensemble, columns: x.width), rule_start: constants.copy(ruleStart),
            slot_zero: constants.copy(paths.slotZero), rule_nodes: constants.copy(rules.flatMap(\.nodes)),
            rule_weights: constants.copy(rules.flatMap(\.weights)), average: constants.copy(ensemble.averageScores(paths)))
        return ContributionsStep(
            x: x, out: out, decisions: try arena.reserve(.u8, max(paths.depth, 1)), packed: packed,
            isScalar: KernelChoice.current == .scalar)
    }

    func interventional() throws -> (any Step)? {
        guard let x = operands.first?.slot, x.element == .f32 || x.element == .f64 else { return nil }
        let ensemble = try TreeEnsemble(evaluation, columns: x.width)
        let background = try TreeBackground.rows(evaluation)
        let paths = try TreePaths(ensemble, needsCover: false)
        var (starts, bits, rows): ([Int32], [UInt64], [Int32]) = ([0], [], [])
        for path in 0..<paths.count {
            for set in TreeBackground.sets(ensemble, paths, path, background) {
                bits.append(set.bits)
                rows.append(set.rows)
            }
            starts.append(Int32(bits.count))
        }
        let packed = maxai_interventional(
            paths: packed(paths, ensemble, columns: x.width), background_rows: Int32(background.shape[0]),
            set_start: constants.copy(starts), set_rows: constants.copy(rows), set_bits: constants.copy(bits),
            weights: constants.copy(TreeBackground.weights()),
            average: constants.copy(ensemble.averageScores(paths, over: background)))
        return InterventionalStep(
            x: x, out: out, decisions: try arena.reserve(.u8, max(paths.depth, 1)), held: try arena.reserve(.u64, 1), packed: packed,
            isScalar: KernelChoice.current == .scalar)
    }

    private func packed(_ paths: TreePaths, _ ensemble: TreeEnsemble, columns: Int) -> maxai_paths {
        maxai_paths(
            trees: general(ensemble), columns: Int32(columns), path_count: Int32(paths.count), tree: constants.copy(paths.tree),
            leaf: constants.copy(paths.leaf), shared: constants.copy(paths.shared), step_start: constants.copy(paths.stepStart),
            step_node: constants.copy(paths.stepNode), slot_start: constants.copy(paths.slotStart),
            slot_column: constants.copy(paths.slotColumn), step_goes_true: constants.copy(paths.stepGoesTrue),
            step_slot: constants.copy(paths.stepSlot))
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

/// Contributions against background rows, all rows of the block at a time.
private struct InterventionalStep: Step, @unchecked Sendable {
    var kernel: String { "tree_interventional.\(isScalar ? "scalar" : "avx2")" }
    let x: Slot
    let out: Slot
    /// One byte per row for each node of the longest path.
    let decisions: Slot
    /// The columns that a row satisfies on a path.
    let held: Slot
    let packed: maxai_interventional
    let isScalar: Bool

    func run(_ frame: Frame) {
        let (x, isF64) = (frame.raw(x), x.element == .f64 ? Int32(1) : 0)
        let (decisions, out) = (frame.pointer(decisions, as: UInt8.self), frame.pointer(out, as: Double.self))
        let held = frame.pointer(held, as: UInt64.self)
        withUnsafePointer(to: packed) {
            if isScalar {
                maxai_tree_interventional_scalar($0, x, isF64, frame.stride, frame.rows, decisions, held, out)
            } else {
                maxai_tree_interventional_avx2($0, x, isF64, frame.stride, frame.rows, decisions, held, out)
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
