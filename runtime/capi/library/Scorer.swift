import CMaxAI
import Glibc
import MaxIR
import MaxRuntime

/// What is behind a `maxai_context`: columns as the runtime takes them, one thread's context or a team's, and where the results are.
final class Scorer {
    let model: Model
    let maximumRows: Int
    private let context: Context
    private let team: Team?
    private let views: UnsafeMutableBufferPointer<ColumnView>
    /// The element type and stride that `views` have since the last call with a matrix.
    private var matrix: (element: ElementType, rowStride: Int)?
    /// nil after a failure.
    private(set) var rows: Int?
    /// Results of the reference evaluator, copied: those of kernels stay where they are.
    private var kept: [UnsafeMutableRawPointer] = []
    private let isPlanned: Bool

    /// More bytes of results than this are not a call's worth.
    private static let resultBytes = 1 << 34

    init(_ model: Model, maximumRows: Int, threads: Int) throws(MaxError) {
        guard maximumRows >= 1, maximumRows <= 1 << 24 else {
            throw MaxError(.limitExceeded, "context for \(maximumRows) rows, expected 1 to \(1 << 24)")
        }
        guard threads >= 1, threads <= 1024 else { throw MaxError(.usage, "\(threads) threads, expected 1 to 1024") }
        var perRow = 0
        for output in model.schema.outputs { perRow += output.width * (output.element.byteCount ?? 16) }
        // Memory that the system does not give would end the process later.
        guard perRow < 1 << 36, perRow * maximumRows <= Self.resultBytes, let probe = malloc(max(perRow * maximumRows, 1)) else {
            throw MaxError(.limitExceeded, "no memory for the results of \(maximumRows) rows, \(perRow) bytes each")
        }
        free(probe)
        self.model = model
        self.maximumRows = maximumRows
        isPlanned = model.plan.isPlanned
        let hasTexts = model.schema.outputs.contains { $0.element == .string }
        if threads > 1, isPlanned, !hasTexts, maximumRows > Team.leastRows {
            team = try Team(model, maximumRows: maximumRows, threads: threads)
            context = try model.makeContext(maximumRows: 1)
        } else {
            team = nil
            context = try model.makeContext(maximumRows: maximumRows)
        }
        views = .allocate(capacity: model.schema.columns.count)
        views.initialize(repeating: ColumnView(.f32, ColumnCheck.nothing, strideBytes: 0))
    }

    deinit {
        views.deallocate()
        for memory in kept { memory.deallocate() }
    }

    func predict(_ columns: UnsafePointer<maxai_column>?, count: Int, rows: Int) throws(MaxError) {
        try begin(count: count, rows: rows)
        matrix = nil
        for index in 0..<count {
            guard let columns else { throw MaxError(.usage, "columns is NULL") }
            do throws(MaxError) { views[index] = try ColumnCheck.view(columns[index], rows: rows) } catch {
                throw error.inside("column \(model.schema.columns[index].name.string)")
            }
        }
        try run(rows)
    }

    /// - Parameter width: bytes of one element.
    @inline(__always)
    func predict(_ element: ElementType, width: Int, _ values: UnsafeRawPointer?, columns: Int, rows: Int, rowStride: Int) throws(MaxError)
    {
        try begin(count: columns, rows: rows)
        guard let start = values ?? (rows == 0 || columns == 0 ? ColumnCheck.nothing : nil) else {
            throw MaxError(.usage, "values is NULL")
        }
        let stride = try ColumnCheck.stride(rowStride == 0 ? columns * width : rowStride, default: width)
        let whole = MatrixView(element, start, rowStride: stride)
        if team == nil, context.predict(whole, columns: columns, rows: rows) {
            self.rows = rows
            return
        }
        if let matrix, matrix.element == element, matrix.rowStride == stride {
            for index in 0..<columns { views[index].values = start + index * width }
        } else {
            for index in 0..<columns { views[index] = ColumnView(element, start + index * width, strideBytes: stride) }
            matrix = (element, stride)
        }
        try run(rows, whole)
    }

    /// Scores columns that are checked already.
    func predict(checked columns: [ColumnView], rows: Int) throws(MaxError) {
        try begin(count: columns.count, rows: rows)
        matrix = nil
        for index in columns.indices { views[index] = columns[index] }
        try run(rows)
    }

    @inline(__always)
    private func begin(count: Int, rows: Int) throws(MaxError) {
        self.rows = nil
        guard rows >= 0, rows <= maximumRows else {
            throw MaxError(.limitExceeded, "\(UInt(bitPattern: rows)) rows, this context takes at most \(maximumRows)")
        }
        guard count == views.count else { throw MaxError(.usage, "\(UInt(bitPattern: count)) columns, expected \(views.count)") }
    }

    @inline(__always)
    private func run(_ rows: Int, _ matrix: MatrixView? = nil) throws(MaxError) {
        if let team {
            try team.predict(UnsafeBufferPointer(views), matrix, rows: rows)
        } else {
            try context.predict(UnsafeBufferPointer(views), rows: rows)
            if !isPlanned { keep(rows) }
        }
        self.rows = rows
    }

    func output(_ index: Int) throws(MaxError) -> (UnsafeRawPointer, count: Int) {
        guard let rows else { throw MaxError(.usage, "no results: the last call failed, or there was none") }
        guard index >= 0, index < model.schema.outputs.count else {
            throw MaxError(.usage, "output \(UInt(bitPattern: index)), expected less than \(model.schema.outputs.count)")
        }
        let count = rows * model.schema.outputs[index].width
        if let team { return (team.output(index), count) }
        if !isPlanned { return (UnsafeRawPointer(kept[index]), count) }
        guard let start = context.withOutput(index, { $0.baseAddress }) ?? nil else {
            throw MaxError(.internal, "output \(index) has no bytes")
        }
        return (start, count)
    }

    private func keep(_ rows: Int) {
        for memory in kept { memory.deallocate() }
        kept = model.schema.outputs.indices.map { index in
            let texts = context.withStrings(index) { views in
                let bytes = views.reduce(0) { $0 + $1.count }
                let memory = UnsafeMutableRawPointer.allocate(byteCount: max(views.count * 16 + bytes, 1), alignment: 16)
                let strings = memory.bindMemory(to: maxai_string.self, capacity: views.count)
                var at = memory + views.count * 16
                for (row, view) in views.enumerated() {
                    if let start = view.start { at.copyMemory(from: start, byteCount: view.count) }
                    strings[row] = maxai_string(data: UnsafeRawPointer(at).assumingMemoryBound(to: CChar.self), size: view.count)
                    at += view.count
                }
                return memory
            }
            if let texts { return texts }
            let numbers = context.withOutput(index) { bytes in
                let memory = UnsafeMutableRawPointer.allocate(byteCount: max(bytes.count, 1), alignment: 64)
                if let start = bytes.baseAddress { memory.copyMemory(from: start, byteCount: bytes.count) }
                return memory
            }
            return numbers ?? .allocate(byteCount: 1, alignment: 1)
        }
    }
}
