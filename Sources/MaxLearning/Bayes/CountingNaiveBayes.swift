import Glibc
import MaxIR
import MaxSettings

extension Learners {
    private static let smoothing: [Setting] = [
        Setting("alpha", .number(1e-10...1e9), 1, "what is added to every count"),
        Setting("uniform", .flag, false, "whether all classes are taken as equally frequent"),
    ]

    static let multinomialNaiveBayes = Learner(
        "multinomial_nb",
        "Naive Bayes on counts, such as words of a text: no feature may be negative. Source: scikit-learn MultinomialNB.",
        tasks: [.binary, .multiclass], needs: [.complete, .numbers], settings: smoothing,
        fit: { problem, settings throws(MaxError) in
            try CountingNaiveBayes.multinomial(problem, alpha: settings.number("alpha"), isUniform: settings.flag("uniform"))
        })

    static let bernoulliNaiveBayes = Learner(
        "bernoulli_nb",
        "Naive Bayes on whether each feature is above a threshold. Source: scikit-learn BernoulliNB.",
        tasks: [.binary, .multiclass], needs: [.complete, .numbers],
        settings: smoothing + [Setting("threshold", .number(-1e300...1e300), 0, "above it, a feature is present")],
        fit: { problem, settings throws(MaxError) in
            try CountingNaiveBayes.bernoulli(
                problem, alpha: settings.number("alpha"), isUniform: settings.flag("uniform"), threshold: settings.number("threshold"))
        })
}

/// Joint log likelihoods that are linear: in the counts, or in which features are above a threshold.
struct CountingNaiveBayes: FittedModel {
    /// nil: the features count as they are.
    let threshold: Double?
    /// `[columns, classes]`.
    let weights: [Double]
    let intercepts: [Double]

    /// The range of a column's log probabilities over the classes.
    var importance: [Double]? {
        stride(from: 0, to: weights.count, by: intercepts.count).map { first in
            let own = weights[first..<first + intercepts.count]
            return (own.max() ?? 0) - (own.min() ?? 0)
        }
    }
    var facts: [(name: String, value: String)] { [("classes", "\(intercepts.count)")] }

    static func multinomial(_ problem: Problem, alpha: Double, isUniform: Bool) throws(MaxError) -> CountingNaiveBayes {
        try problem.check()
        let crew = try Crew(threads: problem.threads)
        let rows = try CompleteRows(problem.features, crew: crew)
        for row in 0..<rows.rows {
            for column in 0..<rows.columns where rows.row(row)[column] < 0 {
                throw problem.features.unusable(row: row, column: column, "a count of 0 or more")
            }
        }
        let counts = ClassCounts(problem, rows, crew) { _, _, x in x }
        let (classes, columns) = (counts.classes, counts.columns)
        let totals = (0..<classes).map { own in (0..<columns).reduce(0) { $0 + (counts.sums[own * columns + $1] + alpha) } }
        var weights = [Double](repeating: 0, count: columns * classes)
        for column in 0..<columns {
            for own in 0..<classes {
                weights[column * classes + own] = Glibc.log(counts.sums[own * columns + column] + alpha) - Glibc.log(totals[own])
            }
        }
        return CountingNaiveBayes(threshold: nil, weights: weights, intercepts: try counts.logPriors(areUniform: isUniform))
    }

    static func bernoulli(_ problem: Problem, alpha: Double, isUniform: Bool, threshold: Double) throws(MaxError) -> CountingNaiveBayes {
        try problem.check()
        let crew = try Crew(threads: problem.threads)
        let rows = try CompleteRows(problem.features, crew: crew)
        let counts = ClassCounts(problem, rows, crew) { _, _, x in x > threshold ? 1 : 0 }
        let (classes, columns) = (counts.classes, counts.columns)
        var intercepts = try counts.logPriors(areUniform: isUniform)
        var weights = [Double](repeating: 0, count: columns * classes)
        for own in 0..<classes {
            let total = counts.weights[own] + alpha * 2
            for column in 0..<columns {
                let present = Glibc.log(counts.sums[own * columns + column] + alpha) - Glibc.log(total)
                let absent = Glibc.log(1 - Glibc.exp(present))
                weights[column * classes + own] = present - absent
                intercepts[own] += absent
            }
        }
        guard weights.allSatisfy(\.isFinite), intercepts.allSatisfy(\.isFinite) else {
            throw MaxError(.malformed, "a feature is always or never present, and alpha \(alpha) is too small to tell: raise alpha")
        }
        return CountingNaiveBayes(threshold: threshold, weights: weights, intercepts: intercepts)
    }

    func append(to graph: inout GraphBuilder, features: ValueID) throws(MaxError) -> ModelOutputs {
        var x = try graph.wide(features)
        if let threshold {
            x = try graph.apply("cast", [try graph.apply("greater", [x, try graph.scalar(threshold)])], ["to": .type(.f64)])
        }
        return try graph.posterior(try graph.affine(x, weights, intercepts), classes: intercepts.count)
    }
}
