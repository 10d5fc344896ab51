/// Predictions against what came true, by bins of the prediction.
public struct Reliability: Sendable, Equatable {
    public enum Binning: String, Sendable {
        /// Bins of equal width over 0 to 1; a prediction on an edge belongs to the bin above, 1 to the last.
        case equalWidth = "equal_width"
        /// Bins of about equal weight; equal predictions are never parted.
        case equalCount = "equal_count"
    }

    public struct Bin: Sendable, Equatable {
        public var weight: Double
        public var meanPrediction: Double
        public var shareOfOnes: Double
        /// Of the share.
        public var standardError: Double?
    }

    public var binning: Binning
    public var bins: [Bin]

    /// nil where the rows do not fit two classes.
    public init?(_ scored: Scored, bins: Int = 10, binning: Binning = .equalWidth) {
        let scored = scored.normalised
        guard scored.fault(.twoClasses) == nil, bins > 0 else { return nil }
        self.init(checked: scored, bins: bins, binning: binning)
    }

    init(binning: Binning, bins: [Bin]) {
        self.binning = binning
        self.bins = bins
    }

    /// Empty bins are left out.
    init(checked scored: Scored, bins: Int, binning: Binning) {
        self.binning = binning
        var rows: [[Int]] = Array(repeating: [], count: bins)
        switch binning {
        case .equalWidth:
            for row in 0..<scored.rows {
                let place = (scored.prediction[row] * Double(bins)).rounded(.down)
                rows[Int(min(max(place, 0), Double(bins - 1)))].append(row)
            }
        case .equalCount:
            let order = ScoreOrder(scored.prediction.map { -$0 })
            let all = Sum.of((0..<scored.rows).lazy.map { scored.weight($0) })
            var sum = Sum()
            var start = 0
            for end in order.ends {
                let step = Sum.of(order.rows[start..<end].map { scored.weight($0) })
                let place = all > 0 ? ((sum.value + step / 2) / all * Double(bins)).rounded(.down) : 0
                rows[Int(min(max(place, 0), Double(bins - 1)))] += order.rows[start..<end]
                sum.add(step)
                start = end
            }
        }
        self.bins = rows.compactMap { members in
            let weights = members.map { scored.weight($0) }
            let weight = Sum.of(weights)
            guard weight > 0 else { return nil }
            let share = WeightedMean.measure(members.map { scored.target[$0] }, weights)
            let prediction = WeightedMean.measure(members.map { scored.prediction[$0] }, weights)
            return Bin(weight: weight, meanPrediction: prediction.value, shareOfOnes: share.value, standardError: share.standardError)
        }
    }

    /// Σ share of bin · |mean prediction − share of ones|. Source: Naeini, Cooper, Hauskrecht 2015.
    public var expectedCalibrationError: Double {
        let all = Sum.of(bins.map(\.weight))
        return all > 0 ? Sum.of(bins.map { $0.weight / all * abs($0.meanPrediction - $0.shareOfOnes) }) : .nan
    }
}
