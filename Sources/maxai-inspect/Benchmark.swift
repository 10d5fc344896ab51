import MaxCommand
import MaxFormats
import MaxIR
import MaxRuntime

/// How long loading and scoring take on this machine, on the bundle's own golden rows.
struct Benchmark {
    /// Milliseconds from the path to a model that has replayed its golden rows.
    var load = 0.0
    /// Milliseconds from there to the first row's prediction, a context included.
    var first = 0.0
    let times: ScoringTimes
    let kernels: String
    /// What this machine can run the model on.
    let alternatives: [KernelTimes]
    static let batchRows = 4096

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
        let rows = GoldenColumns(golden.inputs, model.schema, drawn: Self.batchRows, starts: 512)
        let begun = monotonicSeconds()
        try rows.predict(try model.makeContext(maximumRows: 1), rows: 1)
        first = (monotonicSeconds() - begun) * 1e3
        times = try ScoringTimes(model, rows, seconds: 0.5)
        alternatives = try KernelTimes.all(of: model, rows)
    }

    func show() {
        print("load            \(rounded(load)) ms, golden rows replayed")
        print("first row       \(rounded(first)) ms")
        print("one row         \(rounded(times.median)) us median, \(rounded(times.p99)) us 99th percentile")
        print("batch of \(Self.batchRows)   \(rounded(times.batchRow)) ns per row")
        print("kernels         \(kernels)")
        print(
            "\nkernels of this machine: one row, batch of \(Self.batchRows) (* is the plan's choice; MAXAI_KERNELS=NAME forces one)")
        for entry in alternatives {
            let name = padded(entry.name + (entry.isChosen ? " *" : ""), 24)
            print("  \(name)\(padded("\(rounded(entry.times.median)) us", 14))\(rounded(entry.times.batchRow)) ns per row")
        }
    }

    func write(to json: inout JSONWriter) {
        json.object { json in
            json.member("loadMilliseconds", load)
            json.member("firstRowMilliseconds", first)
            times.write(to: &json)
            json.member("batchRows", Self.batchRows)
            json.member("kernels", kernels)
            json.member(
                "alternatives",
                array: { json in
                    for entry in alternatives {
                        json.object {
                            $0.member("kernels", entry.name)
                            $0.member("isChosen", entry.isChosen)
                            entry.times.write(to: &$0)
                        }
                    }
                })
        }
    }

    private func rounded(_ x: Double) -> String {
        let hundredths = Int((x * 100).rounded())
        let rest = "\(hundredths % 100)"
        return "\(hundredths / 100).\(rest.utf8.count < 2 ? "0" : "")\(rest)"
    }
}
