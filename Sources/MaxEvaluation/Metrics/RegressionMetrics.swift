import Glibc

extension Metrics {
    private static func mean(
        _ name: String, _ title: String, _ summary: String, parameter: Metric.Parameter? = nil, root: Bool = false,
        tasks: [EvaluationTask] = [.regression], needs: (@Sendable (Double, Double, Double) -> String?)? = nil,
        _ loss: @escaping @Sendable (_ y: Double, _ p: Double, _ argument: Double) -> Double
    ) -> Metric {
        Metric(
            name, title, summary, tasks: tasks, larger: false, kind: .numbers, error: root ? delta : ofMean, parameter: parameter
        ) { scored, argument in
            if let needs {
                for row in 0..<scored.rows {
                    if let reason = needs(scored.target[row], scored.prediction[row], argument) {
                        return Measured(undefined: "row \(row): \(reason)")
                    }
                }
            }
            let losses = (0..<scored.rows).map { loss(scored.target[$0], scored.prediction[$0], argument) }
            let mean = WeightedMean.measure(losses, scored.weights)
            guard mean.value.isFinite else { return Measured(undefined: "the numbers are too large") }
            guard root else { return mean }
            let value = mean.value.squareRoot()
            return Measured(value, value > 0 ? mean.standardError.map { $0 / (2 * value) } : mean.standardError)
        }
    }

    /// 1 − Σ loss / Σ loss of the best constant. The constant's own error does not matter to first order: the loss is least there.
    private static func explained(
        _ name: String, _ title: String, _ summary: String, parameter: Metric.Parameter? = nil,
        constant: @escaping @Sendable (Scored, Double) -> Double,
        needs: (@Sendable (Double, Double, Double) -> String?)? = nil,
        _ loss: @escaping @Sendable (_ y: Double, _ p: Double, _ argument: Double) -> Double
    ) -> Metric {
        Metric(name, title, summary, tasks: [.regression], larger: true, kind: .numbers, error: delta, parameter: parameter) {
            scored, argument in
            if let needs {
                for row in 0..<scored.rows {
                    if let reason = needs(scored.target[row], scored.prediction[row], argument) {
                        return Measured(undefined: "row \(row): \(reason)")
                    }
                }
            }
            let best = constant(scored, argument)
            let ratio = WeightedMean.ratio(
                (0..<scored.rows).map { loss(scored.target[$0], scored.prediction[$0], argument) },
                (0..<scored.rows).map { loss(scored.target[$0], best, argument) }, scored.weights)
            guard ratio.value.isFinite else { return Measured(undefined: "all targets are equal") }
            return Measured(1 - ratio.value, ratio.standardError)
        }
    }

    @Sendable private static func square(_ y: Double, _ p: Double, _: Double) -> Double { (y - p) * (y - p) }
    @Sendable private static func absolute(_ y: Double, _ p: Double, _: Double) -> Double { abs(y - p) }
    @Sendable private static func pinball(_ y: Double, _ p: Double, _ alpha: Double) -> Double {
        y >= p ? alpha * (y - p) : (1 - alpha) * (p - y)
    }

    /// The deviance of one row. Source: Jørgensen 1987; scikit-learn mean_tweedie_deviance.
    @Sendable static func tweedie(_ y: Double, _ p: Double, _ power: Double) -> Double {
        switch power {
        case 0: return (y - p) * (y - p)
        case 1: return 2 * ((y == 0 ? 0 : y * log(y / p)) - y + p)
        case 2: return 2 * (log(p / y) + y / p - 1)
        default:
            return 2
                * (pow(max(y, 0), 2 - power) / ((1 - power) * (2 - power)) - y * pow(p, 1 - power) / (1 - power) + pow(p, 2 - power)
                    / (2 - power))
        }
    }

    @Sendable private static func tweedieDomain(_ y: Double, _ p: Double, _ power: Double) -> String? {
        if power == 0 { return nil }
        if p <= 0 { return "the prediction \(p) is not positive" }
        if power >= 2, y <= 0 { return "the target \(y) is not positive" }
        return power >= 1 && y < 0 ? "the target \(y) is negative" : nil
    }

    private static let quantile = Metric.Parameter(name: "quantile", standard: 0.5, range: 0.0001...0.9999, isInteger: false)
    private static let power = Metric.Parameter(name: "power", standard: 1.5, range: 1...3, isInteger: false)

    static func mean(_ scored: Scored) -> Double {
        var sum = Sum()
        var weight = Sum()
        for row in 0..<scored.rows {
            sum.add(scored.target[row] * scored.weight(row))
            weight.add(scored.weight(row))
        }
        return sum.value / weight.value
    }

    /// The mean of the lowest and the highest value at which the cumulated weight is the share; scikit-learn's averaged percentile.
    static func quantile(_ values: [Double], _ weights: [Double]?, _ share: Double) -> Double {
        let order = values.indices.filter { (weights?[$0] ?? 1) > 0 }.sorted { (values[$0], $0) < (values[$1], $1) }
        let target = share * Sum.of(order.map { weights?[$0] ?? 1 })
        var sum = Sum()
        for place in order.indices {
            sum.add(weights?[order[place]] ?? 1)
            if sum.value == target, place + 1 < order.count { return values[order[place]] / 2 + values[order[place + 1]] / 2 }
            if sum.value >= target { return values[order[place]] }
        }
        return order.last.map { values[$0] } ?? .nan
    }

