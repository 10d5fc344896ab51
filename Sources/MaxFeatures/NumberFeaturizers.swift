import MaxIR
import MaxLearning
import MaxSettings

extension Featurizers {
    static let numbers: [Featurizer] = [impute, clip, log]

    static let impute = Featurizer(
        "impute",
        "Missing numbers (NaN) become the column's mean, median, most frequent value (the smallest of equals), or a constant; learned from "
            + "the finite values, and 0 where there are none. Source: scikit-learn SimpleImputer.",
        takes: [.numbers],
        settings: [
            Setting("strategy", .choice(["mean", "median", "most_frequent", "constant"]), "mean", "what stands for a missing value"),
            Setting("value", .number(-Double.greatestFiniteMagnitude...Double.greatestFiniteMagnitude), 0.0, "the constant"),
            Setting("indicator", .flag, false, "adds a column of 0 and 1 for each column that had missing values"),
        ]
    ) { fit, flow, settings throws(MaxError) in
        let strategy = settings.text("strategy")
        var values: [Double] = []
        var missing: [Int] = []
        for column in 0..<flow.width {
            let (value, hasMissing) = try fit.withNumbers(flow, column) { numbers -> (Double, Bool) in
                let hasMissing = numbers.contains { $0.isNaN }
                switch strategy {
                case "constant": return (settings.number("value"), hasMissing)
                case "mean": return (Moments(numbers).mean, hasMissing)
                case "median": return (Quantiles.of(numbers, 0.5), hasMissing)
                default: return (mostFrequent(Quantiles.sorted(numbers)), hasMissing)
                }
            }
            values.append(value.isNaN ? 0 : value)
            if hasMissing { missing.append(column) }
        }
        let isMissing = try fit.add("is_nan", [flow.value])
        var out = flow
        out.value = try fit.add(Ops.select, [isMissing, try fit.constant(values), flow.value])
        if settings.flag("indicator"), !missing.isEmpty {
            let flags = try fit.cast(try fit.add("is_nan", [try fit.gather(flow.value, missing, of: flow.width)]))
            out.value = try fit.concat([out.value, flags])
            out.columns += missing.map { FeatureMatrix.Column(Text("\(flow.columns[$0].name) is missing")) }
            out.sources += missing.map { flow.sources[$0] }
        }
        return out
    }

    private static func mostFrequent(_ sorted: [Double]) -> Double {
        var (best, bestCount, start) = (Double.nan, 0, 0)
        for index in sorted.indices where index + 1 == sorted.count || sorted[index + 1] != sorted[index] {
            if index + 1 - start > bestCount { (best, bestCount) = (sorted[index], index + 1 - start) }
            start = index + 1
        }
        return best
    }

    static let clip = Featurizer(
        "clip",
        "min(max(x, low), high) with the column's quantiles at `low` and `high` (linear between order statistics, numpy's default), or with "
            + "`least` and `largest` where they are given. NaN stays NaN.",
        takes: [.numbers],
        settings: [
            Setting("low", .number(0...1), 0.01, "quantile"), Setting("high", .number(0...1), 0.99, "quantile"),
            Setting("least", .number(-Double.infinity...Double.infinity), nil, "bound that is not learned"),
            Setting("largest", .number(-Double.infinity...Double.infinity), nil, "bound that is not learned"),
        ]
    ) { fit, flow, settings throws(MaxError) in
        guard settings.number("low") <= settings.number("high") else {
            throw MaxError(.usage, "clip: low: found \(settings.number("low")), expected at most high, \(settings.number("high"))")
        }
        var (lows, highs): ([Double], [Double]) = ([], [])
        for column in 0..<flow.width {
            let (low, high) = try fit.withNumbers(flow, column) { numbers -> (Double, Double) in
                let sorted = Quantiles.sorted(numbers)
                return (Quantiles.of(sorted, settings.number("low")), Quantiles.of(sorted, settings.number("high")))
            }
            lows.append(settings.optionalNumber("least") ?? (low.isNaN ? -.infinity : low))
            highs.append(settings.optionalNumber("largest") ?? (high.isNaN ? .infinity : high))
        }
        var out = flow
        out.value = try fit.clamped(flow.value, try fit.constant(lows), try fit.constant(highs))
        return out
    }

    static let log = Featurizer(
        "log", "The natural logarithm of 1 + x, or of x with `plus` = 0: log(x + plus). NaN below 0, -inf at 0.",
        takes: [.numbers], learns: false, settings: [Setting("plus", .number(-1e300...1e300), 1.0, "is added first")]
    ) { fit, flow, settings throws(MaxError) in
        var out = flow
        out.value = try fit.add("log", [try fit.add(Ops.add, [flow.value, try fit.constant([settings.number("plus")])])])
        out.columns = flow.columns.map { FeatureMatrix.Column(Text("log \($0.name)")) }
        return out
    }
}
