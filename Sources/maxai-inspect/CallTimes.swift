import MaxCommand
import MaxIR
import MaxRuntime

/// What calls of a model take: of one row, each time another one, and of many.
struct CallTimes {
    /// Microseconds of a call with one row: median and 99th percentile.
    var oneRow = (median: 0.0, p99: 0.0)
    /// Nanoseconds per row of a call with all rows, the median of all calls.
    var batchRow = 0.0

    /// - Parameter seconds: how long to call it with one row, and as long again with all; each is called once at least.
    init(_ model: Model, _ rows: GoldenColumns, seconds: Double) throws(MaxError) {
        let single = try model.makeContext(maximumRows: 1)
        var row = 0
        let one = try Self.times(
            seconds,
            prepare: {
                rows.start(at: row)
                row = (row + 1) % rows.rows
            }
        ) { () throws(MaxError) in try rows.predict(single, rows: 1) }
        oneRow = (one[one.count / 2] * 1e6, one[one.count * 99 / 100] * 1e6)
        rows.start(at: 0)
        let context = try model.makeContext(maximumRows: rows.rows)
        let batches = try Self.times(seconds, prepare: {}) { () throws(MaxError) in try rows.predict(context, rows: rows.rows) }
        batchRow = batches[batches.count / 2] * 1e9 / Double(rows.rows)
    }

    /// The sorted seconds of as many calls as fit into the time.
    private static func times(
        _ seconds: Double, prepare: () -> Void, _ body: () throws(MaxError) -> Void
    ) throws(MaxError) -> [Double] {
        var times: [Double] = []
        let end = monotonicSeconds() + seconds
        repeat {
            prepare()
            let start = monotonicSeconds()
            try body()
            times.append(monotonicSeconds() - start)
        } while monotonicSeconds() < end
        return times.sorted()
    }
}