    static let regression: [Metric] = [
        mean("mae", "Mean absolute error", "mean |y − p|; scikit-learn mean_absolute_error", absolute),
        mean("rmse", "Root mean squared error", "√ mean (y − p)²; scikit-learn root_mean_squared_error", root: true, square),
        mean("mse", "Mean squared error", "mean (y − p)²; scikit-learn mean_squared_error", square),
        mean(
            "msle", "Mean squared logarithmic error", "mean (ln(1+y) − ln(1+p))²; scikit-learn mean_squared_log_error",
            needs: { y, p, _ in y <= -1 || p <= -1 ? "a value of at most -1 has no logarithm here" : nil }
        ) { y, p, _ in
            let difference = log1p(y) - log1p(p)
            return difference * difference
        },
        mean(
            "mape", "Mean absolute percentage error", "mean |y − p| / max(|y|, 2⁻⁵²); scikit-learn mean_absolute_percentage_error"
        ) { y, p, _ in abs(y - p) / max(abs(y), .ulpOfOne) },
        mean("smape", "Symmetric MAPE", "mean 2|y − p| / (|y| + |p|), 0 where both are 0; Makridakis 1993") { y, p, _ in
            y == p ? 0 : 2 * abs(y - p) / (abs(y) + abs(p))
        },
        Metric(
            "wape", "Weighted absolute percentage error", "Σ |y − p| / Σ |y|; Kolassa and Schütz 2007", tasks: [.regression], larger: false,
            kind: .numbers, error: delta
        ) { scored, _ in
            let ratio = WeightedMean.ratio(
                (0..<scored.rows).map { abs(scored.target[$0] - scored.prediction[$0]) }, scored.target.map { abs($0) }, scored.weights)
            return ratio.value.isFinite ? ratio : Measured(undefined: "all targets are 0")
        },
        Metric(
            "medae", "Median absolute error", "weighted median of |y − p|; scikit-learn median_absolute_error", tasks: [.regression],
            larger: false, kind: .numbers, error: bootstrap
        ) { scored, _ in
            let nearestFirst: (Scored) -> [Double] = { scored in
                (0..<scored.rows).map { -abs(scored.target[$0] - scored.prediction[$0]) }
            }
            return resampled(scored, by: nearestFirst, undefined: "no rows") { scored in
                quantile((0..<scored.rows).map { abs(scored.target[$0] - scored.prediction[$0]) }, scored.weights, 0.5)
            }
        },
        Metric(
            "max_error", "Largest error", "largest |y − p| of rows with weight; scikit-learn max_error", tasks: [.regression],
            larger: false, kind: .numbers, error: "none"
        ) { scored, _ in
            Measured(
                (0..<scored.rows).reduce(0.0) {
                    scored.weight($1) > 0 ? max($0, abs(scored.target[$1] - scored.prediction[$1])) : $0
                })
        },
        explained("r2", "R²", "1 − Σ(y − p)² / Σ(y − ȳ)²; scikit-learn r2_score", constant: { scored, _ in mean(scored) }, square),
        Metric(
            "adjusted_r2", "Adjusted R²", "1 − (1 − R²)(n − 1)/(n − k − 1) with k features; Theil 1961", tasks: [.regression], larger: true,
            kind: .numbers, error: delta
        ) { scored, _ in
            guard let features = scored.features else { return Measured(undefined: "the number of features is not given") }
            guard let plain = regression.first(where: { $0.name == "r2" })?.value(scored), !plain.value.isNaN else {
                return Measured(undefined: "all targets are equal")
            }
            let freedom = Double(scored.rows) - Double(features) - 1
            guard freedom > 0 else { return Measured(undefined: "\(features) features need more than \(scored.rows) rows") }
            let factor = Double(scored.rows - 1) / freedom
            return Measured(1 - (1 - plain.value) * factor, plain.standardError.map { $0 * factor })
        },
        mean(
            "pinball", "Pinball loss", "mean of α(y − p) where y ≥ p, else (1 − α)(p − y); scikit-learn mean_pinball_loss",
            parameter: quantile, pinball),
        mean(
            "huber", "Huber loss", "mean of e²/2 where |e| ≤ δ, else δ(|e| − δ/2); Huber 1964",
            parameter: Metric.Parameter(name: "delta", standard: 1, range: 1e-9...1e12, isInteger: false)
        ) { y, p, delta in
            let error = abs(y - p)
            return error <= delta ? error * error / 2 : delta * (error - delta / 2)
        },
        mean(
            "poisson_deviance", "Poisson deviance", "mean 2(y ln(y/p) − y + p); scikit-learn mean_poisson_deviance",
            needs: { y, p, _ in tweedieDomain(y, p, 1) }
        ) { y, p, _ in tweedie(y, p, 1) },
        mean(
            "gamma_deviance", "Gamma deviance", "mean 2(ln(p/y) + y/p − 1); scikit-learn mean_gamma_deviance",
            needs: { y, p, _ in tweedieDomain(y, p, 2) }
        ) { y, p, _ in tweedie(y, p, 2) },
        mean(
            "tweedie_deviance", "Tweedie deviance", "mean deviance of the power given; Jørgensen 1987; scikit-learn mean_tweedie_deviance",
            parameter: power, needs: tweedieDomain, tweedie),
        explained(
            "d2_absolute_error", "D², absolute error", "1 − Σ|y − p| / Σ|y − median|; scikit-learn d2_absolute_error_score",
            constant: { scored, _ in quantile(scored.target, scored.weights, 0.5) }, absolute),
        explained(
            "d2_pinball", "D², pinball", "1 − pinball loss / that of the quantile; scikit-learn d2_pinball_score", parameter: quantile,
            constant: { scored, alpha in quantile(scored.target, scored.weights, alpha) }, pinball),
        explained(
            "d2_tweedie", "D², Tweedie deviance", "1 − deviance / that of the mean; scikit-learn d2_tweedie_score", parameter: power,
            constant: { scored, _ in mean(scored) }, needs: tweedieDomain, tweedie),
    ]
}
