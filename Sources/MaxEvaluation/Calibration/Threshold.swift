/// Where to cut the score: class 1 is chosen at or above `value`.
public struct Threshold: Sendable, Equatable {
    public var value: Double
    /// What was sought, at this threshold: cost per row, F, balanced accuracy, precision or recall.
    public var objective: Double
    public var matrix: ConfusionMatrix

    /// What a choice costs, by truth and choice; gains are negative.
    public struct Costs: Sendable {
        public var falsePositive: Double
        public var falseNegative: Double
        public var truePositive: Double
        public var trueNegative: Double

        public init(falsePositive: Double = 1, falseNegative: Double = 1, truePositive: Double = 0, trueNegative: Double = 0) {
            self.falsePositive = falsePositive
            self.falseNegative = falseNegative
            self.truePositive = truePositive
            self.trueNegative = trueNegative
        }
    }

    /// Least cost per row. All of these are nil where the rows do not fit two classes, or nothing satisfies.
    /// Of equally good thresholds the highest is taken. Choosing no row at all is a threshold above the highest score.
    public static func leastCost(_ scored: Scored, _ costs: Costs) -> Threshold? {
        best(scored) { matrix in
            -(matrix[0, 1] * costs.falsePositive + matrix[1, 0] * costs.falseNegative + matrix[1, 1] * costs.truePositive
                + matrix[0, 0] * costs.trueNegative) / matrix.total
        }.map { Threshold(value: $0.value, objective: -$0.objective, matrix: $0.matrix) }
    }

    public static func greatestF(_ scored: Scored, beta: Double = 1) -> Threshold? { best(scored) { $0.fScore(1, beta: beta) } }

    public static func greatestBalancedAccuracy(_ scored: Scored) -> Threshold? {
        best(scored) { ($0.recall(0) + $0.recall(1)) / 2 }
    }

    /// The greatest recall with at least this precision.
    public static func atPrecision(_ scored: Scored, _ precision: Double) -> Threshold? {
        best(scored) { $0.precision(1) >= precision ? $0.recall(1) : .nan }.map {
            Threshold(value: $0.value, objective: $0.matrix.precision(1), matrix: $0.matrix)
        }
    }

    /// The greatest precision with at least this recall.
    public static func atRecall(_ scored: Scored, _ recall: Double) -> Threshold? {
        best(scored) { $0.recall(1) >= recall ? $0.precision(1) : .nan }.map {
            Threshold(value: $0.value, objective: $0.matrix.recall(1), matrix: $0.matrix)
        }
    }

    private static func best(_ scored: Scored, _ objective: (ConfusionMatrix) -> Double) -> Threshold? {
        let scored = scored.normalised
        guard scored.fault(.twoClasses) == nil else { return nil }
        let steps = Steps(scored)
        var best: Threshold?
        func consider(_ value: Double, _ positives: Double, _ negatives: Double) {
            let matrix = ConfusionMatrix(
                classes: 2, counts: [steps.allNegatives - negatives, negatives, steps.allPositives - positives, positives])
            let found = objective(matrix)
            guard found.isFinite, best.map({ found > $0.objective }) ?? true else { return }
            best = Threshold(value: value, objective: found, matrix: matrix)
        }
        if let highest = steps.scores.first { consider(highest.nextUp, 0, 0) }
        for step in steps.scores.indices { consider(steps.scores[step], steps.positives[step], steps.negatives[step]) }
        return best
    }
}
