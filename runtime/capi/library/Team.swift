import CMaxAI
import MaxIR
import MaxRuntime
import Synchronization

/// Threads that share the rows of a call, a block at a time: whoever is free takes the next one.
final class Team: @unchecked Sendable {
    // Sendable: member i touches contexts[i], views[i] and the results of the blocks that it took.
    /// Fewer rows than these are not worth a thread.
    static let leastRows = 1024

    /// Rows that a context takes at a time.
    private let mostRows: Int
    private let contexts: [Context]
    private let views: [UnsafeMutableBufferPointer<ColumnView>]
    private let crew: OpaquePointer
    private let results: [UnsafeMutableRawPointer]
    private let rowBytes: [Int]

    private var columns = UnsafeBufferPointer<ColumnView>(start: nil, count: 0)
    /// The same as the columns, where the caller has them so.
    private var matrix: MatrixView?
    private var rows = 0
    private var blockRows = leastRows
    private let nextBlock = Atomic<Int>(0)
    /// Of the failure that comes first in the table.
    private let failure = Mutex<(firstRow: Int, error: MaxError)?>(nil)

    init(_ model: Model, maximumRows: Int, threads: Int) throws(MaxError) {
        mostRows = max(Self.leastRows, model.plan.blockRows)
        var contexts: [Context] = []
        for _ in 0..<threads { contexts.append(try model.makeContext(maximumRows: mostRows)) }
        guard let crew = maxai_abi_crew_new(threads) else { throw MaxError(.limitExceeded, "the system gives no \(threads) threads") }
        self.contexts = contexts
        self.crew = crew
        views = contexts.map { _ in
            let buffer = UnsafeMutableBufferPointer<ColumnView>.allocate(capacity: model.schema.columns.count)
            buffer.initialize(repeating: ColumnView(.f32, ColumnCheck.nothing, strideBytes: 0))
            return buffer
        }
        rowBytes = model.schema.outputs.map { $0.width * ($0.element.byteCount ?? 0) }
        results = rowBytes.map { .allocate(byteCount: max($0 * maximumRows, 1), alignment: 64) }
    }

    deinit {
        maxai_abi_crew_free(crew)
        for buffer in views { buffer.deallocate() }
        for memory in results { memory.deallocate() }
    }

    func output(_ index: Int) -> UnsafeRawPointer { UnsafeRawPointer(results[index]) }

    func predict(_ columns: UnsafeBufferPointer<ColumnView>, _ matrix: MatrixView?, rows: Int) throws(MaxError) {
        self.columns = columns
        self.matrix = matrix
        self.rows = rows
        nextBlock.store(0, ordering: .relaxed)
        let members = max(1, min(contexts.count, (rows + Self.leastRows - 1) / Self.leastRows))
        // As many blocks for each, so that nobody waits for the last one.
        let rounds = (rows + mostRows * members - 1) / (mostRows * members)
        let share = rows / max(rounds * members, 1) + 1
        blockRows = min(max((share + 63) / 64 * 64, Self.leastRows), mostRows)
        if members == 1 {
            work(0)
        } else {
            maxai_abi_crew_run(
                crew, members,
                { team, member in
                    guard let team else { return }
                    Unmanaged<Team>.fromOpaque(team)._withUnsafeGuaranteedRef { $0.work(member) }
                }, Unmanaged.passUnretained(self).toOpaque())
        }
        let failed = failure.withLock { failure in
            defer { failure = nil }
            return failure
        }
        if let failed { throw failed.error.inside("rows from \(failed.firstRow) on") }
    }

    private func work(_ member: Int) {
        let (context, local) = (contexts[member], views[member])
        while true {
            let first = nextBlock.add(1, ordering: .relaxed).oldValue * blockRows
            guard first < rows else { return }
            let count = min(blockRows, rows - first)
            if let matrix {
                let part = MatrixView(matrix.element, matrix.start + first * matrix.rowStride, rowStride: matrix.rowStride)
                if context.predict(part, columns: columns.count, rows: count) {
                    store(context, first)
                    continue
                }
            }
            for index in local.indices { local[index] = columns[index].dropping(first) }
            do throws(MaxError) {
                try context.predict(UnsafeBufferPointer(local), rows: count)
            } catch {
                failure.withLock { if $0.map({ $0.firstRow > first }) ?? true { $0 = (first, error) } }
                continue
            }
            store(context, first)
        }
    }

    private func store(_ context: Context, _ first: Int) {
        for index in results.indices {
            _ = context.withOutput(index) { bytes in
                if let start = bytes.baseAddress {
                    (results[index] + first * rowBytes[index]).copyMemory(from: start, byteCount: bytes.count)
                }
            }
        }
    }
}
