import Glibc
import MaxCases
import MaxIR

/// Damages good inputs in a reproducible way, reads each, and counts what happened.
public struct Campaign {
    public let kind: InputKind
    public let seeds: [[UInt8]]
    public let seed: UInt64
    private let reader: InputReader

    /// - Parameter seeds: nil for those that `Seeds` makes.
    public init(_ kind: InputKind, seeds: [[UInt8]]? = nil, seed: UInt64) throws(MaxError) {
        let scratch = try ScratchFolder()
        self.kind = kind
        if let seeds { self.seeds = seeds } else { self.seeds = try Seeds.of(kind, scratch: scratch.path) }
        self.seed = seed
        reader = try InputReader(kind, scratch: scratch)
    }

    /// The bytes of one case.
    public func bytes(of number: Int) -> [UInt8] { kind.mutated(seeds, seed: seed, case: number) }

    /// What came out of a run.
    public struct Tally: Sendable {
        public var accepted = 0
        public var refused: [MaxError.Code: Int] = [:]
        /// Cases that ended with a code that this kind must not give, or with a message that cannot be printed.
        public var offences: [(case: Int, message: String)] = []
        public var slowest = (case: 0, seconds: 0.0)
        /// Growth of the largest memory ever held by the process, and the case that caused most of it.
        public var grownBytes = 0
        public var hungriest = (case: 0, bytes: 0)
    }

    /// - Parameters:
    ///   - before: called with the number of each case before it is read.
    ///   - after: called with the number and what it was refused with, nil if it was read.
    public func run(_ cases: Range<Int>, before: (Int) -> Void = { _ in }, after: (Int, MaxError?) -> Void = { _, _ in }) -> Tally {
        var tally = Tally()
        var peak = Self.peakBytes()
        for number in cases {
            let bytes = bytes(of: number)
            before(number)
            let start = Self.seconds()
            do throws(MaxError) {
                try reader.read(bytes)
                tally.accepted += 1
                after(number, nil)
            } catch {
                after(number, error)
                tally.refused[error.code, default: 0] += 1
                if let fault = fault(of: error) { tally.offences.append((number, fault)) }
            }
            let duration = Self.seconds() - start
            if duration > tally.slowest.seconds { tally.slowest = (number, duration) }
            let now = Self.peakBytes()
            if now - peak > tally.hungriest.bytes { tally.hungriest = (number, now - peak) }
            tally.grownBytes += now - peak
            peak = now
        }
        return tally
    }

    /// Reads every seed as it is.
    ///
    /// - Returns: what the seeds were refused with that should not have been.
    public func readSeeds() -> [MaxError] {
        var refused: [MaxError] = []
        for bytes in seeds {
            do throws(MaxError) { try reader.read(bytes) } catch { refused.append(error) }
        }
        return refused
    }

    private func fault(of error: MaxError) -> String? {
        if !kind.refusals.contains(error.code) { return "code \(error.code): \(error.message)" }
        if error.message.isEmpty { return "no message" }
        if error.message.unicodeScalars.contains(where: { $0.value < 0x20 || $0.value == 0x7f }) {
            return "a control character in the message: \(Text(error.message).quoted)"
        }
        return error.message.utf8.count > MaxError.messageBytes ? "a message of \(error.message.utf8.count) bytes" : nil
    }

    private static func seconds() -> Double {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
    }

    private static func peakBytes() -> Int {
        var usage = rusage()
        getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
        return usage.ru_maxrss * 1024
    }
}
