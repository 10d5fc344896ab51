import MaxBinding
import MaxIR
import MaxRuntime
import MaxTabular

/// A table in memory, as the batches that it was read in. Immutable.
public final class Table: @unchecked Sendable {
    /// Where it was read from, in order.
    public let locations: [String]
    public let columns: [TableColumn]
    public let batches: [RecordBatch]
    /// The first row of each batch; one more at the end, the number of rows.
    public let starts: [Int]

    public var rows: Int { starts[starts.count - 1] }

    /// Reads tables of equal columns, one after the other; a folder stands for the files in it.
    ///
    /// - Parameters:
    ///   - types: for columns whose source has no types (CSV, NDJSON).
    ///   - progress: called with the rows read so far.
    /// - Throws: `.malformed` for columns of equal names, or where a table's columns are not those of the first;
    ///   otherwise what reading throws.
    public static func read(
        _ locations: [String], types: [(name: Text, element: ElementType)] = [], threads: Int = 1, progress: (Int) -> Void = { _ in }
    ) throws(MaxError) -> Table {
        var options = TableReader.Options()
        options.types = types
        options.threads = threads
        var columns: [TableColumn] = []
        var batches: [RecordBatch] = []
        var rows = 0
        for (index, location) in locations.enumerated() {
            let reader = try TableReader.open(location, options: options)
            let readable = reader.columns.filter { $0.element != nil }
            if index == 0 {
                columns = readable
                try checkNames(columns, location)
                // A later file that could be read in more ways than one takes the types of the first.
                for column in columns {
                    if let element = column.element, element != .timestamp { options.types.append((column.name, element)) }
                }
            } else {
                try check(readable, against: columns, location, locations[0])
            }
            try reader.select(columns.map(\.name))
            while let batch = try reader.next() {
                if batch.rows == 0 { continue }
                batches.append(batch)
                rows += batch.rows
                progress(rows)
            }
        }
        return Table(locations, columns, batches)
    }

    private init(_ locations: [String], _ columns: [TableColumn], _ batches: [RecordBatch]) {
        self.locations = locations
        self.columns = columns
        self.batches = batches
        var starts = [0]
        for batch in batches { starts.append(starts[starts.count - 1] + batch.rows) }
        self.starts = starts
    }

    public func index(of name: Text) -> Int? { columns.firstIndex { $0.name == name } }

    /// The columns at `indices` in batch `batch`, where Arrow has them; valid as long as the table.
    public func views(_ indices: [Int], batch: Int) -> [ColumnView] { indices.map { ColumnView(batches[batch].columns[$0]) } }

    private static func checkNames(_ columns: [TableColumn], _ location: String) throws(MaxError) {
        var seen = Set<Text>()
        for column in columns where !seen.insert(column.name).inserted {
            throw MaxError(.malformed, "\(location): two columns are called \(column.name.quoted): rename one")
        }
    }

    private static func check(_ found: [TableColumn], against first: [TableColumn], _ location: String, _ firstLocation: String)
        throws(MaxError)
    {
        for column in first {
            guard let other = found.first(where: { $0.name == column.name }) else {
                throw MaxError(.malformed, "\(location): no column \(column.name.quoted), which \(firstLocation) has")
            }
            guard other.element == column.element else {
                throw MaxError(
                    .malformed,
                    "\(location): column \(column.name.quoted) is \(other.element?.rawValue ?? other.sourceType), expected \(column.element?.rawValue ?? "?") as in \(firstLocation)"
                )
            }
        }
    }
}
