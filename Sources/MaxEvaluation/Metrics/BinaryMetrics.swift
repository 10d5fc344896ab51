import Glibc

extension Metrics {
    static let deLong = "DeLong"
    static let bootstrap = "bootstrap, \(Bootstrap.resamples) draws"
    static let ofMean = "closed form, of a mean"
    static let delta = "delta method"

    /// Metrics of two classes that look at scores.
    static let binary: [Metric] = [
        Metric(
            "auc", "ROC AUC",
            "P(score of a positive > score of a negative) + ½ P(equal); DeLong et al. 1988; scikit-learn roc_auc_score",
            tasks: [.binary, .anomaly], larger: true, kind: .twoClasses, error: deLong
        ) { scored, _ in AreaUnderCurve.measure(scored) },
        Metric(
            "gini", "Gini", "2·AUC − 1, the accuracy ratio of credit scoring", tasks: [.binary, .anomaly], larger: true,
            kind: .twoClasses, error: deLong
        ) { scored, _ in
            let area = AreaUnderCurve.measure(scored)
            return Measured(2 * area.value - 1, area.standardError.map { 2 * $0 }, reason: area.reason)
        },
        Metric(
            "average_precision", "Average precision", "Σ (Rₙ − Rₙ₋₁)·Pₙ over distinct scores; scikit-learn average_precision_score",
            tasks: [.binary, .anomaly], larger: true, kind: .twoClasses, error: bootstrap
        ) { scored, _ in resampled(scored, undefined: "no row is of class 1", averagePrecision) },
        Metric(
            "ks", "Kolmogorov-Smirnov", "largest |TPR − FPR| over thresholds; scipy ks_2samp", tasks: [.binary, .anomaly], larger: true,
            kind: .twoClasses, error: bootstrap
        ) { scored, _ in resampled(scored, undefined: "all rows are of one class", kolmogorovSmirnov) },
        Metric(
            "lift", "Lift",
            "share of class 1 among the top k % by score ÷ share among all; scores equal to the last one taken count in part",
            tasks: [.binary, .anomaly], larger: true, kind: .twoClasses, error: bootstrap,
            parameter: Metric.Parameter(name: "percent", standard: 10, range: 0.01...100, isInteger: false)
        ) { scored, percent in
            resampled(scored, undefined: "no row is of class 1") { lift($0, fraction: percent / 100) }
        },
        Metric(
            "log_loss", "Log-loss", "mean of −ln p of the true class, p clipped to [2⁻⁵², 1 − 2⁻⁵²]; scikit-learn log_loss",
            tasks: [.binary, .multiclass], larger: false, kind: .classes, error: ofMean
        ) { scored, _ in
            let least = Double.ulpOfOne
            return WeightedMean.measure(
                (0..<scored.rows).map { row in
                    -log(min(max(scored.probability(row, Int(scored.target[row])), least), 1 - least))
                }, scored.weights)
        },
        Metric(
            "brier", "Brier score",
            "two classes: mean of (p − y)²; more: mean of Σ (p − y)² over the classes; Brier 1950; scikit-learn brier_score_loss",
            tasks: [.binary, .multiclass], larger: false, kind: .classes, error: ofMean
        ) { scored, _ in
            WeightedMean.measure(
                (0..<scored.rows).map { row in
                    if scored.classes <= 2 {
                        let difference = scored.prediction[row] - scored.target[row]
                        return difference * difference
                    }
                    var sum = Sum()
                    for index in 0..<scored.classes {
                        let difference = scored.probability(row, index) - (Int(scored.target[row]) == index ? 1 : 0)
                        sum.add(difference * difference)
                    }
                    return sum.value
                }, scored.weights)
        },
        Metric(
            "ece", "Expected calibration error",
            "Σ share of bin · |mean prediction − share of class 1| over 10 bins of equal width, left-closed; Naeini et al. 2015",
            tasks: [.binary], larger: false, kind: .twoClasses, error: bootstrap
        ) { scored, _ in
            resampled(scored, undefined: "no rows") { Reliability(checked: $0, bins: 10, binning: .equalWidth).expectedCalibrationError }
        },
    ]

    /// A statistic of weighted rows with its bootstrap error. Rows are sorted once, by `key` (the score) from the highest: a draw is
    /// the rows that stand in it in that order, with how often as weights, and sorting what is sorted takes linear time.
    static func resampled(
        _ scored: Scored, by key: ((Scored) -> [Double])? = nil, undefined: String, _ statistic: (Scored) -> Double
    ) -> Measured {
        let sorted = scored.subset(ScoreOrder(key?(scored) ?? scored.prediction).rows)
        let value = statistic(sorted)
        guard value.isFinite else { return Measured(undefined: undefined) }
        return Measured(
            value,
            Bootstrap.standardError(units: sorted.rows) { counts in
                let rows = counts.indices.filter { counts[$0] > 0 }
                var drawn = sorted.subset(rows)
                drawn.weights = rows.map { counts[$0] * sorted.weight($0) }
                return statistic(drawn)
            })
    }

    static func averagePrecision(_ scored: Scored) -> Double {
        let steps = Steps(scored)
        guard steps.allPositives > 0 else { return .nan }
        var sum = Sum()
        var before = 0.0
        for step in steps.scores.indices {
            let positives = steps.positives[step]
            if positives > before {
                sum.add((positives - before) / steps.allPositives * (positives / (positives + steps.negatives[step])))
            }
            before = positives
        }
        return sum.value
    }

    static func kolmogorovSmirnov(_ scored: Scored) -> Double {
        let steps = Steps(scored)
        guard steps.hasBothClasses else { return .nan }
        return steps.scores.indices.reduce(0.0) {
            max($0, abs(steps.positives[$1] / steps.allPositives - steps.negatives[$1] / steps.allNegatives))
        }
    }

    static func lift(_ scored: Scored, fraction: Double) -> Double {
        let steps = Steps(scored)
        guard steps.allPositives > 0 else { return .nan }
        let taken = fraction * (steps.allPositives + steps.allNegatives)
        return Gain.positives(steps, atWeight: taken) / taken / (steps.allPositives / (steps.allPositives + steps.allNegatives))
    }
}
