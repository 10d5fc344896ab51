import MaxCommand
import MaxFormats
import MaxIR
import MaxRuntime

/// What a model takes on one choice of kernels.
struct KernelTimes {
    /// As `MAXAI_KERNELS` takes it.
    let name: String
    /// Whether the plan would run on these without being told.
    let isChosen: Bool
    let times: ScoringTimes

    private static let seconds = 0.1

    /// Every family of kernels that the processor runs, and for a model with trees each kernel of trees that can hold it.
    static func all(of model: Model, _ rows: GoldenColumns) throws(MaxError) -> [KernelTimes] {
        let graph = try model.graph
        var out: [KernelTimes] = []
        for family in KernelChoice.available {
            let usual = try plan(graph, family, nil)
            let kernels: [TreeKernel?] = usual.plan.treeKernels.isEmpty ? [nil] : TreeKernel.allCases
            for kernel in kernels {
                let forced = try plan(graph, family, kernel)
                // What cannot hold the ensemble leaves it to another.
                if let kernel, !forced.plan.treeKernels.allSatisfy({ $0 == kernel }) { continue }
                let isChosen = family == KernelChoice.available.last && forced.plan.summary == usual.plan.summary
                let name = [family.rawValue, kernel?.rawValue].compactMap(\.self).joined(separator: ",")
                out.append(KernelTimes(name: name, isChosen: isChosen, times: try ScoringTimes(forced, rows, seconds: seconds)))
            }
        }
        return out
    }

    private static func plan(_ graph: Graph, _ family: KernelChoice, _ kernel: TreeKernel?) throws(MaxError) -> Model {
        do {
            return try KernelChoice.$forced.withValue(family) {
                try TreeKernel.$forced.withValue(kernel) { try Model(graph: graph, info: ModelInfo(name: "benchmark")) }
            }
        } catch let error as MaxError {
            throw error
        } catch {
            throw MaxError(.internal, "\(error)")
        }
    }
}

/// How long calls take.
struct ScoringTimes {
    /// Microseconds of a call with one row: median and 99th percentile.
    let median: Double
    let p99: Double
    /// Nanoseconds per row of a call with all rows, the median of calls.
    let batchRow: Double

    init(_ model: Model, _ rows: GoldenColumns, seconds: Double) throws(MaxError) {
        let single = try model.makeContext(maximumRows: 1)
        let one = try Self.sorted(seconds) { call throws(MaxError) in try rows.predict(single, rows: 1, from: call % 512) }
        (median, p99) = (one[one.count / 2] * 1e6, one[one.count * 99 / 100] * 1e6)
        let context = try model.makeContext(maximumRows: rows.rows)
        let batches = try Self.sorted(seconds) { _ throws(MaxError) in try rows.predict(context, rows: rows.rows) }
        batchRow = batches[batches.count / 2] * 1e9 / Double(rows.rows)
    }

    /// The sorted seconds of as many calls as fit into the time.
    private static func sorted(_ seconds: Double, _ body: (Int) throws(MaxError) -> Void) throws(MaxError) -> [Double] {
        var times: [Double] = []
        let end = monotonicSeconds() + seconds
        repeat {
            let start = monotonicSeconds()
            try body(times.count)
            times.append(monotonicSeconds() - start)
        } while monotonicSeconds() < end
        return times.sorted()
    }

    func write(to json: inout JSONWriter) {
        json.member("oneRowMedianMicroseconds", median)
        json.member("oneRowP99Microseconds", p99)
        json.member("batchNanosecondsPerRow", batchRow)
    }
}
