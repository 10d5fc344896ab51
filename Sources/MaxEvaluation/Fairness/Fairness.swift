import MaxIR

/// How a binary model treats the groups of one column.
public struct Fairness: Sendable, Equatable {
    public struct Group: Sendable, Equatable {
        public var value: Text
        public var rows: Int
        /// Share of class 1 in truth.
        public var baseRate: Measured
        /// Share for which class 1 is chosen.
        public var selectionRate: Measured
        public var truePositiveRate: Measured
        public var falsePositiveRate: Measured
        public var falseNegativeRate: Measured
        /// Share of class 1 among the chosen.
        public var precision: Measured
        public var auc: Measured
        /// Mean prediction minus share of class 1.
        public var calibrationGap: Measured
        public var calibrationError: Measured
    }

    /// Differences between groups of at least `minimumRows`; NaN where fewer than two groups have the value.
    public struct Gaps: Sendable, Equatable {
        /// Largest minus smallest selection rate.
        public var demographicParityDifference: Double
        /// Smallest over largest selection rate; below 0.8 breaks the four-fifths rule (US EEOC, 29 CFR 1607.4 D).
        public var demographicParityRatio: Double
        /// max(largest difference of TPR, of FPR). Hardt, Price, Srebro 2016.
        public var equalisedOddsDifference: Double
        /// Largest difference of TPR.
        public var equalOpportunityDifference: Double
        /// Largest difference of precision. Chouldechova 2017.
        public var predictiveParityDifference: Double
        public var breaksFourFifthsRule: Bool { demographicParityRatio < 0.8 }
    }

    /// Groups of fewer rows are shown, but do not enter the gaps.
    public static let minimumRows = 30

    public var column: Text
    public var groups: [Group]
    public var gaps: Gaps

    /// nil when the rows do not fit two classes.
    public init?(column: Text, values: [Text], scored: Scored) {
        let scored = scored.normalised
        guard scored.fault(.twoClasses) == nil, values.count == scored.rows else { return nil }
        self.init(
            column: column,
            groups: Segments.groups(values).map { value, rows in Self.group(value, scored.subset(rows)) })
    }

    init(column: Text, groups: [Group]) {
        self.column = column
        self.groups = groups
        let large = groups.filter { $0.rows >= Self.minimumRows }
        func ends(_ rate: (Group) -> Measured) -> (low: Double, high: Double) {
            let values = large.map { rate($0).value }.filter(\.isFinite)
            guard values.count > 1, let low = values.min(), let high = values.max() else { return (.nan, .nan) }
            return (low, high)
        }
        func difference(_ rate: (Group) -> Measured) -> Double {
            let ends = ends(rate)
            return ends.high - ends.low
        }
        let selection = ends(\.selectionRate)
        let odds = (difference(\.truePositiveRate), difference(\.falsePositiveRate))
        gaps = Gaps(
            demographicParityDifference: selection.high - selection.low,
            demographicParityRatio: selection.high > 0 ? selection.low / selection.high : .nan,
            equalisedOddsDifference: odds.0.isNaN ? .nan : odds.1.isNaN ? .nan : max(odds.0, odds.1),
            equalOpportunityDifference: odds.0, predictiveParityDifference: difference(\.precision))
    }

    private static func group(_ value: Text, _ scored: Scored) -> Group {
        let all = Array(0..<scored.rows)
        let chosen = all.map { Double(scored.decision($0)) }
        func share(_ values: [Double], _ rows: [Int], _ undefined: String) -> Measured {
            let weights = scored.weights.map { weights in rows.map { weights[$0] } }
            guard weights.map({ Sum.of($0) > 0 }) ?? !rows.isEmpty else { return Measured(undefined: undefined) }
            return WeightedMean.measure(rows.map { values[$0] }, weights)
        }
        let positives = all.filter { scored.target[$0] == 1 }
        let negatives = all.filter { scored.target[$0] == 0 }
        let selected = all.filter { chosen[$0] == 1 }
        return Group(
            value: value, rows: scored.rows,
            baseRate: share(scored.target, all, "no rows with weight"),
            selectionRate: share(chosen, all, "no rows with weight"),
            truePositiveRate: share(chosen, positives, "no row is of class 1"),
            falsePositiveRate: share(chosen, negatives, "no row is of class 0"),
            falseNegativeRate: share(chosen.map { 1 - $0 }, positives, "no row is of class 1"),
            precision: share(scored.target, selected, "class 1 is never chosen"),
            auc: AreaUnderCurve.measure(scored),
            calibrationGap: share(all.map { scored.prediction[$0] - scored.target[$0] }, all, "no rows with weight"),
            calibrationError: Measured(Reliability(checked: scored, bins: 10, binning: .equalWidth).expectedCalibrationError))
    }
}
