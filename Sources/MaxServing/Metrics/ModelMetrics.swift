import Synchronization

/// Counts of one model, added to by every event loop.
final class ModelMetrics: Sendable {
    /// Upper bounds of the latency buckets, in seconds.
    static let bounds: [Double] = [
        0.00001, 0.000025, 0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5,
    ]

    struct Counts {
        var succeeded = 0
        var failed = 0
        var rows = 0
        /// One more than the bounds: the last counts what exceeds them all.
        var buckets = [Int](repeating: 0, count: ModelMetrics.bounds.count + 1)
        var seconds = 0.0
        /// Milliseconds since 1970 of the last success.
        var lastInference: Int64 = 0
    }

    private let counts = Mutex(Counts())

    func record(seconds: Double, rows: Int, succeeded: Bool, now: Int64) {
        let bucket = Self.bounds.firstIndex { seconds <= $0 } ?? Self.bounds.count
        counts.withLock { counts in
            counts.buckets[bucket] += 1
            counts.seconds += seconds
            if succeeded {
                counts.succeeded += 1
                counts.rows += rows
                counts.lastInference = now
            } else {
                counts.failed += 1
            }
        }
    }

    var snapshot: Counts { counts.withLock { $0 } }
}
