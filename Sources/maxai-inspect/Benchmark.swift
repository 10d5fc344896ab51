import MaxCommand
import MaxFormats
import MaxIR
import MaxRuntime

/// How long loading and scoring take on this machine, on the bundle's own golden rows: as the model runs here, and on every
/// other kernel that it could run on.
struct Benchmark {
    /// Milliseconds from the path to a model that has replayed its golden rows.
    let load: Double
    /// Milliseconds from there to the first row's prediction, a context included.
    let first: Double
    let times: CallTimes
    let kernels: String
    let alternatives: Alternatives
    private static let batchRows = 4096
    private static let seconds = 0.5

    init(path: String) throws(MaxError) {
        let start = monotonicSeconds()
        let bundle = try Bundle(path: path, integrity: .onUse)
        let model = try Model.load(bundle)
        let loaded = monotonicSeconds()
        load = (loaded - start) * 1e3
        kernels = model.plan.summary
        guard let golden = try bundle.golden(for: model.graph), golden.inputs.first?.shape.first ?? 0 > 0 else {
            throw MaxError(.evidenceMissing, "\(path): has no golden rows to score: compile it with --golden-rows")
        }
        let rows = GoldenColumns(golden.inputs, model.schema, rows: Self.batchRows)
        let begun = monotonicSeconds()
        try rows.predict(try model.makeContext(maximumRows: 1), rows: 1)
        first = (monotonicSeconds() - begun) * 1e3
        times = try CallTimes(model, rows, seconds: Self.seconds)
        alternatives = try Alternatives(model, times, golden, rows)
    }

    func show() {
        print("load            \(hundredths(load)) ms, golden rows replayed")
        print("first row       \(hundredths(first)) ms")
        print("one row         \(hundredths(times.oneRow.median)) us median, \(hundredths(times.oneRow.p99)) us 99th percentile")
        print("batch of \(Self.batchRows)   \(hundredths(times.batchRow)) ns per row")
        print("kernels         \(kernels)")
        print("\non every kernel of this processor that holds the model; * is what it runs on")
        alternatives.show()
    }

    func write(to json: inout JSONWriter) {
        json.object {
            $0.member("loadMilliseconds", load)
            $0.member("firstRowMilliseconds", first)
            $0.member("oneRowMedianMicroseconds", times.oneRow.median)
            $0.member("oneRowP99Microseconds", times.oneRow.p99)
            $0.member("batchRows", Self.batchRows)
            $0.member("batchNanosecondsPerRow", times.batchRow)
            $0.member("kernels", kernels)
            alternatives.write(to: &$0)
        }
    }
}
