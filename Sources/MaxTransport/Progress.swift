/// Counts the bytes of a transfer and tells of them: done and total.
final class Progress {
    private let report: (UInt64, UInt64) -> Void
    private var done: UInt64 = 0
    private(set) var total: UInt64

    init(total: UInt64, _ report: @escaping (UInt64, UInt64) -> Void) {
        self.total = total
        self.report = report
        report(0, total)
    }

    /// Bytes that need no transfer count as done.
    func add(_ count: UInt64) {
        // A request that is sent again counts its bytes again.
        done = min(done &+ count, total)
        report(done, total)
    }
}

/// What a transfer brought.
package struct Transferred: Sendable {
    package var manifest: Descriptor
    /// Manifests whose subject it is, those that came along.
    package var referrers: [Descriptor]
}

/// Told of bytes done and bytes in all.
package typealias ProgressReport = (UInt64, UInt64) -> Void
