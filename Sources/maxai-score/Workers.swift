import Dispatch
import MaxIR
import MaxRuntime
import Synchronization

/// Scores batches on several threads, each with a context of its own and a run of rows of its own. The result does
/// not depend on their number.
final class Workers: @unchecked Sendable {
    // Sendable: thread i touches contexts[i] only.
    private let contexts: [Context]
    private let single: Context
    /// Rows below which a batch stays on one thread.
    private static let minimumRowsPerThread = 1024

    init(_ model: Model, threads: Int, rows: Int) throws(MaxError) {
        let share = (rows + threads - 1) / threads
        var contexts: [Context] = []
        // The first may get a whole batch.
        for index in 0..<threads { contexts.append(try model.makeContext(maximumRows: index == 0 ? rows : max(share, 1))) }
        self.contexts = contexts
        single = try model.makeContext(maximumRows: 1)
    }

    /// What became of a batch: the rows that the model refused.
    struct Outcome {
        var refused: [Int]
    }

    /// - Parameter excused: rows that the model may refuse.
    /// - Throws: the model's refusal, with the row counted from the table's start, unless `refusing`.
    func score(
        _ views: [ColumnView], rows: Int, into buffers: ResultBuffers, _ results: ResultColumns, refusing: Bool, excusing excused: [Int],
        firstRow: Int
    ) throws(MaxError) -> Outcome {
        let parts = max(1, min(contexts.count, rows / Self.minimumRowsPerThread))
        let share = (rows + parts - 1) / parts
        let failure = Mutex<MaxError?>(nil)
        nonisolated(unsafe) let shared = views
        DispatchQueue.concurrentPerform(iterations: parts) { part in
            let first = part * share
            let count = min(share, rows - first)
            guard count > 0 else { return }
            let local = shared.map { $0.dropping(first) }
            do throws(MaxError) {
                try Self.predict(contexts[part], local, count)
                buffers.take(contexts[part], first: first, count: count)
            } catch {
                failure.withLock { $0 = $0 ?? error }
            }
        }
        guard let error = failure.withLock({ $0 }) else { return Outcome(refused: []) }
        guard refusing || error.code == .malformed else { throw error }
        // Row by row: to tell which row it was, or to score the others.
        var refused: [Int] = []
        let mayBeRefused = Set(excused)
        for row in 0..<rows {
            do throws(MaxError) {
                try Self.predict(single, views.map { $0.dropping(row) }, 1)
                buffers.take(single, first: row, count: 1)
            } catch {
                guard refusing || mayBeRefused.contains(row), error.code == .malformed else {
                    throw error.inside("row \(firstRow + row) of the table")
                }
                refused.append(row)
            }
        }
        return Outcome(refused: refused)
    }

    private static func predict(_ context: Context, _ views: [ColumnView], _ rows: Int) throws(MaxError) {
        let outcome: Result<Void, MaxError> = views.withUnsafeBufferPointer { buffer in
            do throws(MaxError) { return .success(try context.predict(buffer, rows: rows)) } catch { return .failure(error) }
        }
        try outcome.get()
    }
}
