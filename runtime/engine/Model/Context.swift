import MaxIR

/// What one thread scores with. Not shared between threads.
public final class Context {
    public let model: Model
    public let maximumRows: Int
    /// The arena of one block and the results of the last call; nil when the model has no program.
    private let lane: Lane?
    /// Results of the last call of the reference evaluator, one per output of the schema.
    private var results: [Tensor] = []

    init(model: Model, maximumRows: Int) throws(MaxError) {
        guard maximumRows >= 1, maximumRows <= 1 << 24 else {
            throw MaxError(.limitExceeded, "context for \(maximumRows) rows, expected 1 to \(1 << 24)")
        }
        self.model = model
        self.maximumRows = maximumRows
        if let program = model.plan.program { lane = try Lane(program, maximumRows: maximumRows) } else { lane = nil }
    }

    /// Scores `rows` rows. `columns` are in the order of `model.schema.columns`. Allocates nothing when the model
    /// has a program (`model.plan`).
    ///
    /// - Throws: `.malformed` naming column and row for a value that the model does not take: missing where it
    ///   must not be, an unknown category where the model demands a known one; `.limitExceeded` for more than
    ///   `maximumRows`.
    public func predict(_ columns: UnsafeBufferPointer<ColumnView>, rows: Int) throws(MaxError) {
        guard rows >= 0, rows <= maximumRows else {
            throw MaxError(.limitExceeded, "\(rows) rows, this context takes at most \(maximumRows)")
        }
        guard columns.count == model.schema.columns.count else {
            throw MaxError(.malformed, "\(columns.count) columns, expected \(model.schema.columns.count)")
        }
        if let lane {
            do {
                return try lane.predict(model.schema, columns, rows: rows)
            } catch {
                guard lane.failedInStep else { throw error }
                // The evaluator of all rows at once says which row it is.
                try evaluate(columns, rows: rows)
                throw error
            }
        }
        try evaluate(columns, rows: rows)
    }

    /// Scores `rows` rows of a matrix with a column for each of `model.schema.columns`; false, with nothing done, when
    /// the model has no program or takes other columns than floats, or when the model refuses a value: `predict` of
    /// columns says which.
    public func predict(_ matrix: MatrixView, columns: Int, rows: Int) -> Bool {
        guard let lane, rows >= 0, rows <= maximumRows, columns == model.schema.columns.count, lane.takesMatrix else { return false }
        do { try lane.predict(matrix, rows: rows) } catch { return false }
        return true
    }

    private func evaluate(_ columns: UnsafeBufferPointer<ColumnView>, rows: Int) throws(MaxError) {
        results = []
        var arguments: [Value] = []
        for port in model.schema.inputs { arguments.append(.tensor(try Ingest.tensor(model.schema, port, columns, rows: rows))) }
        for value in try model.graph.evaluate(arguments) {
            guard let tensor = value.tensor else { throw MaxError(.internal, "an output is not a tensor") }
            results.append(tensor)
        }
    }

    /// The elements of output `index` of the last call, `rows × width`, row-major; valid until the next call.
    public func withOutput<Result>(_ index: Int, _ body: (UnsafeRawBufferPointer) throws -> Result) rethrows -> Result? {
        if let lane { return try body(lane.output(index)) }
        return try results[index].storage.withBytes(body)
    }

    /// The texts of string output `index` of the last call.
    public func withStrings<Result>(_ index: Int, _ body: (UnsafeBufferPointer<StringView>) throws -> Result) rethrows -> Result? {
        if let lane {
            guard model.schema.outputs[index].element == .string else { return nil }
            return try body(lane.output(index).bindMemory(to: StringView.self))
        }
        guard let texts = results[index].values(as: Text.self) else { return nil }
        let joined = texts.flatMap(\.utf8)
        return try joined.withUnsafeBufferPointer { bytes in
            var start = 0
            let views = texts.map { text in
                defer { start += text.utf8.count }
                return StringView(start: bytes.baseAddress.map { $0 + start }, count: text.utf8.count)
            }
            return try views.withUnsafeBufferPointer(body)
        }
    }
}
