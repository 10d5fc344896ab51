import MaxEvaluation
import MaxExpectations
import MaxIR
import MaxRuntime

/// What a training gives.
public struct TrainedModel {
    public let graph: Graph
    /// On rows that were held out; nil where there was nothing to judge by.
    public let evaluation: MaxEvaluation.Evaluation?
    /// On the recipe's test tables.
    public let testEvaluation: MaxEvaluation.Evaluation?
    /// What the model said about the test tables when it was trained, or about the held-out rows where there are none.
    public let predictions: Predictions
    public let report: DataReport
    public let expectations: Expectations
    public let record: TrainingRecord
    public let facts: [(name: String, value: String)]
    public let features: [Text]

    /// The bytes of a `.maxir` file: the graph, how it was trained and how good it was found to be. The same for the same
    /// data, recipe and seed.
    public func bytes(producer: Text) throws(MaxError) -> [UInt8] {
        let content = BundleContent(
            info: ModelInfo(name: graph.name, source: Text("maxai-train \(record.learner)")), producer: producer, graph: graph,
            provenance: record.json, evaluation: (testEvaluation ?? evaluation)?.json)
        return try BundleWriter.bytes(of: content)
    }
}
