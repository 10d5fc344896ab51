import MaxIR

/// How much worse a metric becomes when one column's values are given to the wrong rows. Source: Breiman 2001; Fisher, Rudin, Dominici 2019.
public struct Importance: Sendable, Equatable {
    public var column: Text
    /// Mean loss of quality: positive when the column helps.
    public var mean: Double
    /// Of the mean, over repetitions; it does not tell how the rows themselves vary.
    public var standardError: Double?

    public init(column: Text, mean: Double, standardError: Double?) {
        self.column = column
        self.mean = mean
        self.standardError = standardError
    }

    /// Most important first.
    ///
    /// - predict: predictions for all rows when row `i` takes the value of the named column from row `order[i]`.
    public static func permutation<Failure: Error>(
        columns: [Text], scored: Scored, metric: Metric, repeats: Int = 5, seed: UInt64,
        predict: (_ column: Int, _ order: [Int]) throws(Failure) -> [Double]
    ) throws(Failure) -> [Importance] {
        let base = metric.value(scored).value
        var random = SplitMix64(seed: seed)
        var out: [Importance] = []
        for (index, column) in columns.enumerated() {
            var losses: [Double] = []
            for _ in 0..<max(repeats, 1) {
                var order = Array(0..<scored.rows)
                random.shuffle(&order)
                var changed = scored
                changed.prediction = try predict(index, order)
                let value = metric.value(changed).value
                losses.append(metric.isLargerBetter ? base - value : value - base)
            }
            let measured = WeightedMean.measure(losses, nil)
            out.append(Importance(column: column, mean: measured.value, standardError: measured.standardError))
        }
        return out.enumerated().sorted {
            // NaN last; equal ones in the order of the columns.
            let (a, b) = ($0.element.mean.isNaN ? -.infinity : $0.element.mean, $1.element.mean.isNaN ? -.infinity : $1.element.mean)
            return a != b ? a > b : $0.offset < $1.offset
        }.map(\.element)
    }
}
