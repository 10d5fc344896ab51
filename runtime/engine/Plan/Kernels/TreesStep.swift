import CMaxKernels
import MaxIR

extension KernelTable {
    static let ensembles: [String: Choice] = ["trees": { try $0.trees() }, Packed.byteTrees.name: { try $0.packedByteTrees() }]
}

extension KernelRequest {
    func trees() throws -> (any Step)? {
        guard let x = operands.first?.slot, x.element == .f32 || x.element == .f64 else { return nil }
        let ensemble = try TreeEnsemble(evaluation, columns: x.width)
        guard ensemble.aggregate == .sum || ensemble.aggregate == .average else { return nil }
        if TreeKernel.wanted != .general, let linear = try linearTrees(ensemble, x) { return linear }
        return try sums(ensemble, x, out)
    }

    /// The ensemble's scores in `out`, by the kernel that is asked for or expected to be the fastest.
    func sums(_ e: TreeEnsemble, _ x: Slot, _ out: Slot) throws -> any Step {
        let choice = KernelChoice.current
        let wanted = TreeKernel.wanted
        guard wanted != .general, e.linear == nil else { return GeneralTreesStep(x: x, out: out, trees: general(e)) }
        let cost = TreeCosts(e, choice)
        if wanted == .byte || (wanted == nil && cost.byte <= cost.walk), let step = try byteTrees(e, x, out, choice) { return step }
        if let step = try walkTrees(e, x, out, choice) { return step }
        if wanted == nil, let step = try byteTrees(e, x, out, choice) { return step }
        return GeneralTreesStep(x: x, out: out, trees: general(e))
    }

    private func byteTrees(_ e: TreeEnsemble, _ x: Slot, _ out: Slot, _ choice: KernelChoice) throws -> (any Step)? {
        guard let bytes = ByteTrees(e, columns: x.width, xIsF64: x.element == .f64) else { return nil }
        let layout = bytes.layout(e, columns: x.width, xIsF64: x.element == .f64, constants)
        var trees = layout.pack(constants)
        bytes.columns.pack(e, into: &trees, constants)
        return try byteStep(trees, width: layout.width, x, out, choice, blockRows: layout.blockRows)
    }

    func byteStep(
        _ trees: maxai_byte_trees, width: Int, _ x: Slot, _ out: Slot, _ choice: KernelChoice, blockRows: Int
    ) throws -> ByteTreesStep {
        ByteTreesStep(
            x: x, out: out, scratch: try arena.reserve(.u8, max(width, ByteTreesStep.scratchWidth)), trees: trees, variant: choice,
            hasVBMI: maxai_cpu_features() & UInt32(MAXAI_CPU_AVX512_VBMI) != 0, blockRows: blockRows)
    }

    private func walkTrees(_ e: TreeEnsemble, _ x: Slot, _ out: Slot, _ choice: KernelChoice) throws -> (any Step)? {
        guard let walk = WalkTrees(e, columns: x.width, xIsF64: x.element == .f64) else { return nil }
        return WalkTreesStep(
            x: x, out: out, scratch: try arena.reserve(.u16, max(walk.columns.width, 1)),
            trees: walk.pack(e, xIsF64: x.element == .f64, constants), variant: choice, blockRows: walk.blockRows)
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
    var ensemble: PlannedEnsemble? { PlannedEnsemble(kernel: .general, treeCount: Int(trees.tree_count)) }
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

/// Trees of any size on 16-bit codes, portable.
struct WalkTreesStep: Step, @unchecked Sendable {
    var kernel: String { "trees.walk.\(variant)" }
    var ensemble: PlannedEnsemble? { PlannedEnsemble(kernel: .walk, treeCount: Int(trees.tree_count)) }
    let x: Slot
    let out: Slot
    /// A code per column that trees compare.
    let scratch: Slot
    let trees: maxai_walk_trees
    /// How codes are made; walks are the same everywhere.
    let variant: KernelChoice
    let blockRows: Int

    func run(_ frame: Frame) {
        let codes = frame.pointer(scratch, as: UInt16.self)
        withUnsafePointer(to: trees) {
            switch variant {
            case .scalar: maxai_walk_codes_scalar($0, frame.raw(x), frame.stride, frame.rows, codes)
            case .avx2: maxai_walk_codes_avx2($0, frame.raw(x), frame.stride, frame.rows, codes)
            case .avx512: maxai_walk_codes_avx512($0, frame.raw(x), frame.stride, frame.rows, codes)
            }
            maxai_walk_trees_scalar($0, codes, frame.stride, frame.rows, frame.raw(out))
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
    var ensemble: PlannedEnsemble? { PlannedEnsemble(kernel: .byte, treeCount: Int(trees.tree_count)) }
    let x: Slot
    let out: Slot
    /// A byte per column that trees compare.
    let scratch: Slot
    let trees: maxai_byte_trees
    let variant: KernelChoice
    let hasVBMI: Bool
    let blockRows: Int

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
