import MaxIR

/// What is to be learned.
public enum Task: String, Sendable, CaseIterable {
    case binary, multiclass, regression, ranking, anomaly, clustering
}

/// Everything that a learner may look at.
public struct Problem: Sendable {
    public var task: Task
    public var features: FeatureMatrix
    /// One per row: the class's number from 0 on, the value, the relevance; empty where nothing is to be predicted.
    public var target: [Double]
    /// Classes of a classification; 1 otherwise.
    public var classes: Int
    /// One per row, not negative; nil: all 1.
    public var weights: [Double]?
    /// For ranking: how many rows each query has, in the order of the rows.
    public var queries: [Int]?
    /// Rows for early stopping, with the same columns.
    public var held: Held?
    public var seed: UInt64
    /// How many threads may work. Results never depend on it.
    public var threads: Int
    /// Called from the thread that called `fit`, now and then, with the part that is done and a few words.
    public var progress: @Sendable (Double, String) -> Void

    public struct Held: Sendable {
        public var features: FeatureMatrix
        public var target: [Double]
        public var weights: [Double]?
        public var queries: [Int]?

        public init(features: FeatureMatrix, target: [Double], weights: [Double]? = nil, queries: [Int]? = nil) {
            self.features = features
            self.target = target
            self.weights = weights
            self.queries = queries
        }
    }

    public init(
        _ task: Task, features: FeatureMatrix, target: [Double] = [], classes: Int = 1, weights: [Double]? = nil, queries: [Int]? = nil,
        held: Held? = nil, seed: UInt64 = 1, threads: Int = 1, progress: @escaping @Sendable (Double, String) -> Void = { _, _ in }
    ) {
        self.task = task
        self.features = features
        self.target = target
        self.classes = classes
        self.weights = weights
        self.queries = queries
        self.held = held
        self.seed = seed
        self.threads = threads
        self.progress = progress
    }

    public var rows: Int { features.rows }
}
