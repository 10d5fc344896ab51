import Glibc
import MaxIR
import MaxSettings

extension Learners {
    static let gaussianNaiveBayes = Learner(
        "gaussian_nb",
        "Naive Bayes with a normal distribution for each column and class. Source: scikit-learn GaussianNB.",
        tasks: [.binary, .multiclass], needs: [.complete, .numbers],
        settings: [
            Setting("smoothing", .number(0...1e6), 1e-9, "part of the largest variance of a column that is added to all variances"),
            Setting("uniform", .flag, false, "whether all classes are taken as equally frequent"),
        ],
        fit: { problem, settings throws(MaxError) in
            try GaussianNaiveBayes(problem, smoothing: settings.number("smoothing"), isUniform: settings.flag("uniform"))
        })
}

/// log P(class) - ½ Σ log 2πσ² - ½ Σ (x - μ)²/σ², for each class.
struct GaussianNaiveBayes: FittedModel {
    let columns: Int
    let logPriors: [Double]
    /// Per class, one for each column.
    let means: [Double]
    let variances: [Double]

    var importance: [Double]? { nil }
    var facts: [(name: String, value: String)] { [("classes", "\(logPriors.count)"), ("largest variance", "\(variances.max() ?? 0)")] }

    init(_ problem: Problem, smoothing: Double, isUniform: Bool) throws(MaxError) {
        try problem.check()
        let crew = try Crew(threads: problem.threads)
        let rows = try CompleteRows(problem.features, crew: crew)
        let columns = rows.columns
        let counts = ClassCounts(problem, rows, crew) { _, _, x in x }
        logPriors = try counts.logPriors(areUniform: isUniform)
        let means = counts.sums.indices.map { counts.sums[$0] / counts.weights[$0 / columns] }
        let squares = ClassCounts(problem, rows, crew) { own, column, x in
            let distance = x - means[own * columns + column]
            return distance * distance
        }
        let own = squares.sums.indices.map { squares.sums[$0] / counts.weights[$0 / columns] }
        let floor = smoothing * Self.largestVariance(rows, crew)
        variances = own.map { $0 + floor }
        if let place = variances.firstIndex(where: { !($0 > 0) }) {
            let column = place % columns
            throw MaxError(
                .malformed,
                "feature \(problem.features.columns[column].name.quoted): has no variance in class \(place / columns): raise smoothing")
        }
        if let place = variances.firstIndex(where: { !$0.isFinite }) {
            throw MaxError(
                .malformed, "feature \(problem.features.columns[place % columns].name.quoted): its variance is not finite: scale it")
        }
        self.means = means
        self.columns = columns
    }

    /// Of all columns, over all rows and whatever their weights, as scikit-learn takes it.
    private static func largestVariance(_ rows: CompleteRows, _ crew: Crew) -> Double {
        let columns = rows.columns
        func sums(_ value: (Int, Double) -> Double) -> [Double] {
            OrderedChains(width: columns).total(of: rows.rows, size: CompleteRows.blockRows, crew: crew) { block, sums in
                for row in block {
                    let x = rows.row(row)
                    for column in 0..<columns { sums[column] += value(column, x[column]) }
                }
            }
        }
        let count = Double(rows.rows)
        let means = sums { _, x in x }.map { $0 / count }
        return sums { column, x in (x - means[column]) * (x - means[column]) }.reduce(0) { max($0, $1 / count) }
    }

    func append(to graph: inout GraphBuilder, features: ValueID) throws(MaxError) -> ModelOutputs {
        let x = try graph.wide(features)
        var joint: [ValueID] = []
        for own in logPriors.indices {
            let place = own * columns..<(own + 1) * columns
            let distance = try graph.apply("sub", [x, try graph.vector(Array(means[place]))])
            let square = try graph.apply("mul", [distance, distance])
            let constant = logPriors[own] - 0.5 * variances[place].reduce(0) { $0 + Glibc.log(2 * Double.pi * $1) }
            joint.append(try graph.affine(square, variances[place].map { -0.5 / $0 }, [constant]))
        }
        return try graph.posterior(try graph.apply("concat", joint, ["axis": .int(1)]), classes: logPriors.count)
    }
}
