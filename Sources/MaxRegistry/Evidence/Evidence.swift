import Glibc
import MaxFormats
import MaxIR
import MaxRuntime

/// What evidence says, as the JSON that somebody signs (formats/registry.md, §6).
package enum Evidence {
    /// An evaluation (formats/evaluation.md) with the data that it was measured on.
    ///
    /// - Throws: `.malformed` when it is none.
    package static func evaluation(_ bytes: [UInt8], dataset: BlobDigest?, time: Timestamp) throws(MaxError) -> [UInt8] {
        let root = Member(try JSONReader.read(bytes), "evaluation")
        try root.member("format").expect("maxai-evaluation")
        _ = try root.member("metrics").elements()
        var json = JSONWriter()
        json.object { json in
            json.member("time", time.text)
            if let dataset { json.member("dataset", dataset.name) }
            json.member("evaluation", json: bytes)
        }
        return json.bytes
    }

    /// The golden rows run on this machine: how many there are, and by how many units in the last place an output is off.
    ///
    /// - Throws: `.contentMismatch` only where rows cannot be compared: another shape or type.
    package static func parity(_ bundle: Bundle, time: Timestamp) throws(MaxError) -> [UInt8] {
        let graph = try bundle.graph()
        let golden = try bundle.golden(for: graph)
        let model = try Model(graph: graph, info: bundle.info, background: try bundle.background(for: graph))
        var largest: UInt64 = 0
        if let golden {
            for (found, expected) in zip(try model.predict(golden.inputs), golden.outputs) {
                guard found.shape == expected.shape, found.elementType == expected.elementType else {
                    throw MaxError(.contentMismatch, "golden rows: found \(found.type), expected \(expected.type)")
                }
                largest = max(largest, distance(found.storage, expected.storage))
            }
        }
        var json = JSONWriter()
        json.object { json in
            json.member("time", time.text)
            json.member("rows", golden?.inputs.first?.shape.first ?? 0)
            json.member("maxUlp", min(largest, 1 << 53))
            json.member("kernels", model.plan.summary)
        }
        return json.bytes
    }

    /// The largest distance in units of the last place; 2^53 where elements that are no floats differ.
    private static func distance(_ a: TensorStorage, _ b: TensorStorage) -> UInt64 {
        func steps<Bits: FixedWidthInteger & SignedInteger>(_ x: Bits, _ y: Bits) -> UInt64 {
            // Sign and magnitude as a line of integers, on which neighbours are neighbours.
            let (p, q) = (x < 0 ? Bits.min &- x : x, y < 0 ? Bits.min &- y : y)
            return UInt64((p > q ? Int64(p) &- Int64(q) : Int64(q) &- Int64(p)).magnitude)
        }
        switch (a, b) {
        case (.f64(let a), .f64(let b)):
            return zip(a, b).map { $0.isNaN && $1.isNaN ? 0 : steps(Int64(bitPattern: $0.bitPattern), Int64(bitPattern: $1.bitPattern)) }
                .max()
                ?? 0
        case (.f32(let a), .f32(let b)):
            return zip(a, b).map { $0.isNaN && $1.isNaN ? 0 : steps(Int32(bitPattern: $0.bitPattern), Int32(bitPattern: $1.bitPattern)) }
                .max()
                ?? 0
        default: return a == b ? 0 : 1 << 53
        }
    }

    /// Whether what was built again has the same content.
    package static func rebuild(_ bundle: Bundle, again: Bundle, time: Timestamp) -> [UInt8] {
        var json = JSONWriter()
        json.object { json in
            json.member("time", time.text)
            json.member("equal", bundle.root == again.root)
            json.member("root", bundle.root.hex)
            json.member("rebuiltRoot", again.root.hex)
        }
        return json.bytes
    }

    /// Nanoseconds of single golden rows, in turn with those of another version, so that what disturbs one disturbs both.
    ///
    /// - Throws: `.evidenceMissing` when a bundle has no golden rows to run.
    package static func latency(_ bundle: Bundle, against other: Bundle?, manifest: BlobDigest?, samples: Int, time: Timestamp)
        throws(MaxError) -> [UInt8]
    {
        guard (20...100_000).contains(samples) else { throw MaxError(.usage, "--samples \(samples), expected 20 to 100000") }
        let mine = try Stopwatch(bundle)
        let others = try other.map { bundle throws(MaxError) in try Stopwatch(bundle) }
        var (times, otherTimes): ([Double], [Double]) = ([], [])
        for round in 0..<samples + samples / 10 {
            let (a, b) = (try mine.sample(round), try others?.sample(round))
            // The first tenth warms up.
            guard round >= samples / 10 else { continue }
            times.append(a)
            if let b { otherTimes.append(b) }
        }
        var json = JSONWriter()
        json.object { json in
            json.member("time", time.text)
            json.member("kernels", mine.model.plan.summary)
            json.member("nanoseconds", array: { json in for value in times { json.value(value) } })
            if let manifest {
                json.member("against", manifest.name)
                json.member("againstNanoseconds", array: { json in for value in otherTimes { json.value(value) } })
            }
        }
        return json.bytes
    }

    /// A model with its golden rows one by one.
    private struct Stopwatch {
        private static let calls = 16
        let model: Model
        private let context: Context
        private let rows: [ColumnSource]

        init(_ bundle: Bundle) throws(MaxError) {
            let graph = try bundle.graph()
            guard let golden = try bundle.golden(for: graph), let count = golden.inputs.first?.shape.first, count > 0 else {
                throw MaxError(
                    .evidenceMissing, "\(bundle.info.name.string)@\(bundle.info.version.string): the bundle has no golden rows to run")
            }
            let model = try Model.load(bundle)
            self.model = model
            context = try model.makeContext(maximumRows: 1)
            var rows: [ColumnSource] = []
            for row in 0..<min(count, 64) {
                var tensors: [Tensor] = []
                for input in golden.inputs {
                    let width = input.shape.dropFirst().reduce(1, *)
                    tensors.append(
                        try Tensor(
                            shape: [1] + input.shape.dropFirst(), input.storage.picking(Array(row * width..<(row + 1) * width))))
                }
                rows.append(ColumnSource(tensors, schema: model.schema))
            }
            self.rows = rows
        }

        /// Of one call, as the mean of several.
        func sample(_ round: Int) throws(MaxError) -> Double {
            let row = rows[round % rows.count]
            var (start, end) = (timespec(), timespec())
            clock_gettime(CLOCK_MONOTONIC, &start)
            for _ in 0..<Self.calls { try row.predict(context, rows: 1) }
            clock_gettime(CLOCK_MONOTONIC, &end)
            return (Double(end.tv_sec - start.tv_sec) * 1e9 + Double(end.tv_nsec - start.tv_nsec)) / Double(Self.calls)
        }
    }
}
