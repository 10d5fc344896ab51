import COpenBLAS
import MaxIR

/// Features as f64, row by row, none of them missing.
final class CompleteRows: @unchecked Sendable {
    let rows: Int
    let columns: Int
    let values: Block<Double>
    /// Rows whose sums are made in one go, whatever the number of threads: part of the result's definition.
    static let blockRows = 1 << 11

    /// - Throws: `.malformed` naming a column with a value that is missing or infinite.
    init(_ features: FeatureMatrix, crew: Crew) throws(MaxError) {
        (rows, columns) = (features.rows, features.columns.count)
        let (rows, columns) = (rows, columns)
        let values = Block<Double>(try elementCount(of: [rows, columns]), 0)
        let bad = Block<Int>(columns, -1)
        openblas_set_num_threads(1)
        crew.run { member in
            for column in stride(from: member, to: columns, by: crew.count) {
                for row in 0..<rows {
                    let value = features.value(row: row, column: column)
                    values.start[row * columns + column] = value
                    if !value.isFinite, bad[column] < 0 { bad[column] = row }
                }
            }
        }
        for column in 0..<columns where bad[column] >= 0 {
            throw features.unusable(row: bad[column], column: column, "a finite number: add the step impute")
        }
        self.values = values
    }

    func row(_ row: Int) -> UnsafeMutablePointer<Double> { values.start + row * columns }

    /// Σ over the columns of x².
    func squareNorm(_ row: Int) -> Double {
        let x = self.row(row)
        var sum = 0.0
        for column in 0..<columns { sum += x[column] * x[column] }
        return sum
    }

    /// out = X · B for the rows of `range`: `[range.count, width]`, row by row; b is `[columns, width]`, or its transpose.
    func product(
        _ range: Range<Int>, _ b: UnsafePointer<Double>, width: Int, isTransposed: Bool, into out: UnsafeMutablePointer<Double>
    ) {
        cblas_dgemm(
            CblasRowMajor, CblasNoTrans, isTransposed ? CblasTrans : CblasNoTrans, Int32(range.count), Int32(width), Int32(columns), 1,
            row(range.lowerBound), Int32(columns), b, Int32(isTransposed ? columns : width), 0, out, Int32(width))
    }
}

extension FeatureMatrix {
    /// What a value that cannot be learned from is called.
    func unusable(row: Int, column: Int, _ expected: String) -> MaxError {
        MaxError(
            .malformed,
            "feature \(columns[column].name.quoted): row \(row): found \(value(row: row, column: column)), expected \(expected)")
    }
}
