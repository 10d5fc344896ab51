import MaxIR

/// What a metric looks at: truth and predictions of the same rows.
public struct Scored: Sendable {
    /// The class's number, the value, or the relevance.
    public var target: [Double]
    /// Binary: the probability of class 1. Multiclass: `rows × classes`, row by row. Else the prediction or score.
    public var prediction: [Double]
    public var classes: Int
    public var weights: [Double]?
    /// For ranking: how many rows each query has.
    public var queries: [Int]?

    public init(target: [Double], prediction: [Double], classes: Int = 1, weights: [Double]? = nil, queries: [Int]? = nil) {
        self.target = target
        self.prediction = prediction
        self.classes = classes
        self.weights = weights
        self.queries = queries
    }

    public var rows: Int { target.count }
}
