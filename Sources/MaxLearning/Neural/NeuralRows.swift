import MaxIR

/// Rows of a perceptron: columns, and targets of regression, at mean 0 and variance 1.
final class NeuralRows: @unchecked Sendable {
    let rows: CompleteRows
    let target: [Double]
    /// Mean 1.
    let weights: [Double]
    let means: [Double]
    /// 1 where a column is constant.
    let scales: [Double]
    let targetMean: Double
    let targetScale: Double

    /// - Parameters:
    ///   - standardizes: whether columns are; targets always.
    ///   - like: whose means and scales are taken; nil: the rows' own.
    /// - Throws: `.malformed` naming a column with a value that is not finite, or whose variance is not.
    init(
        _ features: FeatureMatrix, target: [Double], weights: [Double]?, task: Task, standardizes: Bool, like: NeuralRows?, crew: Crew
    ) throws(MaxError) {
        let rows = try CompleteRows(features, crew: crew)
        let columns = rows.columns
        guard target.count == rows.rows, like.map({ $0.rows.columns == columns }) ?? true, rows.rows > 0 else {
            throw MaxError(.malformed, "held-out rows: \(target.count) targets for \(rows.rows) rows of \(columns) columns")
        }
        if let like {
            (means, scales, targetMean, targetScale) = (like.means, like.scales, like.targetMean, like.targetScale)
        } else {
            func sums(_ value: (Int, Double) -> Double) -> [Double] {
                OrderedChains(width: columns).total(of: rows.rows, size: CompleteRows.blockRows, crew: crew) { block, sums in
                    for row in block {
                        let x = rows.row(row)
                        for column in 0..<columns { sums[column] += value(column, x[column]) }
                    }
                }.map { $0 / Double(rows.rows) }
            }
            let means = sums { _, x in x }
            let deviations = sums { column, x in (x - means[column]) * (x - means[column]) }.map { $0.squareRoot() }
            if let column = deviations.firstIndex(where: { !$0.isFinite }) {
                throw MaxError(.malformed, "feature \(features.columns[column].name.quoted): its variance is not finite: scale it")
            }
            self.means = standardizes ? means : [Double](repeating: 0, count: columns)
            scales = zip(deviations, means).map { !standardizes || $0 <= abs($1) * 1e-13 ? 1 : $0 }
            if task == .regression {
                let mean = target.reduce(0) { $0 + $1 / Double(target.count) }
                let deviation = target.reduce(0) { $0 + ($1 - mean) * ($1 - mean) / Double(target.count) }.squareRoot()
                guard deviation.isFinite else { throw MaxError(.malformed, "target: its variance is not finite: scale it") }
                (targetMean, targetScale) = (mean, deviation <= abs(mean) * 1e-13 ? 1 : deviation)
            } else {
                (targetMean, targetScale) = (0, 1)
            }
        }
        let (shifts, sizes) = (self.means, scales)
        crew.pieces(of: rows.rows, size: CompleteRows.blockRows) { _, block in
            for row in block {
                let x = rows.row(row)
                for column in 0..<columns { x[column] = (x[column] - shifts[column]) / sizes[column] }
            }
        }
        self.rows = rows
        let (mean, scale) = (targetMean, targetScale)
        self.target = target.map { ($0 - mean) / scale }
        let total = weights?.reduce(0, +) ?? 0
        self.weights = weights.map { own in own.map { $0 * Double(own.count) / total } } ?? [Double](repeating: 1, count: target.count)
    }
}
