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
    /// Microseconds of a call with one row: median and 99th percentile.
    var oneRow = (median: 0.0, p99: 0.0)
    /// Nanoseconds per row of a call with `batchRows` rows, the median of all calls.
    var batchRow = 0.0
    let kernels: String
    static let batchRows = 4096
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
        let rows = GoldenColumns(golden.inputs, model.schema)
        let begun = monotonicSeconds()
        let single = try model.makeContext(maximumRows: 1)
        try rows.predict(single, rows: 1)
        first = (monotonicSeconds() - begun) * 1e3
        let one = try Self.times { () throws(MaxError) in try rows.predict(single, rows: 1) }
        oneRow = (one[one.count / 2] * 1e6, one[one.count * 99 / 100] * 1e6)
        let many = GoldenColumns(golden.inputs, model.schema, repeatedTo: Self.batchRows)
        let context = try model.makeContext(maximumRows: Self.batchRows)
        let batches = try Self.times { () throws(MaxError) in try many.predict(context, rows: Self.batchRows) }
        batchRow = batches[batches.count / 2] * 1e9 / Double(Self.batchRows)
    }

    /// The sorted seconds of as many calls as fit into the time.
    private static func times(_ body: () throws(MaxError) -> Void) throws(MaxError) -> [Double] {
        var times: [Double] = []
        let end = monotonicSeconds() + seconds
        repeat {
            let start = monotonicSeconds()
            try body()
            times.append(monotonicSeconds() - start)
        } while monotonicSeconds() < end
        return times.sorted()
    }

    func show() {
        print("load            \(rounded(load)) ms, golden rows replayed")
        print("first row       \(rounded(first)) ms")
        print("one row         \(rounded(oneRow.median)) us median, \(rounded(oneRow.p99)) us 99th percentile")
        print("batch of \(Self.batchRows)   \(rounded(batchRow)) ns per row")
        print("kernels         \(kernels)")
    }

    func write(to json: inout JSONWriter) {
        json.object {
            $0.member("loadMilliseconds", load)
            $0.member("firstRowMilliseconds", first)
            $0.member("oneRowMedianMicroseconds", oneRow.median)
            $0.member("oneRowP99Microseconds", oneRow.p99)
            $0.member("batchRows", Self.batchRows)
            $0.member("batchNanosecondsPerRow", batchRow)
            $0.member("kernels", kernels)
        }
    }

    private func rounded(_ x: Double) -> String {
        let hundredths = Int((x * 100).rounded())
        let rest = "\(hundredths % 100)"
        return "\(hundredths / 100).\(rest.utf8.count < 2 ? "0" : "")\(rest)"
    }
}

/// Golden inputs as columns in memory that stays.
private final class GoldenColumns {
    private var views: [ColumnView] = []
    private var memory: [UnsafeMutableRawPointer] = []
    /// The views where calls read them; made by the first.
    private var buffer = UnsafeMutableBufferPointer<ColumnView>(start: nil, count: 0)

    /// - Parameter count: the rows are repeated until there are as many; nil takes them as they are.
    init(_ tensors: [Tensor], _ schema: Schema, repeatedTo count: Int? = nil) {
        for (port, tensor) in zip(schema.inputs, tensors) {
            let given = tensor.count / max(port.width, 1)
            let rows = count ?? given
            for k in 0..<port.width {
                let indices = (0..<rows).map { ($0 % max(given, 1)) * port.width + k }
                views.append(column(tensor.storage.picking(indices)))
            }
        }
    }

    deinit {
        for block in memory { block.deallocate() }
        buffer.deallocate()
    }

    func predict(_ context: Context, rows: Int) throws(MaxError) {
        if buffer.isEmpty {
            buffer = .allocate(capacity: views.count)
            _ = buffer.initialize(from: views)
        }
        try context.predict(UnsafeBufferPointer(buffer), rows: rows)
    }

    private func column(_ storage: TensorStorage) -> ColumnView {
        guard case .string(let texts) = storage else {
            let bytes: UnsafeRawPointer = block(of: storage)
            return ColumnView(storage.elementType, bytes, strideBytes: storage.elementType.byteCount ?? 1)
        }
        var ends: [Int64] = [0]
        for text in texts { ends.append((ends.last ?? 0) + Int64(text.utf8.count)) }
        let bytes = texts.flatMap(\.utf8).withUnsafeBytes { block(copying: $0) }
        let offsets = ends.withUnsafeBytes { block(copying: $0) }.assumingMemoryBound(to: Int64.self)
        return ColumnView(.string, bytes, strideBytes: 0, offsets: .wide(offsets))
    }

    private func block(of storage: TensorStorage) -> UnsafeRawPointer {
        var made: UnsafeRawPointer?
        storage.withBytes { made = block(copying: $0) }
        return made ?? block(copying: UnsafeRawBufferPointer(start: nil, count: 0))
    }

    private func block(copying bytes: UnsafeRawBufferPointer) -> UnsafeRawPointer {
        let block = UnsafeMutableRawPointer.allocate(byteCount: max(bytes.count, 1), alignment: 64)
        if let start = bytes.baseAddress { block.copyMemory(from: start, byteCount: bytes.count) }
        memory.append(block)
        return UnsafeRawPointer(block)
    }
}
