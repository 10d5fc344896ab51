import MaxIR

/// The memory that a program runs in: one arena for a block of rows and the results of a call.
final class Lane {
    private let program: Program
    private let stride: Int
    private let arena: UnsafeMutableRawPointer
    private let results: [UnsafeMutableRawPointer]
    /// The program's own, where a call reads them without counting references.
    private let inputs: UnsafeMutableBufferPointer<Program.Input>
    private let steps: UnsafeMutableBufferPointer<Unmanaged<StepBox>>
    private let boxes: [StepBox]
    private let texts = TextPool()
    private var rows = 0
    /// Whether the last error came from a step, and so names a row of its block.
    private(set) var failedInStep = false

    init(_ program: Program, maximumRows: Int) throws(MaxError) {
        self.program = program
        stride = (min(maximumRows, program.blockRows) + 63) / 64 * 64
        var sizes: [Int] = []
        for slot in program.outputs.map(\.slot) {
            sizes.append(try maximumRows.multiplied(by: try slot.width.multiplied(by: slot.byteCount, "results"), "results"))
        }
        let byteCount = max(program.bytesPerRow * stride, 64)
        arena = .allocate(byteCount: byteCount, alignment: 64)
        arena.initializeMemory(as: UInt8.self, repeating: 0, count: byteCount)
        results = sizes.map { .allocate(byteCount: max($0, 64), alignment: 64) }
        inputs = .allocate(capacity: program.inputs.count)
        _ = inputs.initialize(from: program.inputs)
        boxes = program.steps.map { $0.boxed }
        steps = .allocate(capacity: boxes.count)
        _ = steps.initialize(from: boxes.map { Unmanaged.passUnretained($0) })
    }

    deinit {
        arena.deallocate()
        for result in results { result.deallocate() }
        inputs.deinitialize()
        inputs.deallocate()
        steps.deallocate()
    }

    func output(_ index: Int) -> UnsafeRawBufferPointer {
        let slot = program.outputs[index].slot
        return UnsafeRawBufferPointer(start: results[index], count: rows * slot.width * slot.byteCount)
    }

    func predict(_ schema: Schema, _ columns: UnsafeBufferPointer<ColumnView>, rows: Int) throws(MaxError) {
        try run(rows) { frame, first throws(MaxError) in
            for index in inputs.indices {
                let input = inputs[index]
                let start = input.firstColumn
                for k in 0..<input.slot.width where !Ingest.fillPlain(frame, input.slot, k, columns[start + k], first) {
                    try Ingest.fill(frame, input, k, columns[start + k], first, schema.columns[start + k], program.defaults[start + k])
                }
            }
        }
    }

    /// Whether every input is of f32 or f64, as `predict` of a matrix wants it.
    private(set) lazy var takesMatrix = program.inputs.allSatisfy { $0.slot.element == .f32 || $0.slot.element == .f64 }
    /// The inputs, those that follow each other in the arena as they do in a row taken together.
    private lazy var runs: [Program.Input] = program.inputs.reduce(into: []) { runs, input in
        guard let last = runs.last, last.slot.element == input.slot.element, last.firstColumn + last.slot.width == input.firstColumn,
            last.slot.offset + last.slot.width * last.slot.byteCount == input.slot.offset
        else { return runs.append(input) }
        let slot = Slot(offset: last.slot.offset, element: last.slot.element, width: last.slot.width + input.slot.width)
        runs[runs.count - 1] = Program.Input(slot: slot, firstColumn: last.firstColumn, digits: nil)
    }

    /// - Parameter matrix: the columns of all inputs side by side.
    func predict(_ matrix: MatrixView, rows: Int) throws(MaxError) {
        try run(rows) { frame, first throws(MaxError) in
            for run in runs { Ingest.fill(frame, run, matrix, first) }
        }
    }

    @inline(__always)
    private func run(_ rows: Int, _ fill: (Frame, Int) throws(MaxError) -> Void) throws(MaxError) {
        self.rows = 0
        failedInStep = false
        texts.reset()
        var first = 0
        while first < rows {
            let frame = Frame(base: arena, stride: stride, rows: min(stride, rows - first), texts: texts)
            try fill(frame, first)
            for index in steps.indices {
                guard let error = steps[index]._withUnsafeGuaranteedRef({ $0.run(frame) }) else { continue }
                failedInStep = true
                throw error
            }
            for index in program.outputs.indices { store(program.outputs[index], frame, results[index], first) }
            first += frame.rows
        }
        self.rows = rows
    }

    private func store(_ output: Program.Output, _ frame: Frame, _ result: UnsafeMutableRawPointer, _ first: Int) {
        let slot = output.slot
        if slot.element == .string, !output.isConstantText {
            // Such a text stands in the arena or in the caller's column.
            for column in 0..<slot.width {
                let views = frame.pointer(slot, column: column, as: StringView.self)
                for row in 0..<frame.rows { views[row] = texts.copy(views[row].bytes) }
            }
        }
        let size = slot.byteCount
        let to = result + first * slot.width * size
        guard slot.width > 1 else { return to.copyMemory(from: frame.raw(slot), byteCount: frame.rows * size) }
        for column in 0..<slot.width {
            let from = UnsafeRawPointer(frame.raw(slot, column: column))
            switch size {
            case 1: spread(from, to + column, frame.rows, slot.width, UInt8.self)
            case 2: spread(from, to + 2 * column, frame.rows, slot.width, UInt16.self)
            case 16: spread(from, to + 16 * column, frame.rows, slot.width, StringView.self)
            case 4: spread(from, to + 4 * column, frame.rows, slot.width, UInt32.self)
            default: spread(from, to + 8 * column, frame.rows, slot.width, UInt64.self)
            }
        }
    }

    @inline(__always)
    private func spread<T: BitwiseCopyable>(_ from: UnsafeRawPointer, _ to: UnsafeMutableRawPointer, _ rows: Int, _ width: Int, _: T.Type) {
        let (source, target) = (from.assumingMemoryBound(to: T.self), to.assumingMemoryBound(to: T.self))
        for row in 0..<rows { target[row * width] = source[row] }
    }
}
