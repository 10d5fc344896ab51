import MaxIR

/// How good predictions are, on which rows, compared with what; all that a report shows. `formats/evaluation.md` is its form in JSON.
public struct Evaluation: Sendable {
    public var task: EvaluationTask
    /// What is predicted, and which rows were looked at: `hold-out`, `5 folds`.
    public var target: Text
    public var sample: Text
    public var rows: Int
    /// Of classes 0, 1, …; empty for other tasks.
    public var classLabels: [Text]
    public var threshold: Double
    /// The metric that counts.
    public var principal: String
    public var metrics: [MetricValue]
    public var baseline: Baseline?
    public var confusion: ConfusionMatrix?
    public var curves: Curves
    public var calibration: Calibration?
    public var thresholds: [NamedThreshold]
    public var segments: [Segments]
    public var fairness: [Fairness]
    /// What is lost of `principal`.
    public var importances: [Importance]
    public var partialDependence: [PartialDependence]

    /// The same prediction for every row: what a model must beat.
    public struct Baseline: Sendable, Equatable {
        /// In words: `always the share of class yes, 0.27`.
        public var name: Text
        public var metrics: [MetricValue]
    }

    public struct Curves: Sendable, Equatable {
        public var roc: Curve?
        public var precisionRecall: Curve?
        public var gain: Curve?
        public var liftByTenth: [Double] = []
        public var reliability: Reliability?
        public var scores: Histogram?
        public var residuals: Residuals?

        public init() {}
    }

    public struct NamedThreshold: Sendable, Equatable {
        public var name: String
        public var threshold: Threshold
    }

    /// A column of the same rows, as text.
    public typealias Column = (name: Text, values: [Text])

    /// - metrics: nil for all of the task with their standard parameters.
    /// - principal: nil for the task's own (`Metrics.principal`).
    /// - segments: columns whose values part the rows.
    /// - groups: columns of groups that a binary model should treat alike.
    /// - baseline: what the trivial model predicts, from the rows learnt from: the share of class 1, the shares of all classes, or the
    ///   mean. nil: taken from the rows at hand.
    public init(
        task: EvaluationTask, scored: Scored, classLabels: [Text] = [], segments: [Column] = [], groups: [Column] = [],
        metrics chosen: [Metric]? = nil, principal: String? = nil, baseline: [Double]? = nil, target: Text = "", sample: Text = ""
    ) {
        let scored = scored.normalised
        let chosen = chosen ?? Metrics.all(for: task)
        self.task = task
        self.target = target
        self.sample = sample
        rows = task == .clustering ? scored.prediction.count : scored.rows
        self.classLabels = task == .binary || task == .multiclass ? Self.labels(classLabels, count: scored.classCount) : []
        threshold = scored.threshold
        let principal = principal ?? Metrics.principal(task)
        self.principal = principal
        metrics = chosen.map { MetricValue($0, $0.value(scored)) }
        self.baseline = Self.baseline(task, scored, chosen, baseline, self.classLabels)
        confusion = task == .binary || task == .multiclass ? ConfusionMatrix(scored) : nil
        curves = Curves()
        thresholds = []
        if task == .binary || task == .anomaly {
            curves.roc = Curve.roc(scored)
            curves.precisionRecall = Curve.precisionRecall(scored)
            curves.gain = Curve.gain(scored)
            curves.liftByTenth = Gain.liftByTenth(scored) ?? []
            curves.scores = Histogram.scores(scored)
        }
        if task == .binary {
            curves.reliability = Reliability(scored)
            let found: [(String, Threshold?)] = [
                ("f1", Threshold.greatestF(scored)), ("balanced_accuracy", Threshold.greatestBalancedAccuracy(scored)),
                ("equal_costs", Threshold.leastCost(scored, Threshold.Costs())),
            ]
            thresholds = found.compactMap { name, threshold in threshold.map { NamedThreshold(name: name, threshold: $0) } }
        }
        if task == .regression { curves.residuals = Residuals(scored) }
        // Metrics with a bootstrap are slow: segments get the principal one and those with a closed form.
        let short = chosen.filter { $0.name == principal || Self.segmentMetrics.contains($0.name) }
        self.segments =
            scored.prediction.isEmpty || !Self.isWhole(scored)
            ? [] : segments.compactMap { Segments(column: $0.name, values: $0.values, scored: scored, metrics: short) }
        fairness = task == .binary ? groups.compactMap { Fairness(column: $0.name, values: $0.values, scored: scored) } : []
        calibration = nil
        importances = []
        partialDependence = []
    }

    private static let segmentMetrics = ["auc", "log_loss", "accuracy", "rmse", "mae", "r2"]

    /// Whether each row has its predictions, so that rows can be chosen.
    private static func isWhole(_ scored: Scored) -> Bool {
        let width = scored.classes > 2 ? scored.classes : 1
        return scored.rows > 0 && scored.prediction.count == scored.rows.multipliedReportingOverflow(by: width).partialValue
            && (scored.weights.map { $0.count == scored.rows } ?? true)
            && (scored.points.map { $0.values.count == scored.rows &* $0.columns } ?? true)
    }

    private static func labels(_ given: [Text], count: Int) -> [Text] {
        (0..<count).map { $0 < given.count ? given[$0] : Text("\($0)") }
    }

    private static func baseline(
        _ task: EvaluationTask, _ scored: Scored, _ metrics: [Metric], _ given: [Double]?, _ labels: [Text]
    ) -> Baseline? {
        guard scored.fault(task == .regression ? .numbers : .classes) == nil else { return nil }
        var trivial = scored
        let name: String
        switch task {
        case .regression:
            let value = given?.first ?? Metrics.mean(scored)
            trivial.prediction = [Double](repeating: value, count: scored.rows)
            name = "always the mean, \(Shown.number(value))"
        case .binary:
            let value = given?.first ?? Metrics.mean(scored)
            trivial.prediction = [Double](repeating: value, count: scored.rows)
            name = "always the share of \(labels[1].string), \(Shown.number(value))"
        case .multiclass:
            var shares = given ?? []
            if shares.count != scored.classes {
                let matrix = ConfusionMatrix(checked: scored)
                shares = (0..<scored.classes).map { matrix.truth($0) / matrix.total }
            }
            trivial.prediction = (0..<scored.rows).flatMap { _ in shares }
            let most = shares.indices.max { shares[$0] < shares[$1] } ?? 0
            name = "always the shares of the classes; the most frequent is \(labels[most].string) with \(Shown.number(shares[most]))"
        case .ranking, .anomaly, .clustering: return nil
        }
        guard trivial.prediction.allSatisfy(\.isFinite) else { return nil }
        return Baseline(name: Text(name), metrics: metrics.map { MetricValue($0, $0.value(trivial)) })
    }

    public func value(_ name: String) -> Measured? { metrics.first { $0.name == name }?.measured }
}
