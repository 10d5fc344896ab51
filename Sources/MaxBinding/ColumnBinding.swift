import MaxIR
import MaxRuntime
import MaxTabular

/// Which columns of the table feed which columns of the model, and which are only handed on.
public struct ColumnBinding {
    /// Positions among the table's columns to read: the model's first, then those kept besides.
    public private(set) var selected: [Int] = []
    /// Positions among `selected` to hand on.
    public private(set) var kept: [Int] = []
    private let schema: Schema

    /// How a table for this model is read: its columns' types where the source has none.
    public static func options(_ schema: Schema, batchRows: Int = 1 << 16) -> TableReader.Options {
        var options = TableReader.Options()
        options.batchRows = batchRows
        // Times are recognized by what they look like: asked for by type, they would need a zone.
        options.types = schema.columns.filter { $0.element != .timestamp }.map { ($0.name, $0.element == .f32 ? .f64 : $0.element) }
        return options
    }

    /// By name; a matrix without column names takes the numeric columns by position where there are exactly as many.
    ///
    /// - Throws: `.malformed` naming the columns that the table lacks, and those that it has.
    public init(_ schema: Schema, _ table: TableReader, keep: [Text]?) throws(MaxError) {
        self.schema = schema
        var positions: [Text: Int] = [:]
        for (index, column) in table.columns.enumerated() where positions[column.name] == nil { positions[column.name] = index }
        let missing = schema.columns.filter { positions[$0.name] == nil }
        if missing.isEmpty {
            selected = schema.columns.compactMap { positions[$0.name] }
        } else {
            let keptNames = Set(keep ?? [])
            let numeric = table.columns.indices.filter {
                table.columns[$0].element?.isNumeric == true && !keptNames.contains(table.columns[$0].name)
            }
            guard schema.inputs.count == 1, schema.inputs[0].width > 1, numeric.count == schema.inputs[0].width else {
                let names = missing.prefix(8).map(\.name.quoted).joined(separator: ", ") + (missing.count > 8 ? ", …" : "")
                let found = table.columns.prefix(16).map(\.name.quoted).joined(separator: ", ") + (table.columns.count > 16 ? ", …" : "")
                throw MaxError(
                    .malformed, "\(table.location): \(missing.count) columns that the model needs are missing: \(names): found \(found)")
            }
            selected = numeric
        }
        for name in keep ?? [] {
            guard let position = positions[name] else { throw MaxError(.malformed, "--keep: the table has no column \(name.quoted)") }
            if let known = selected.firstIndex(of: position) {
                kept.append(known)
            } else {
                kept.append(selected.count)
                selected.append(position)
            }
        }
    }

    /// The model's columns of one batch, in the order of its schema.
    public func views(_ batch: RecordBatch) -> [ColumnView] {
        batch.columns.prefix(schema.columns.count).map(ColumnView.init)
    }
}

extension ColumnView {
    /// A column of a batch, where Arrow has it; valid as long as the batch.
    public init(_ column: RecordBatch.Column) {
        let offsets: ColumnView.Offsets? =
            switch column.offsets {
            case .narrow(let p): .narrow(p)
            case .wide(let p): .wide(p)
            case nil: nil
            }
        self.init(
            column.element, column.values, strideBytes: column.element.byteCount ?? 0, offsets: offsets, validity: column.validity,
            validityOffset: column.validityOffset, isBitmap: column.element == .bool, bitOffset: column.bitOffset)
    }
}
