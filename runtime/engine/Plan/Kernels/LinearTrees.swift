import CMaxKernels
import MaxIR

/// Trees with linear leaves: the kernels of plain trees give the leaf that every tree reaches, as if a leaf's value were
/// its number and each tree had an output of its own; then the leaves' terms are added up.
struct LinearTrees {
    /// Columns of leaf numbers.
    private static let maximumTrees = 4096
    /// f32 holds every number up to here.
    private static let maximumLeaves = 1 << 24

    let numbering: TreeEnsemble
    /// The columns that terms read.
    let columns: [Int32]
    private let terms: [maxai_linear_term]

    /// nil when no leaf is linear, or there are too many trees.
    init?(_ e: TreeEnsemble) {
        guard let linear = e.linear, e.aggregate == .sum || e.aggregate == .average, e.treeCount <= Self.maximumTrees,
            e.leafCount <= Self.maximumLeaves, linear.columns.count <= Int(Int32.max)
        else { return nil }
        var numbering = e
        numbering.linear = nil
        numbering.aggregate = .sum
        numbering.leafValues = .f32((0..<e.leafCount).map { Float($0) })
        numbering.base = .f32([Float](repeating: 0, count: e.treeCount))
        numbering.treeOutput = (0..<e.treeCount).map { Int32($0) }
        self.numbering = numbering
        columns = Set(linear.columns).sorted()
        let places = Dictionary(uniqueKeysWithValues: columns.enumerated().map { ($1, Int32($0)) })
        terms = zip(linear.coefficients, linear.columns).map { maxai_linear_term(coefficient: $0, column: places[$1] ?? 0) }
    }

    func pack(_ e: TreeEnsemble, _ linear: LinearLeaves, _ constants: ConstantMemory) -> maxai_linear_trees {
        let leaves = (0..<e.leafCount).map { leaf in
            let terms = linear.terms(leaf)
            return maxai_linear_leaf(
                base: linear.base[leaf], value: e.leafValues.double(leaf), first: Int32(terms.lowerBound), count: Int32(terms.count))
        }
        return maxai_linear_trees(
            tree_count: Int32(e.treeCount), output_count: Int32(e.outputCount), column_count: Int32(columns.count),
            is_average: e.aggregate == .average ? 1 : 0, leaves: UnsafePointer(constants.copy(leaves)),
            terms: UnsafePointer(constants.copy(terms)), columns: UnsafePointer(constants.copy(columns)),
            tree_output: UnsafePointer(constants.copy(e.treeOutput)),
            base: UnsafePointer(constants.copy((0..<e.outputCount).map { e.base.double($0) })))
    }
}

extension KernelRequest {
    /// nil where the leaves are not linear, or only the general kernel has them.
    func linearTrees(_ e: TreeEnsemble, _ x: Slot) throws -> LinearTreesStep? {
        guard let linear = e.linear, let trees = LinearTrees(e) else { return nil }
        let numbers = try arena.reserve(.f32, max(e.treeCount, 1))
        return LinearTreesStep(
            numbering: try sums(trees.numbering, x, numbers), x: x, numbers: numbers,
            values: try arena.reserve(.f64, max(trees.columns.count, 1)), out: out, trees: trees.pack(e, linear, constants))
    }
}

struct LinearTreesStep: Step, @unchecked Sendable {
    var kernel: String { "\(numbering.kernel).linear" }
    let numbering: any Step
    var ensemble: PlannedEnsemble? { numbering.ensemble }
    var blockRows: Int { numbering.blockRows }
    let x: Slot
    /// A leaf per tree.
    let numbers: Slot
    /// Row by row, the columns that terms read.
    let values: Slot
    let out: Slot
    let trees: maxai_linear_trees

    func run(_ frame: Frame) throws(MaxError) {
        try numbering.run(frame)
        withUnsafePointer(to: trees) {
            maxai_linear_trees_add(
                $0, frame.pointer(numbers), frame.raw(x), x.element == .f64 ? 1 : 0, frame.stride, frame.rows,
                frame.pointer(values), frame.pointer(out))
        }
    }
}
