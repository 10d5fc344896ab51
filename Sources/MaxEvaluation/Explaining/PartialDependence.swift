import MaxIR

/// The mean prediction when one column has the same value in all rows. Source: Friedman 2001.
public struct PartialDependence: Sendable, Equatable {
    public var column: Text
    /// Values as they are shown; of numbers also in `positions`.
    public var values: [Text]
    /// Empty for a column of categories.
    public var positions: [Double]
    public var means: [Double]

    public init(column: Text, values: [Text], positions: [Double], means: [Double]) {
        self.column = column
        self.values = values
        self.positions = positions
        self.means = means
    }

    /// - predict: predictions for all rows when the column has the value numbered so in all of them; the output that is explained, one per row.
    public static func of<Failure: Error>(
        column: Text, values: [Text], positions: [Double] = [], weights: [Double]? = nil,
        predict: (_ value: Int) throws(Failure) -> [Double]
    ) throws(Failure) -> PartialDependence {
        var means: [Double] = []
        for index in values.indices {
            let predictions = try predict(index)
            let fits = weights.map { $0.count == predictions.count } ?? true
            means.append(predictions.isEmpty || !fits ? .nan : WeightedMean.measure(predictions, weights).value)
        }
        return PartialDependence(column: column, values: values, positions: positions, means: means)
    }

    /// Up to `count` values between the quantiles 5 % and 95 % of what a column holds, without repetition: the usual grid.
    public static func grid(_ values: [Double], count: Int = 20) -> [Double] {
        let finite = values.filter(\.isFinite)
        guard !finite.isEmpty, count > 1 else { return [] }
        let distinct = Set(finite).sorted()
        if distinct.count <= count { return distinct }
        let shares = (0..<count).map { 0.05 + 0.9 * Double($0) / Double(count - 1) }
        let sorted = finite.sorted()
        var out: [Double] = []
        for share in shares {
            let value = sorted[Int((share * Double(sorted.count - 1)).rounded())]
            if out.last != value { out.append(value) }
        }
        return out
    }
}
