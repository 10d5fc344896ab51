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
        if let bytes = ByteTrees(ensemble, columns: x.width, xIsF64: x.element == .f64) {
            return try byteTrees(bytes, ensemble, x, out)
        }
        if let linear = try linearTrees(ensemble, x) { return linear }
        if x.element == .f32, let less = LessTrees(ensemble) {
            return LessTreesStep(x: x, out: out, trees: less.pack(constants))
        }
        return GeneralTreesStep(x: x, out: out, trees: general(ensemble))
    }

    func byteTrees(_ bytes: ByteTrees, _ e: TreeEnsemble, _ x: Slot, _ out: Slot) throws -> ByteTreesStep {
        ByteTreesStep(
            x: x, out: out, scratch: try arena.reserve(.u8, max(bytes.columns.width, ByteTreesStep.scratchWidth)),
            trees: bytes.pack(e, xIsF64: x.element == .f64, constants), variant: KernelChoice.current,
            hasVBMI: maxai_cpu_features() & UInt32(MAXAI_CPU_AVX512_VBMI) != 0)
    }

    func general(_ e: TreeEnsemble) -> maxai_trees {
        func floats(_ storage: TensorStorage) -> UnsafeRawPointer {
            switch storage {
            case .f32(let a): UnsafeRawPointer(constants.copy(a))
            case .f64(let a): UnsafeRawPointer(constants.copy(a))
            default: UnsafeRawPointer(constants.copy([UInt8]()))
            }
        }
        let nodes = (0..<e.nodeCount).map { i in
            maxai_any_node(
                threshold: e.threshold.double(i), column: e.column[i], set: e.set.isEmpty ? -1 : e.set[i],
                child: (e.falseChild[i], e.trueChild[i]), comparison: e.comparison[i], missing: e.missing[i])
        }
        return maxai_trees(
            tree_count: Int32(e.treeCount), output_count: Int32(e.outputCount), leaf_stride: Int32(e.leafStride),
            set_rule: e.setRule.code, is_average: e.aggregate == .average ? 1 : 0,
            threshold_is_f64: e.threshold.elementType == .f64 ? 1 : 0,
            leaf_is_f64: e.leafValues.elementType == .f64 ? 1 : 0, nodes: UnsafePointer(constants.copy(nodes)),
            roots: constants.copy(e.roots),
            tree_output: constants.copy(e.treeOutput), set_offsets: constants.copy(e.setOffsets),
            set_words: constants.copy(e.setWords), leaf_values: floats(e.leafValues), base: floats(e.base),
            linear_offsets: e.linear.map { UnsafePointer(constants.copy($0.offsets)) },
            linear_columns: e.linear.map { UnsafePointer(constants.copy($0.columns)) },
            linear_coefficients: e.linear.map { UnsafePointer(constants.copy($0.coefficients)) },
            linear_base: e.linear.map { UnsafePointer(constants.copy($0.base)) })
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

/// Trees of up to 256 leaves on bytes, 64 rows at a time; few rows go down the trees one by one.
struct ByteTreesStep: Step, @unchecked Sendable {
    /// Below this a walk costs less than all nodes for 64 rows.
    private static let fewRows = 8
    /// The kernel of one row loads 256 bytes; an arena has room for at least 64 rows.
    static let scratchWidth = 4

    var kernel: String { "trees.byte.\(variant)" }
    let x: Slot
    let out: Slot
    /// A byte per column that trees compare.
    let scratch: Slot
    let trees: maxai_byte_trees
    let variant: KernelChoice
    let hasVBMI: Bool

    func run(_ frame: Frame) {
        let (x, out, bytes) = (frame.raw(x), frame.raw(out), frame.pointer(scratch, as: UInt8.self))
        let isFew = frame.rows < Self.fewRows
        withUnsafePointer(to: trees) {
            switch (variant, isFew) {
            case (.avx512, true) where hasVBMI && $0.pointee.row_columns != nil:
                maxai_byte_trees_row_vbmi($0, x, frame.stride, frame.rows, bytes, out)
            case (.scalar, true): maxai_byte_trees_row_scalar($0, x, frame.stride, frame.rows, bytes, out)
            case (_, true): maxai_byte_trees_row_avx2($0, x, frame.stride, frame.rows, bytes, out)
            case (.scalar, false): maxai_byte_trees_scalar($0, x, frame.stride, frame.rows, bytes, out)
            case (.avx2, false): maxai_byte_trees_avx2($0, x, frame.stride, frame.rows, bytes, out)
            case (.avx512, false): maxai_byte_trees_avx512($0, x, frame.stride, frame.rows, bytes, out)
            }
        }
    }
}
