import MaxIR
import MaxSettings

/// What checks look at: a table, what was gathered of its columns, and the choices.
final class CheckedData {
    let table: TableBatches
    let columns: [ColumnAccumulator]
    let summaries: [ColumnSummary]
    /// The same of a second table, such as the one to validate with.
    let other: (table: TableBatches, columns: [ColumnAccumulator])?
    let targetName: Text?
    let target: Int?
    let settings: Settings
    let rows: Int
    private(set) lazy var hashes = CellHashes(table)
    private(set) lazy var classes = TargetClasses(self)

    init(_ table: TableBatches, other: TableBatches?, target: Text?, settings: Settings) throws(MaxError) {
        self.table = table
        self.settings = settings
        columns = try table.accumulated()
        summaries = zip(table.columns, columns).map { $1.summary($0.name) }
        if let other { self.other = (other, try other.accumulated()) } else { self.other = nil }
        targetName = target
        self.target = target.flatMap { name in table.columns.firstIndex { $0.name == name } }
        rows = table.rows
    }

    /// All columns but the target.
    var features: [(index: Int, summary: ColumnSummary)] {
        summaries.enumerated().filter { $0.offset != target }.map { ($0.offset, $0.element) }
    }
}

/// Numbers as sentences show them.
enum Shown {
    /// `3.25 %`: three digits.
    static func percent(_ share: Double) -> String { "\(number(share * 100)) %" }

    static func share(_ part: Int, of whole: Int) -> String {
        "\(part) of \(whole) (\(percent(whole == 0 ? 0 : Double(part) / Double(whole))))"
    }

    /// Three significant digits.
    static func number(_ value: Double) -> String {
        guard value.isFinite, value != 0 else { return "\(value == 0 ? 0 : value)" }
        var scale = 1.0
        while value.magnitude * scale < 100, scale < 1e12 { scale *= 10 }
        let rounded = (value * scale).rounded() / scale
        return rounded == rounded.rounded() && rounded.magnitude < 1e15 ? "\(Int64(rounded))" : "\(rounded)"
    }

    static func count(_ count: Int, _ one: String, _ many: String) -> String { "\(count) \(count == 1 ? one : many)" }
}
