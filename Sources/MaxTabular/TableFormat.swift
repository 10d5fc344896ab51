import CArrowABI

/// How a table is written down. The raw value is what commands take after `--input-format` and `--output-format`.
public enum TableFormat: String, Sendable, CaseIterable {
    case parquet
    case csv
    /// CSV with tabs.
    case tsv
    /// Arrow IPC with an index at its end. Read, it may also be the stream form, and the other way round.
    case arrow
    /// Arrow IPC as a stream.
    case arrowStream = "arrow-stream"
    /// A JSON object per line.
    case ndjson

    /// What the name of a file says about it, or nil.
    public init?(path: String) {
        let name = path.split(separator: "/").last.map(String.init) ?? path
        guard let dot = name.lastIndex(of: "."), dot != name.startIndex else { return nil }
        switch name[name.index(after: dot)...].lowercased() {
        case "parquet", "pq": self = .parquet
        case "csv": self = .csv
        case "tsv", "tab": self = .tsv
        case "arrow", "feather", "ipc": self = .arrow
        case "arrows": self = .arrowStream
        case "ndjson", "jsonl": self = .ndjson
        default: return nil
        }
    }

    /// As `init(path:)`, also for text that is compressed (`.csv.gz`): reading sees that by itself.
    init?(readPath path: String) {
        for suffix in [".gz", ".zst"] where path.lowercased().hasSuffix(suffix) {
            self.init(path: String(path.dropLast(suffix.count)))
            return
        }
        self.init(path: path)
    }

    var code: Int32 {
        switch self {
        case .parquet: Int32(MAXAI_ARROW_PARQUET)
        case .csv, .tsv: Int32(MAXAI_ARROW_CSV)
        case .arrow: Int32(MAXAI_ARROW_IPC_FILE)
        case .arrowStream: Int32(MAXAI_ARROW_IPC_STREAM)
        case .ndjson: Int32(MAXAI_ARROW_NDJSON)
        }
    }

    var delimiter: UInt8 { self == .tsv ? UInt8(ascii: "\t") : 0 }

    static var names: String { allCases.map(\.rawValue).joined(separator: ", ") }
}
