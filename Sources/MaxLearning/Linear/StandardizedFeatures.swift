import COpenBLAS
import MaxIR

/// Features as f64, each column shifted and scaled to mean 0 and variance 1 for the solvers' sake: weights are told in the
/// columns' own units, and penalties count there.
final class StandardizedFeatures: @unchecked Sendable {
    let rows: Int
    let columns: Int
    /// Column by column.
    let values: Block<Double>
    let means: [Double]
    /// 1 where a column is constant.
    let scales: [Double]
    /// Rows whose sums are made in one go, whatever the number of threads: part of the result's definition.
    static let blockRows = 1 << 13

    /// - Throws: `.malformed` naming a column with a value that is missing or infinite.
    init(_ features: FeatureMatrix, weights: [Double]?, centers: Bool, crew: Crew) throws(MaxError) {
        rows = features.rows
        columns = features.columns.count
        let (rows, columns) = (rows, columns)
        let values = Block<Double>(try elementCount(of: [rows, columns]), 0)
        let moments = Block<Double>(columns * 2, 0)
        let bad = Block<Int>(columns, -1)
        openblas_set_num_threads(1)
        let total = weights.map { $0.reduce(0, +) } ?? Double(rows)
        crew.run { member in
            for column in stride(from: member, to: columns, by: crew.count) {
                let out = values.start + column * rows
                for row in 0..<rows {
                    out[row] = features.value(row: row, column: column)
                    if !out[row].isFinite, bad[column] < 0 { bad[column] = row }
                }
                var mean = 0.0
                for row in 0..<rows { mean += (weights?[row] ?? 1) * out[row] }
                mean = mean / total
                var square = 0.0
                for row in 0..<rows { square += (weights?[row] ?? 1) * (out[row] - mean) * (out[row] - mean) }
                let deviation = (square / total).squareRoot()
                let isConstant = deviation <= abs(mean) * 1e-13
                moments[column * 2] = centers ? mean : 0
                moments[column * 2 + 1] = isConstant ? 1 : deviation
                let (shift, factor) = (moments[column * 2], 1 / moments[column * 2 + 1])
                for row in 0..<rows { out[row] = isConstant && centers ? 0 : (out[row] - shift) * factor }
            }
        }
        for column in 0..<columns where bad[column] >= 0 {
            let found = features.value(row: bad[column], column: column)
            throw MaxError(
                .malformed,
                "feature \(features.columns[column].name.quoted): row \(bad[column]): found \(found), expected a finite number: add the step impute"
            )
        }
        self.values = values
        means = (0..<columns).map { moments[$0 * 2] }
        scales = (0..<columns).map { moments[$0 * 2 + 1] }
    }

    /// out = Z · v for the rows of `range`; `outputs` columns of v, one after the other; out row by row of the range, column by column.
    func product(_ range: Range<Int>, _ v: UnsafePointer<Double>, outputs: Int, into out: UnsafeMutablePointer<Double>) {
        cblas_dgemm(
            CblasColMajor, CblasNoTrans, CblasNoTrans, Int32(range.count), Int32(outputs), Int32(columns), 1,
            values.start + range.lowerBound,
            Int32(rows), v, Int32(columns), 0, out, Int32(range.count))
    }

    /// out = Zᵀ · r for the rows of `range`.
    func transposed(_ range: Range<Int>, _ r: UnsafePointer<Double>, outputs: Int, into out: UnsafeMutablePointer<Double>) {
        cblas_dgemm(
            CblasColMajor, CblasTrans, CblasNoTrans, Int32(columns), Int32(outputs), Int32(range.count), 1, values.start + range.lowerBound,
            Int32(rows), r, Int32(range.count), 0, out, Int32(columns))
    }
}
