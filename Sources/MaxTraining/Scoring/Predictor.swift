import Dispatch
import MaxFeatures
import MaxIR
import MaxRuntime
import Synchronization

/// Scores rows with a graph on the very runtime that will serve it.
final class Predictor: Sendable {
    let model: Model
    private let threads: Int
    /// Rows that a context takes at a time.
    private static let blockRows = 4096

    init(_ graph: Graph, threads: Int) throws(MaxError) {
        model = try Model(graph: graph, info: ModelInfo(name: graph.name))
        self.threads = max(1, threads)
    }

    /// The position of output `name`; nil when the graph has none.
    func output(_ name: Text) -> Int? { model.schema.outputs.firstIndex { $0.name == name } }
    func width(_ output: Int) -> Int { model.schema.outputs[output].width }

    /// An output of numbers for every row of `table`, row by row.
    ///
    /// - Throws: what the model refuses, with the row of the table.
    func predict(_ table: Table, output: Int) throws(MaxError) -> [Double] {
        let width = width(output)
        var out = [Double](repeating: 0, count: table.rows * width)
        let failure: MaxError? = out.withUnsafeMutableBufferPointer { results in
            nonisolated(unsafe) let results = results
            do throws(MaxError) {
                try forEachBlock(of: table) { first, count, context throws(MaxError) in
                    let target = UnsafeMutableBufferPointer(rebasing: results[(first * width)..<((first + count) * width)])
                    try context.copyNumbers(output, rows: count, to: target)
                }
            } catch { return error }
            return nil
        }
        if let failure { throw failure }
        return out
    }

    /// Scores all rows of `table`, block by block, on several threads; `body` sees each block's first row, its rows, and the
    /// context that holds its results.
    ///
    /// - Throws: what the model refuses, or what `body` throws, of the first block in the table that fails.
    func forEachBlock(
        of table: Table, _ body: @Sendable (_ first: Int, _ rows: Int, _ context: Context) throws(MaxError) -> Void
    ) throws(MaxError) {
        var positions: [Int] = []
        for column in model.schema.columns {
            guard let position = table.index(of: column.name) else { throw table.noColumn(column.name, table.locations.first ?? "table") }
            positions.append(position)
        }
        let columns = positions
        let blocks = table.batches.indices.flatMap { batch in
            stride(from: 0, to: table.batches[batch].rows, by: Self.blockRows).map { (batch: batch, first: $0) }
        }
        let failure = Mutex<(block: Int, error: MaxError)?>(nil)
        let next = Atomic<Int>(0)
        DispatchQueue.concurrentPerform(iterations: max(1, min(threads, blocks.count))) { _ in
            var block = 0
            do throws(MaxError) {
                let context = try model.makeContext(maximumRows: Self.blockRows)
                while true {
                    block = next.add(1, ordering: .relaxed).oldValue
                    guard block < blocks.count, failure.withLock({ $0 == nil }) else { return }
                    let (batch, first) = blocks[block]
                    let rows = min(Self.blockRows, table.batches[batch].rows - first)
                    try context.predict(table.views(columns, batch: batch).map { $0.dropping(first) }, rows: rows)
                    try body(table.starts[batch] + first, rows, context)
                }
            } catch {
                failure.withLock { if $0 == nil || block < ($0?.block ?? 0) { $0 = (block, error) } }
            }
        }
        if let error = failure.withLock({ $0?.error }) { throw error }
    }

    /// An output of numbers for rows given as one tensor for each input of the graph.
    func predict(_ tensors: [Tensor], rows: Int, output: Int) throws(MaxError) -> [Double] {
        let source = ColumnSource(tensors, schema: model.schema)
        let context = try model.makeContext(maximumRows: max(1, min(rows, Self.blockRows)))
        var out = [Double](repeating: 0, count: rows * width(output))
        let width = width(output)
        for first in stride(from: 0, to: rows, by: Self.blockRows) {
            let count = min(Self.blockRows, rows - first)
            try context.predict(source.views(from: first), rows: count)
            let failure: MaxError? = out.withUnsafeMutableBufferPointer { all in
                do throws(MaxError) {
                    try context.copyNumbers(
                        output, rows: count, to: UnsafeMutableBufferPointer(rebasing: all[(first * width)..<((first + count) * width)]))
                } catch { return error }
                return nil
            }
            if let failure { throw failure }
        }
        return out
    }
}

extension Context {
    fileprivate func predict(_ views: [ColumnView], rows: Int) throws(MaxError) {
        let failure: MaxError? = views.withUnsafeBufferPointer { buffer in
            do throws(MaxError) { try predict(buffer, rows: rows) } catch { return error }
            return nil
        }
        if let failure { throw failure }
    }

    /// The numbers of an output of the last call.
    func copyNumbers(_ output: Int, rows: Int, to target: UnsafeMutableBufferPointer<Double>) throws(MaxError) {
        let port = model.schema.outputs[output]
        let isKnown: Bool? = withOutput(output) { bytes in
            switch port.element {
            case .f64: for (i, value) in bytes.bindMemory(to: Double.self).prefix(target.count).enumerated() { target[i] = value }
            case .f32: for (i, value) in bytes.bindMemory(to: Float.self).prefix(target.count).enumerated() { target[i] = Double(value) }
            case .i64: for (i, value) in bytes.bindMemory(to: Int64.self).prefix(target.count).enumerated() { target[i] = Double(value) }
            default: return false
            }
            return true
        }
        guard isKnown == true else { throw MaxError(.internal, "output \(port.name.quoted) is \(port.element.rawValue), expected numbers") }
    }
}

extension Table {
    /// For a column that somebody named and that there is not.
    func noColumn(_ name: Text, _ place: String) -> MaxError {
        let shown = columns.prefix(20).map(\.name.quoted).joined(separator: ", ") + (columns.count > 20 ? ", …" : "")
        return MaxError(.malformed, "\(place): no column \(name.quoted): found \(shown)")
    }
}
