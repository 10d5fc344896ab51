/// Weights by bins of equal width.
public struct Histogram: Sendable, Equatable {
    public static let bins = 30

    public var low: Double
    public var high: Double
    /// Of a class; empty where there are no classes.
    public var series: [[Double]]

    public init(low: Double, high: Double, series: [[Double]]) {
        self.low = low
        self.high = high
        self.series = series
    }

    /// Scores by true class. Scores within 0 and 1 get bins over all of that. nil where the rows do not fit two classes.
    public static func scores(_ scored: Scored) -> Histogram? {
        let scored = scored.normalised
        guard scored.fault(.twoClasses) == nil, let low = scored.prediction.min(), let high = scored.prediction.max() else { return nil }
        let isProbability = low >= 0 && high <= 1
        return Histogram(
            values: scored.prediction, groups: scored.target.map { Int($0) }, count: 2, weights: scored.weights,
            low: isProbability ? 0 : low, high: isProbability ? 1 : high)
    }

    /// A value outside the bounds belongs to the bin at that end.
    init(values: [Double], groups: [Int], count: Int, weights: [Double]?, low: Double, high: Double) {
        self.low = low
        self.high = high
        series = Array(repeating: [Double](repeating: 0, count: Self.bins), count: count)
        let width = high - low
        for row in values.indices {
            let place = width > 0 ? ((values[row] - low) / width * Double(Self.bins)).rounded(.down) : 0
            series[groups[row]][Int(min(max(place, 0), Double(Self.bins - 1)))] += weights?[row] ?? 1
        }
    }
}

/// What is left after prediction, for drawing.
public struct Residuals: Sendable, Equatable {
    /// Rows drawn by a fixed seed when there are more.
    public static let maximumPoints = 400

    public var predictions: [Double]
    public var residuals: [Double]
    /// Of all residuals between their 0.5 % and 99.5 % quantiles; the rest in the end bins.
    public var histogram: Histogram

    public init(predictions: [Double], residuals: [Double], histogram: Histogram) {
        self.predictions = predictions
        self.residuals = residuals
        self.histogram = histogram
    }

    /// nil where the rows do not fit a regression.
    public init?(_ scored: Scored) {
        guard scored.fault(.numbers) == nil else { return nil }
        let residuals = (0..<scored.rows).map { scored.target[$0] - scored.prediction[$0] }
        guard residuals.allSatisfy(\.isFinite) else { return nil }
        var rows = Array(0..<scored.rows)
        if rows.count > Self.maximumPoints {
            var random = SplitMix64(seed: Bootstrap.seed)
            random.shuffle(&rows)
            rows = rows.prefix(Self.maximumPoints).sorted()
        }
        predictions = rows.map { scored.prediction[$0] }
        self.residuals = rows.map { residuals[$0] }
        histogram = Histogram(
            values: residuals, groups: [Int](repeating: 0, count: residuals.count), count: 1, weights: scored.weights,
            low: Metrics.quantile(residuals, scored.weights, 0.005), high: Metrics.quantile(residuals, scored.weights, 0.995))
    }
}
