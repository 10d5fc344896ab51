/// Points of a curve, in the order of drawing.
public struct Curve: Sendable, Equatable {
    public var x: [Double]
    public var y: [Double]
    /// Where the curve belongs to thresholds: the smallest score that is chosen at this point; NaN where none is.
    public var thresholds: [Double]

    /// No curve has more points than this.
    public static let maximumPoints = 201

    public init(x: [Double] = [], y: [Double] = [], thresholds: [Double] = []) {
        self.x = x
        self.y = y
        self.thresholds = thresholds
    }

    mutating func append(_ x: Double, _ y: Double, _ threshold: Double) {
        self.x.append(x)
        self.y.append(y)
        thresholds.append(threshold)
    }

    /// At most `maximumPoints` of the points, the ends among them, chosen evenly by length along the curve: |Δx| + |Δy|.
    var thinned: Curve {
        guard x.count > Self.maximumPoints else { return self }
        var lengths: [Double] = [0]
        for index in 1..<x.count { lengths.append(lengths[index - 1] + abs(x[index] - x[index - 1]) + abs(y[index] - y[index - 1])) }
        let whole = lengths[x.count - 1]
        guard whole > 0 else { return Curve(x: [x[0], x[x.count - 1]], y: [y[0], y[y.count - 1]], thresholds: [.nan, .nan]) }
        var out = Curve()
        var next = 0
        for index in x.indices {
            guard index == x.count - 1 || lengths[index] >= whole * Double(next) / Double(Self.maximumPoints - 1) else { continue }
            out.append(x[index], y[index], thresholds[index])
            while next < Self.maximumPoints, lengths[index] >= whole * Double(next) / Double(Self.maximumPoints - 1) { next += 1 }
        }
        return out
    }

    /// False positive rate against true positive rate; from (0, 0) to (1, 1). nil unless both classes have rows.
    public static func roc(_ scored: Scored) -> Curve? {
        guard let steps = checkedSteps(scored), steps.hasBothClasses else { return nil }
        var curve = Curve(x: [0], y: [0], thresholds: [.nan])
        for step in steps.scores.indices {
            curve.append(
                steps.negatives[step] / steps.allNegatives, steps.positives[step] / steps.allPositives, steps.scores[step])
        }
        return curve.thinned
    }

    /// Recall against precision, as thresholds fall. nil without rows of class 1.
    public static func precisionRecall(_ scored: Scored) -> Curve? {
        guard let steps = checkedSteps(scored), steps.allPositives > 0 else { return nil }
        var curve = Curve()
        for step in steps.scores.indices where steps.positives[step] + steps.negatives[step] > 0 {
            curve.append(
                steps.positives[step] / steps.allPositives, steps.positives[step] / (steps.positives[step] + steps.negatives[step]),
                steps.scores[step])
        }
        return curve.thinned
    }

    /// Share of rows taken from the highest score down against the share of class 1 found. nil without rows of class 1.
    public static func gain(_ scored: Scored) -> Curve? {
        guard let steps = checkedSteps(scored), steps.allPositives > 0 else { return nil }
        let all = steps.allPositives + steps.allNegatives
        var curve = Curve(x: [0], y: [0], thresholds: [.nan])
        for step in steps.scores.indices {
            curve.append(
                (steps.positives[step] + steps.negatives[step]) / all, steps.positives[step] / steps.allPositives, steps.scores[step])
        }
        return curve.thinned
    }

    private static func checkedSteps(_ scored: Scored) -> Steps? {
        let scored = scored.normalised
        return scored.fault(.twoClasses) == nil ? Steps(scored) : nil
    }
}

/// What is found among the highest scores.
public enum Gain {
    /// Weight of class 1 among the first `weight` of rows; a step of equal scores counts in proportion.
    static func positives(_ steps: Steps, atWeight weight: Double) -> Double {
        var before = (weight: 0.0, positives: 0.0)
        for step in steps.scores.indices {
            let here = (weight: steps.positives[step] + steps.negatives[step], positives: steps.positives[step])
            if here.weight >= weight, here.weight > before.weight {
                return before.positives + (here.positives - before.positives) * (weight - before.weight) / (here.weight - before.weight)
            }
            before = here
        }
        return before.positives
    }

    /// Per tenth of the rows from the highest score down: share of class 1 there over the share among all.
    /// nil without rows of class 1.
    public static func liftByTenth(_ scored: Scored) -> [Double]? {
        let scored = scored.normalised
        guard scored.fault(.twoClasses) == nil else { return nil }
        let steps = Steps(scored)
        guard steps.allPositives > 0 else { return nil }
        let all = steps.allPositives + steps.allNegatives
        return (0..<10).map { tenth in
            let found = positives(steps, atWeight: all * Double(tenth + 1) / 10) - positives(steps, atWeight: all * Double(tenth) / 10)
            return found / (all / 10) / (steps.allPositives / all)
        }
    }
}
