import MaxIR

/// How long calls of one size take on this machine, on one thread.
public struct Benchmark: Sendable {
    /// Rows of one call.
    public let rows: Int
    /// Of the fastest and of the middle one of all rounds.
    public let best: Double, median: Double

    private static let rounds = 21
    /// Rows of one round, about.
    private static let rowsPerRound = 8192

    /// - Parameters:
    ///   - inputs: rows to score, one tensor per input of the graph; repeated as often as needed.
    ///   - rows: rows of one call.
    /// - Throws: what scoring throws; `.notFound` without rows.
    public init(_ model: Model, inputs: [Tensor], rows: Int) throws(MaxError) {
        guard let count = inputs.first?.shape.first, count > 0 else { throw MaxError(.notFound, "benchmark: no rows to score") }
        self.rows = rows
        let calls = max(1, Self.rowsPerRound / rows)
        // Calls walk through more rows than one, so that the processor does not learn a single row by heart.
        let starts = min(calls, 64)
        let order = (0..<rows + starts).map { $0 % count }
        let source = ColumnSource(
            inputs.map { tensor in
                let width = tensor.count / count
                let elements = order.flatMap { row in (0..<width).map { row * width + $0 } }
                return Tensor(unchecked: tensor.storage.picking(elements), shape: [order.count] + tensor.shape.dropFirst())
            }, schema: model.schema)
        let context = try model.makeContext(maximumRows: rows)
        let views = (0..<starts).map(source.views(from:))
        let clock = ContinuousClock()
        var times: [Double] = []
        for _ in 0...Self.rounds {
            let start = clock.now
            for call in 0..<calls {
                let result = views[call % starts].withUnsafeBufferPointer { columns -> Result<Void, MaxError> in
                    do throws(MaxError) { return .success(try context.predict(columns, rows: rows)) } catch { return .failure(error) }
                }
                try result.get()
            }
            let spent = (clock.now - start).components
            times.append((Double(spent.seconds) * 1e9 + Double(spent.attoseconds) / 1e9) / Double(calls * rows))
        }
        // The first round fills caches.
        times.removeFirst()
        times.sort()
        best = times[0]
        median = times[times.count / 2]
    }
}
