import CArrowABI
import MaxIR

/// Writes a table batch by batch.
///
/// A local file takes its name only in `finish`, whole and on disk: whatever happens before, there is no half of it.
/// Pipes, devices and remote objects are written as the batches come. Not safe for use by two threads at a time.
public final class TableWriter {
    public struct Options: Sendable {
        public var threads = 1
        /// Encode a batch on a thread of its own while the caller makes the next one. A failure may then come out of the
        /// call after the one that it belongs to.
        public var writeBehind = true
        /// Of Parquet and Arrow files.
        public var compression = Compression.zstd

        public init() {}
    }

    public enum Compression: String, Sendable, CaseIterable {
        case zstd, snappy, none
    }

    /// One column of a batch.
    public enum Values {
        case made(ColumnBuffer)
        /// A column of a batch that was read, or some rows of it in a row: handed on without a copy.
        case kept(RecordBatch, column: Int, rows: Range<Int>? = nil)
    }

    public let location: String
    public let format: TableFormat
    public let columns: [OutputColumn]

    private let plugin: maxai_arrow_plugin
    private var writer: OpaquePointer?

    /// - Parameters:
    ///   - location: a path, a URI (`s3://bucket/key`), or `-` for standard output.
    ///   - format: nil to take it from the name.
    /// - Throws: `.usage` if the format cannot be told, `.io` if the place cannot be written to, `.unsupported` if the
    ///   format has no form for a column.
    public init(
        _ location: String, format: TableFormat? = nil, columns: [OutputColumn], options: Options = Options()
    ) throws(MaxError) {
        let place = location == "-" ? "standard output" : "'\(location)'"
        guard !location.utf8.contains(0) else { throw MaxError(.usage, "\(place): a path cannot contain a zero byte") }
        guard var format = format ?? TableFormat(path: location) else {
            throw MaxError(.usage, "cannot tell the table format of \(place): expected one of \(TableFormat.names)")
        }
        if location == "-", format == .arrow { format = .arrowStream }
        self.location = location
        self.format = format
        self.columns = columns
        plugin = try ArrowPlugin.shared()

        var given = maxai_arrow_write_options()
        given.descriptor = location == "-" ? 1 : -1
        given.format = format.code
        given.threads = Int32(clamping: options.threads)
        given.write_behind = options.writeBehind ? 1 : 0
        given.delimiter = CChar(bitPattern: format.delimiter)
        var schema = ArrowSchema(columns)
        var failure = maxai_arrow_failure()
        var created: OpaquePointer?
        let plugin = plugin
        let code = withCStrings([Array(location.utf8), Array(options.compression.rawValue.utf8)]) { strings in
            given.location = strings?[0]
            given.compression = strings?[1]
            return plugin.create(&given, &schema, &created, &failure)
        }
        guard code == 0, let created else { throw MaxError(failure, "cannot write \(place)") }
        writer = created
    }

    deinit {
        if let writer { plugin.discard(writer) }
    }

    private var place: String { location == "-" ? "standard output" : "'\(location)'" }

    /// Writes `rows` rows. The memory of `values` is held until it is written; do not change it any more.
    ///
    /// - Throws: `.internal` if a column is not what was announced; otherwise as the system says.
    public func write(rows: Int, _ values: [Values]) throws(MaxError) {
        guard let writer else { throw MaxError(.internal, "\(place): the table is finished") }
        guard values.count == columns.count else {
            throw MaxError(.internal, "\(place): \(values.count) columns, expected \(columns.count)")
        }
        for (column, value) in zip(columns, values) { try check(column, value, rows) }
        let children = zip(columns, values).compactMap { column, value in
            switch value {
            case .made(let buffer): ArrowArray(buffer, isList: column.listLength != nil)
            case .kept(let batch, let index, let range): ArrowArray(batch, column: index, rows: range ?? 0..<batch.rows)
            }
        }
        var array = ArrowArray(length: rows, missing: 0, buffers: [nil], children: children, owner: nil)
        var failure = maxai_arrow_failure()
        guard plugin.write(writer, &array, &failure) == 0 else { throw MaxError(failure, "cannot write \(place)") }
    }

    /// Completes the table. Nothing can be written after it.
    public func finish() throws(MaxError) {
        guard let writer else { throw MaxError(.internal, "\(place): the table is finished") }
        self.writer = nil
        defer { plugin.discard(writer) }
        var failure = maxai_arrow_failure()
        guard plugin.finish(writer, &failure) == 0 else { throw MaxError(failure, "cannot write \(place)") }
    }

    private func check(_ column: OutputColumn, _ value: Values, _ rows: Int) throws(MaxError) {
        let format: String?
        let found: (rows: Int, width: Int)
        switch value {
        case .made(let buffer):
            (format, found) = (buffer.element.arrowFormat, (buffer.rows, buffer.width))
        case .kept(let batch, let index, let range):
            let range = range ?? 0..<batch.rows
            guard range.lowerBound >= 0, range.upperBound <= batch.rows else {
                throw MaxError(.internal, "\(place): rows \(range) of a batch of \(batch.rows)")
            }
            (format, found) = (batch.format(index), (range.count, 1))
        }
        guard format == column.format, found == (rows, column.listLength ?? 1) else {
            throw MaxError(
                .internal,
                "\(place): column \(column.name.quoted): found \(found.rows) × \(found.width) of '\(format ?? "?")', "
                    + "expected \(rows) × \(column.listLength ?? 1) of '\(column.format)'")
        }
    }
}
