import MaxIR
import MaxLearning
import MaxRuntime

/// The graph that makes features of a table's columns: what training and serving share.
public struct FittedFeatures: Sendable {
    /// Inputs and nodes so far.
    public var builder: GraphBuilder
    /// `[N, k]` of `element`.
    public var matrix: ValueID
    /// k of them.
    public var columns: [FeatureMatrix.Column]
    /// For each feature, the columns of the table that it is made of.
    public var sources: [[Text]]
    /// f32 or f64.
    public var element: ElementType
    let held: [Held]
    let fittedRows: Int

    /// Values of a feature that hold in training only, one per row that was learned from.
    struct Held: Sendable {
        let column: Int
        let values: [Double]
    }

    /// The features of `rows` of a table with the same columns, computed by the runtime.
    ///
    /// - Parameter training: target-encoded columns hold their cross-fitted values; for the table and rows that were learned from.
    public func matrix(of table: Table, rows mask: [Bool]? = nil, threads: Int = 1, training: Bool = false) throws(MaxError)
        -> FeatureMatrix
    {
        let rows = try RowSelection(mask, of: table)
        if training, rows.count != fittedRows {
            throw MaxError(.usage, "features: found \(rows.count) rows, expected the \(fittedRows) that were learned from")
        }
        let out = try FeatureMatrix(rows: rows.count, columns: columns, element: element)
        let run = try GraphRun(try GraphRun.slice(builder, giving: [matrix]), on: table, rows: rows)
        let (width, count, element) = (columns.count, rows.count, element)
        try run.run(threads: threads) { context, kept, place in
            if element == .f32 {
                let columns = (0..<width).map { out.values.assumingMemoryBound(to: Float.self) + $0 * count }
                GraphRun.spread(context, 0, kept: kept, place: place, into: columns) { (x: Float) in x }
            } else {
                let columns = (0..<width).map { out.values.assumingMemoryBound(to: Double.self) + $0 * count }
                GraphRun.spread(context, 0, kept: kept, place: place, into: columns) { (x: Double) in x }
            }
        }
        guard training else { return out }
        for entry in held {
            for row in 0..<count {
                if element == .f32 {
                    out.f32(entry.column)[row] = Float(entry.values[row])
                } else {
                    out.f64(entry.column)[row] = entry.values[row]
                }
            }
        }
        return out
    }
}
