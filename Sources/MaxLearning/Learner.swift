import MaxIR
import MaxSettings

/// One way to learn, declared once: recipes, their checks, the documentation and the tests that all learners share follow.
public struct Learner: Sendable {
    /// The name in a recipe.
    public let name: String
    /// One line: what it is, and the source of the algorithm.
    public let summary: String
    public let tasks: Set<Task>
    public let needs: Needs
    public let settings: [Setting]
    /// - Throws: `.malformed` for data that cannot be learned from, `.usage` for settings that contradict each other or the task.
    public let fit: @Sendable (Problem, Settings) throws(MaxError) -> any FittedModel

    /// What the features have to be; the default featurization sees to it.
    public struct Needs: OptionSet, Sendable {
        public let rawValue: Int
        public init(rawValue: Int) { self.rawValue = rawValue }
        /// No missing values.
        public static let complete = Needs(rawValue: 1)
        /// Columns of similar size.
        public static let scaled = Needs(rawValue: 2)
        /// Numbers only: categories are to be encoded.
        public static let numbers = Needs(rawValue: 4)
    }

    public init(
        _ name: String, _ summary: String, tasks: Set<Task>, needs: Needs = [], settings: [Setting],
        fit: @escaping @Sendable (Problem, Settings) throws(MaxError) -> any FittedModel
    ) {
        self.name = name
        self.summary = summary
        self.tasks = tasks
        self.needs = needs
        self.settings = settings
        self.fit = fit
    }
}

/// What a learner has learned: it can write itself as nodes of a graph.
public protocol FittedModel: Sendable {
    /// Appends what predicts from `features`, `[N, columns]` in the element type of the matrix that was learned from.
    func append(to graph: inout GraphBuilder, features: ValueID) throws(MaxError) -> ModelOutputs
    /// How much each column of the features matters, in the learner's own measure; nil where it has none.
    var importance: [Double]? { get }
    /// What is worth a line in a report: iterations, sizes, the stopping reason. Names and values.
    var facts: [(name: String, value: String)] { get }
}

/// The values of a fitted model in the graph.
public struct ModelOutputs: Sendable {
    /// Margins or scores before any link: `[N]` where there is one, else `[N, K]`.
    public var raw: ValueID
    /// Classification: the probability of class 1 `[N]` (binary), or of every class `[N, K]`.
    public var probability: ValueID?
    /// The number of the class, cluster or anomaly flag, i64 `[N]`.
    public var label: ValueID?
    /// Regression: the predicted value `[N]`. Ranking and anomaly: the score.
    public var prediction: ValueID?

    public init(raw: ValueID, probability: ValueID? = nil, label: ValueID? = nil, prediction: ValueID? = nil) {
        self.raw = raw
        self.probability = probability
        self.label = label
        self.prediction = prediction
    }
}
