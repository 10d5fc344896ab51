import MaxIR

/// What is predicted.
public enum EvaluationTask: String, Sendable, CaseIterable {
    case binary, multiclass, regression, ranking, anomaly, clustering
}

/// A number that judges predictions, declared once: its values, its error, its place in the documentation and in reports follow.
public struct Metric: Sendable {
    /// What a metric needs of the rows.
    enum Kind: Sendable { case twoClasses, classes, numbers, ranking, clusters, points }

    /// A number in the name, after `@`: `pinball@0.9`.
    public struct Parameter: Sendable {
        public let name: String
        public let standard: Double
        /// Values that make sense.
        public let range: ClosedRange<Double>
        public let isInteger: Bool
    }

    /// As written in recipes and evaluations, `@` and the parameter included when it was given.
    public internal(set) var name: String
    /// For people.
    public let title: String
    /// The formula and where it comes from.
    public let summary: String
    public let tasks: [EvaluationTask]
    public let isLargerBetter: Bool
    public let parameter: Parameter?
    /// How the standard error comes about.
    public let error: String
    let kind: Kind
    var argument: Double
    let measure: @Sendable (Scored, Double) -> Measured

    init(
        _ name: String, _ title: String, _ summary: String, tasks: [EvaluationTask], larger: Bool, kind: Kind, error: String,
        parameter: Parameter? = nil, _ measure: @escaping @Sendable (Scored, Double) -> Measured
    ) {
        self.name = name
        self.title = title
        self.summary = summary
        self.tasks = tasks
        isLargerBetter = larger
        self.kind = kind
        self.error = error
        self.parameter = parameter
        argument = parameter?.standard ?? 0
        self.measure = measure
    }

    /// The value on these rows with its standard error; never a trap, whatever the rows hold: NaN comes with a reason.
    public func value(_ scored: Scored) -> Measured {
        let scored = scored.normalised
        if let fault = scored.fault(kind) { return Measured(undefined: fault) }
        return measure(scored, argument)
    }
}

/// Every metric there is.
public enum Metrics {
    public static let all: [Metric] = binary + confusion + multiclass + regression + ranking + clustering

    public static func all(for task: EvaluationTask) -> [Metric] { all.filter { $0.tasks.contains(task) } }

    /// `auc`, or with a parameter `ndcg@5`.
    /// - Throws: `.usage` when there is no such metric, or it takes no such parameter.
    public static func named(_ name: String) throws(MaxError) -> Metric {
        let parts = name.split(separator: "@", maxSplits: 1, omittingEmptySubsequences: false)
        guard let base = parts.first, var metric = all.first(where: { $0.name == base }) else {
            throw MaxError(.usage, "metric: found \(Text(name).quoted), expected one of \(all.map(\.name).joined(separator: ", "))")
        }
        guard parts.count == 2 else { return metric }
        guard let parameter = metric.parameter else {
            throw MaxError(
                .usage, "metric: \(base): found a parameter in \(Text(name).quoted), but it takes none: leave out what follows '@'")
        }
        guard let value = Double(parts[1]), parameter.range.contains(value), !parameter.isInteger || value == value.rounded() else {
            throw MaxError(
                .usage,
                "metric: \(base): \(parameter.name): found \(Text(String(parts[1])).quoted), expected \(parameter.phrase)")
        }
        metric.argument = value
        metric.name = name
        return metric
    }

    /// What a report shows first, and what training minimises or maximises when nothing is said.
    public static func principal(_ task: EvaluationTask) -> String {
        switch task {
        case .binary, .anomaly: "auc"
        case .multiclass: "log_loss"
        case .regression: "rmse"
        case .ranking: "ndcg"
        case .clustering: "silhouette"
        }
    }
}

extension Metric.Parameter {
    var phrase: String {
        let least = range.lowerBound
        let kind = isInteger ? "a whole number" : "a number"
        return range.upperBound >= 1e9 ? "\(kind) of at least \(least)" : "\(kind) from \(least) to \(range.upperBound)"
    }
}
