import CMaxKernels
import MaxIR

extension KernelTable {
    static let ensembles: [String: Choice] = ["trees": { try $0.trees() }]
}

extension KernelRequest {
    mutating func trees() throws -> (any Step)? {
        guard let x = operands.first?.slot, x.element == .f32 || x.element == .f64 else { return nil }
        let ensemble = try TreeEnsemble(evaluation, columns: x.width)
        guard ensemble.aggregate == .sum || ensemble.aggregate == .average else { return nil }
        guard x.element == .f32, let less = LessTrees(ensemble) else {
            return GeneralTreesStep(x: x, out: out, trees: general(ensemble))
        }
        if KernelChoice.current == .avx512, let ranks = RankTrees(less, columns: x.width) {
            return RankTreesStep(
                x: x, out: out, scratch: try arena.reserve(.u8, ranks.variants), trees: ranks.pack(less, constants),
                single: less.pack(constants))
        }
        return LessTreesStep(x: x, out: out, trees: less.pack(constants))
    }

    private func general(_ e: TreeEnsemble) -> maxai_trees {
        func floats(_ storage: TensorStorage) -> UnsafeRawPointer {
            switch storage {
            case .f32(let a): UnsafeRawPointer(constants.copy(a))
            case .f64(let a): UnsafeRawPointer(constants.copy(a))
            default: UnsafeRawPointer(constants.copy([UInt8]()))
            }
        }
        let rule: UInt8 =
            switch e.setRule {
            case .nonNegative: 0
            case .truncated: 1
            case .exact: 2
            }
        return maxai_trees(
            tree_count: Int32(e.treeCount), output_count: Int32(e.outputCount), leaf_stride: Int32(e.leafStride),
            set_rule: rule, is_average: e.aggregate == .average ? 1 : 0,
            threshold_is_f64: e.threshold.elementType == .f64 ? 1 : 0,
            leaf_is_f64: e.leafValues.elementType == .f64 ? 1 : 0, column: constants.copy(e.column),
            true_child: constants.copy(e.trueChild), false_child: constants.copy(e.falseChild),
            set: constants.copy(e.set), comparison: constants.copy(e.comparison), missing: constants.copy(e.missing),
            threshold: floats(e.threshold), roots: constants.copy(e.roots),
            tree_output: constants.copy(e.treeOutput), set_offsets: constants.copy(e.setOffsets),
            set_words: constants.copy(e.setWords), leaf_values: floats(e.leafValues), base: floats(e.base))
    }
}

/// Any ensemble of sums, portable.
struct GeneralTreesStep: Step, @unchecked Sendable {
    var kernel: String { "trees.general" }
    let x: Slot
    let out: Slot
    let trees: maxai_trees

    func run(_ frame: Frame) {
        withUnsafePointer(to: trees) {
            maxai_trees_general(
                $0, frame.raw(x), x.element == .f64 ? 1 : 0, frame.stride, frame.rows, frame.raw(out))
        }
    }
}

/// Trees of `x < threshold` in f32, portable.
struct LessTreesStep: Step, @unchecked Sendable {
    var kernel: String { "trees.less.scalar" }
    let x: Slot
    let out: Slot
    let trees: maxai_less_trees

    func run(_ frame: Frame) {
        withUnsafePointer(to: trees) {
            maxai_less_trees_scalar($0, frame.pointer(x), frame.stride, frame.rows, frame.pointer(out))
        }
    }
}

/// Trees of up to 64 leaves on byte ranks, 64 rows at a time; few rows go down the nodes one by one.
struct RankTreesStep: Step, @unchecked Sendable {
    /// Below this a walk costs less than masks for 64 rows.
    static let fewRows = 8

    var kernel: String { "trees.rank.avx512" }
    let x: Slot
    let out: Slot
    /// A byte per rank column.
    let scratch: Slot
    let trees: maxai_rank_trees
    let single: maxai_less_trees

    func run(_ frame: Frame) {
        if frame.rows < Self.fewRows {
            withUnsafePointer(to: single) {
                maxai_less_trees_scalar($0, frame.pointer(x), frame.stride, frame.rows, frame.pointer(out))
            }
        } else {
            withUnsafePointer(to: trees) {
                maxai_rank_trees_avx512(
                    $0, frame.pointer(x), frame.stride, frame.rows, frame.pointer(scratch), frame.pointer(out))
            }
        }
    }
}
