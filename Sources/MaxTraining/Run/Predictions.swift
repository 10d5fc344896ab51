import MaxIR
import MaxTabular

/// Predictions of a training run, for comparison with what is served later.
public struct Predictions: Sendable {
    /// Rows of the table that they are for.
    public let rows: [Int]
    /// Names as the graph's outputs have them; `rows.count × width` values each.
    public let outputs: [(name: Text, values: [Double])]

    init(_ held: HeldOut, output: Text) {
        rows = held.rows
        outputs = [("raw", held.raw), (output, held.prediction)]
    }

    /// Writes a table with a column `row` and one for each output, `name_0 …` where it has several values.
    public func write(to path: String) throws(MaxError) {
        var columns: [OutputColumn] = [try OutputColumn("row", .i64)]
        var buffers: [ColumnBuffer] = [try ColumnBuffer(.i64, rows: rows.count)]
        for (place, row) in rows.enumerated() { buffers[0].values.assumingMemoryBound(to: Int64.self)[place] = Int64(row) }
        for (name, values) in outputs {
            let width = rows.isEmpty ? 1 : values.count / rows.count
            for column in 0..<width {
                columns.append(try OutputColumn(width == 1 ? name : Text("\(name)_\(column)"), .f64))
                let buffer = try ColumnBuffer(.f64, rows: rows.count)
                for row in rows.indices { buffer.values.assumingMemoryBound(to: Double.self)[row] = values[row * width + column] }
                buffers.append(buffer)
            }
        }
        let writer = try TableWriter(path, columns: columns)
        try writer.write(rows: rows.count, buffers.map { .made($0) })
        try writer.finish()
    }
}
