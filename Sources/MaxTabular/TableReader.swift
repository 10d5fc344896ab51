import CArrowABI
import MaxIR

/// Reads a table batch by batch: Parquet, CSV, Arrow IPC or NDJSON, from a file, a pipe or a remote file system.
///
///     let table = try TableReader.open("flights.parquet")
///     try table.select(["distance", "carrier"])
///     while let batch = try table.next() { ... }
///
/// Memory is bounded by the batch, not by the table; text formats also hold the 4 MiB that types are inferred from, and
/// their records have at most 1 MiB.
/// Values are as the source has them, except: dictionaries are decoded, decimals become the nearest `f64`, dates and
/// times become microseconds (those without a zone are taken as UTC). Not safe for use by two threads at a time.
public final class TableReader {
    public struct Options: Sendable {
        /// Rows of one batch, at most.
        public var batchRows = 1 << 16
        public var threads = 1
        /// Decode the next batch on a thread of its own while the caller works on this one.
        public var readAhead = true
        /// Texts that mean "missing" in CSV, when they stand without quotes. nil: empty, `NA`, `null` and their like, as
        /// Arrow and pandas have them, but not `NaN`, which stays a number.
        public var missingTexts: [String]?
        /// Types for where the source has none: CSV, NDJSON, and columns without a single value. Otherwise the first
        /// 4 MiB decide. Names that the source does not have are ignored. Without effect on other columns.
        public var types: [(name: Text, element: ElementType)] = []

        public init() {}
    }

    /// What was opened, as given.
    public let location: String
    /// Every column of the source.
    public let columns: [TableColumn]
    /// The columns of each batch.
    public private(set) var selected: [TableColumn] = []

    private let plugin: maxai_arrow_plugin
    private var reader: OpaquePointer?
    private var stream = ArrowArrayStream()
    private var isStarted = false

    /// Opens the table at `location`: a path, a URI (`s3://bucket/key`), or `-` for standard input.
    ///
    /// - Parameters:
    ///   - format: nil to find out by the first bytes and by the name.
    ///   - columns: as with `select`; nil to select later, or never for all that can be read.
    /// - Throws: `.io` if it cannot be opened, `.malformed` if it is damaged, `.unsupported` for forms that are not known.
    public static func open(
        _ location: String, format: TableFormat? = nil, columns: [Text]? = nil, options: Options = Options()
    ) throws(MaxError) -> TableReader {
        let table = try TableReader(location, format, options)
        if let columns { try table.select(columns) }
        return table
    }

    private init(_ location: String, _ format: TableFormat?, _ options: Options) throws(MaxError) {
        let place = location == "-" ? "standard input" : "'\(location)'"
        guard !location.utf8.contains(0) else { throw MaxError(.usage, "\(place): a path cannot contain a zero byte") }
        let plugin = try ArrowPlugin.shared()
        self.plugin = plugin
        self.location = location
        var opened: OpaquePointer?
        var failure = maxai_arrow_failure()
        let code = Self.withOptions(location, format, options) { plugin.open($0, &opened, &failure) }
        guard code == 0, let opened else { throw MaxError(failure, "cannot read \(place)") }
        reader = opened
        var described: UnsafePointer<maxai_arrow_column>?
        let count = Int(plugin.columns(opened, &described))
        columns = UnsafeBufferPointer(start: described, count: count).map { column in
            let format = column.format.map { String(cString: $0) } ?? ""
            let name = UnsafeRawBufferPointer(start: column.name, count: Int(column.name_bytes))
            return TableColumn(
                name: Text(utf8: Array(name)), element: ElementType(arrowFormat: format),
                sourceType: String(cString: column.source_type), format: format)
        }
    }

    deinit {
        stream.release?(&stream)
        if let reader { plugin.close(reader) }
    }

    private var place: String { location == "-" ? "standard input" : "'\(location)'" }

