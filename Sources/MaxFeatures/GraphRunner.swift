import Dispatch
import MaxFeatures
import MaxIR
import MaxRuntime
import Synchronization

/// Scores rows with a graph on the very runtime that will serve it.
final class Predictor: Sendable {
    let model: Model
    let threads: Int
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
        var positions: [Int] = []
        for column in model.schema.columns {
            guard let position = table.index(of: column.name) else { throw table.noColumn(column.name, table.locations.first ?? "table") }
            positions.append(position)
        }
        let width = width(output)
        var out = [Double](repeating: 0, count: table.rows * width)
        let failure = Mutex<MaxError?>(nil)
        let next = Atomic<Int>(0)
        let columns = positions
        out.withUnsafeMutableBufferPointer { results in
            nonisolated(unsafe) let results = results
            DispatchQueue.concurrentPerform(iterations: min(threads, max(1, table.batches.count))) { _ in
                do throws(MaxError) {
                    let context = try model.makeContext(maximumRows: Self.blockRows)
                    while true {
                        let batch = next.add(1, ordering: .relaxed).oldValue
                        guard batch < table.batches.count, failure.withLock({ $0 == nil }) else { return }
                        try score(table, batch, columns, context, output, width, results)
                    }
                } catch { failure.withLock { $0 = $0 ?? error } }
            }
        }
        if let error = failure.withLock({ $0 }) { throw error }
        return out
    }

    private func score(
        _ table: Table, _ batch: Int, _ columns: [Int], _ context: Context, _ output: Int, _ width: Int,
        _ results: UnsafeMutableBufferPointer<Double>
    ) throws(MaxError) {
        let views = table.views(columns, batch: batch)
        let (start, rows) = (table.starts[batch], table.batches[batch].rows)
        for first in stride(from: 0, to: rows, by: Self.blockRows) {
            let count = min(Self.blockRows, rows - first)
            try context.predict(views.map { $0.dropping(first) }, rows: count)
            let target = UnsafeMutableBufferPointer(rebasing: results[((start + first) * width)..<((start + first + count) * width)])
            try context.copyNumbers(output, rows: count, to: target)
        }
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
    fileprivate func copyNumbers(_ output: Int, rows: Int, to target: UnsafeMutableBufferPointer<Double>) throws(MaxError) {
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
