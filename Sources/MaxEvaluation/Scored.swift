/// What a metric looks at: truth and predictions of the same rows.
public struct Scored: Sendable {
    /// The class's number, the value, or the relevance. Clustering: the true classes, or empty where none are known.
    public var target: [Double]
    /// Binary: the probability of class 1. Multiclass: `rows × classes`, row by row. Clustering: the cluster's number.
    /// Else the prediction or score.
    public var prediction: [Double]
    /// 2 for binary, more for multiclass, 1 otherwise (a binary metric takes 1 as 2).
    public var classes: Int
    /// One per row; sampling weights.
    public var weights: [Double]?
    /// For ranking: how many rows each query has.
    public var queries: [Int]?
    /// Binary: class 1 is chosen where the prediction is at least this.
    public var threshold: Double
    /// How many features the model had; adjusted R² needs it.
    public var features: Int?
    /// Clustering: the rows as points.
    public var points: Points?

    /// `rows × columns`, row by row.
    public struct Points: Sendable {
        public var values: [Double]
        public var columns: Int

        public init(values: [Double], columns: Int) {
            self.values = values
            self.columns = columns
        }
    }

    public init(
        target: [Double], prediction: [Double], classes: Int = 1, weights: [Double]? = nil, queries: [Int]? = nil,
        threshold: Double = 0.5, features: Int? = nil, points: Points? = nil
    ) {
        self.target = target
        self.prediction = prediction
        self.classes = classes
        self.weights = weights
        self.queries = queries
        self.threshold = threshold
        self.features = features
        self.points = points
    }

    public var rows: Int { target.count }

    /// Class count of a classification: at least two.
    var classCount: Int { max(classes, 2) }

    func weight(_ row: Int) -> Double { weights?[row] ?? 1 }

    /// The probability of a class; two classes have one column.
    func probability(_ row: Int, _ index: Int) -> Double {
        if classes > 2 { return prediction[row * classes + index] }
        return index == 1 ? prediction[row] : 1 - prediction[row]
    }

    /// The chosen class: at the threshold with two classes, else the first of the largest.
    func decision(_ row: Int) -> Int {
        guard classes > 2 else { return prediction[row] >= threshold ? 1 : 0 }
        var best = 0
        for index in 1..<classes where prediction[row * classes + index] > prediction[row * classes + best] { best = index }
        return best
    }

    /// The same rows with two columns of probabilities made one, as the metrics expect.
    var normalised: Scored {
        guard classes == 2, rows > 0, prediction.count == 2 * rows else { return self }
        var out = self
        out.prediction = (0..<rows).map { prediction[2 * $0 + 1] }
        return out
    }

    /// The rows named, in that order; queries are given up.
    public func subset(_ chosen: [Int]) -> Scored {
        let width = rows > 0 ? prediction.count / rows : 1
        var out = self
        out.target = chosen.map { target[$0] }
        if width == 1 {
            out.prediction = chosen.map { prediction[$0] }
        } else {
            out.prediction = chosen.flatMap { prediction[($0 * width)..<($0 * width + width)] }
        }
        out.weights = weights.map { weights in chosen.map { weights[$0] } }
        out.queries = nil
        if let points, points.columns > 0 {
            out.points = Points(
                values: chosen.flatMap { points.values[($0 * points.columns)..<(($0 + 1) * points.columns)] }, columns: points.columns)
        }
        return out
    }

    /// Why no metric of the kind can be taken; nil when all is well.
    func fault(_ kind: Metric.Kind) -> String? {
        let count = kind == .clusters || kind == .points ? prediction.count : rows
        guard count > 0 else { return "no rows" }
        let width = kind == .classes && classes > 2 ? classes : 1
        if kind == .twoClasses, classes > 2 { return "needs two classes, found \(classes)" }
        if kind == .classes || kind == .twoClasses, rows.multipliedReportingOverflow(by: width).partialValue != prediction.count {
            return "\(rows) targets, but \(prediction.count) predictions"
        }
        if kind != .points, prediction.count != rows * width { return "\(rows) targets, but \(prediction.count) predictions" }
        if kind != .points, let bad = target.firstIndex(where: { !$0.isFinite }) { return "the target of row \(bad) is not finite" }
        if let bad = prediction.firstIndex(where: { !$0.isFinite }) { return "the prediction of row \(bad / width) is not finite" }
        if kind == .classes || kind == .twoClasses {
            let classes = Double(classCount)
            if let bad = target.firstIndex(where: { $0 < 0 || $0 >= classes || $0 != $0.rounded() }) {
                return "the target of row \(bad) is not a class number from 0 to \(classCount - 1)"
            }
        }
        if let weights {
            guard weights.count == count else { return "\(count) rows, but \(weights.count) weights" }
            if let bad = weights.firstIndex(where: { !$0.isFinite || $0 < 0 }) {
                return "the weight of row \(bad) is negative or not finite"
            }
            guard Sum.of(weights) > 0 else { return "all weights are 0" }
        }
        if let queries, kind == .ranking {
            guard queries.allSatisfy({ $0 >= 0 }), queries.reduce(0, { $0 &+ $1 }) == rows else {
                return "the sizes of the queries do not sum to \(rows) rows"
            }
        }
        if kind == .points {
            guard let points, points.columns > 0 else { return "needs the rows as points" }
            guard points.values.count == count &* points.columns, points.values.allSatisfy(\.isFinite) else {
                return "the points do not fit \(count) rows, or are not finite"
            }
        }
        return nil
    }
}

/// A metric's value on some rows.
public struct Measured: Sendable, Equatable {
    /// NaN where it is not defined.
    public var value: Double
    /// nil where none can be given.
    public var standardError: Double?
    /// Why the value is NaN.
    public var reason: String?

    public init(_ value: Double, _ standardError: Double? = nil, reason: String? = nil) {
        self.value = value
        self.standardError = standardError.flatMap { $0.isFinite ? $0 : nil }
        self.reason = value.isNaN ? reason ?? "not defined on these rows" : nil
    }

    init(undefined reason: String) { self.init(.nan, reason: reason) }
}