    /// Chooses the columns of the batches and their order, once, before the first batch. Others are not even decoded,
    /// where the format allows it.
    ///
    /// - Throws: `.malformed` if there is no column of a name, or more than one; `.unsupported` if it cannot be read.
    public func select(_ names: [Text]) throws(MaxError) {
        var indices: [Int] = []
        var positions: [Text: [Int]] = [:]
        for (index, column) in columns.enumerated() { positions[column.name, default: []].append(index) }
        for name in names {
            guard let found = positions[name] else {
                throw MaxError(.malformed, "\(place): no column \(name.quoted): found \(Self.listed(columns))")
            }
            guard found.count == 1 else {
                throw MaxError(.malformed, "\(place): \(found.count) columns are called \(name.quoted), expected one")
            }
            indices += found
        }
        try select(indices: indices)
    }

    /// As `select`, by position among `columns`.
    public func select(indices: [Int]) throws(MaxError) {
        guard !isStarted, let reader else { throw MaxError(.internal, "\(place): columns are already selected") }
        for index in indices {
            guard columns.indices.contains(index) else {
                throw MaxError(.internal, "\(place): column \(index) of \(columns.count)")
            }
            let column = columns[index]
            guard column.element != nil else {
                throw MaxError(
                    .unsupported,
                    "\(place): column \(column.name.quoted) is of type \(column.sourceType), "
                        + "expected numbers, texts, booleans or times")
            }
        }
        var failure = maxai_arrow_failure()
        let code = plugin.stream(reader, indices.map(Int32.init), Int64(indices.count), &stream, &failure)
        guard code == 0 else { throw MaxError(failure, "cannot read \(place)") }
        isStarted = true
        selected = indices.map { columns[$0] }
    }

    /// The next rows, or nil after the last. Batches may be of any length up to the limit, zero included.
    ///
    /// - Throws: `.malformed` where the table is damaged, `.io` where it cannot be read.
    public func next() throws(MaxError) -> RecordBatch? {
        if !isStarted { try select(indices: columns.indices.filter { columns[$0].element != nil }) }
        var array = ArrowArray()
        guard let getNext = stream.get_next, let getLastError = stream.get_last_error else { return nil }
        let code = getNext(&stream, &array)
        guard code == 0 else {
            let reason = getLastError(&stream).map { String(cString: $0) } ?? "error \(code)"
            throw MaxError(MaxError.Code(rawValue: code) ?? .internal, "cannot read \(place): \(reason)")
        }
        guard array.release != nil else { return nil }
        return try RecordBatch(array, columns: selected)
    }

    private static func listed(_ columns: [TableColumn]) -> String {
        let shown = columns.prefix(20).map(\.name.quoted).joined(separator: ", ")
        return columns.isEmpty ? "none" : columns.count > 20 ? "\(shown) and \(columns.count - 20) more" : shown
    }

    private static func withOptions(
        _ location: String, _ format: TableFormat?, _ options: Options,
        _ body: (UnsafePointer<maxai_arrow_read_options>) -> Int32
    ) -> Int32 {
        let likely = format ?? TableFormat(readPath: location)
        let types = options.types.filter { !$0.name.utf8.contains(0) && $0.element.arrowFormat != nil }
        return withCStrings([Array(location.utf8)]) { location in
            withCStrings((options.missingTexts ?? []).map { Array($0.utf8) }) { missing in
                withCStrings(types.map(\.name.utf8)) { names in
                    withCStrings(types.map { Array(($0.element.arrowFormat ?? "").utf8) }) { formats in
                        var given = maxai_arrow_read_options()
                        given.location = location?.pointee
                        given.descriptor = location?.pointee.map { String(cString: $0) } == "-" ? 0 : -1
                        given.format = format?.code ?? Int32(MAXAI_ARROW_UNKNOWN_FORMAT)
                        given.likely_format = likely?.code ?? Int32(MAXAI_ARROW_UNKNOWN_FORMAT)
                        given.threads = Int32(clamping: options.threads)
                        given.read_ahead = options.readAhead ? 1 : 0
                        given.batch_rows = Int64(options.batchRows)
                        given.delimiter = CChar(bitPattern: likely?.delimiter ?? 0)
                        given.nulls = missing
                        given.nulls_count = options.missingTexts == nil ? -1 : Int64(options.missingTexts?.count ?? 0)
                        given.typed_names = names
                        given.typed_formats = formats
                        given.typed_count = Int64(types.count)
                        return body(&given)
                    }
                }
            }
        }
    }
}
