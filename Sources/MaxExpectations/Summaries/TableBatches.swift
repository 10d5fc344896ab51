import MaxIR
import MaxRuntime

/// A table as it is checked: named columns of known types, and batches of rows that can be asked for again.
public struct TableBatches {
    public let columns: [(name: Text, element: ElementType)]
    /// The rows of each batch.
    public let batchRows: [Int]
    /// The columns of one batch, in order; what they point to must live as long as this table.
    public let views: (_ batch: Int) -> [ColumnView]

    public init(columns: [(name: Text, element: ElementType)], batchRows: [Int], views: @escaping (_ batch: Int) -> [ColumnView]) {
        self.columns = columns
        self.batchRows = batchRows
        self.views = views
    }

    public var rows: Int { batchRows.reduce(0, +) }

    /// Gathers all columns.
    ///
    /// - Throws: `.malformed` naming a column whose batches are not of its type.
    public func accumulated() throws(MaxError) -> [ColumnAccumulator] {
        let accumulators = columns.map { ColumnAccumulator($0.element) }
        for batch in batchRows.indices {
            let views = views(batch)
            guard views.count == columns.count else {
                throw MaxError(.malformed, "batch \(batch): found \(views.count) columns, expected \(columns.count)")
            }
            for (index, view) in views.enumerated() {
                do throws(MaxError) {
                    try accumulators[index].add(view, rows: batchRows[batch])
                } catch {
                    throw error.inside("column \(columns[index].name.quoted)")
                }
            }
        }
        return accumulators
    }

    /// Summaries of all columns.
    public func summaries() throws(MaxError) -> [ColumnSummary] {
        zip(columns, try accumulated()).map { column, accumulator in accumulator.summary(column.name) }
    }
}
