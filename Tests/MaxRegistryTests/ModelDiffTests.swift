import MaxIR
import MaxRegistry
import MaxRuntime
import Testing

/// `y = x * weight`, with what a test changes.
func scaledBundle(
    version: Text = "1", weights: [Float] = [1], column: Text = "a", missing: MissingPolicy? = .nan, auc: String? = nil,
    provenance: String? = nil
) throws -> Bundle {
    var builder = GraphBuilder(name: "scaled")
    let x = try builder.input(column, TensorType(.f32, [.rows]), missing: missing)
    let weight = try builder.add(Ops.constant, [], ["value": .tensor(Tensor(weights, shape: [weights.count]))])
    builder.output("y", try builder.add(Ops.mul, [x, weight]))
    let evaluation = auc.map {
        #"{"format":"maxai-evaluation","version":1,"task":"binary","metrics":[{"name":"auc","value":\#($0),"standard_error":0.01}]}"#
    }
    return try Bundle(
        bytes: BundleWriter.bytes(
            of: BundleContent(
                info: ModelInfo(name: "scaled", version: version), producer: "maxai-compile 0.1.0", graph: try builder.finish(),
                provenance: provenance.map { Array($0.utf8) }, evaluation: evaluation.map { Array($0.utf8) })))
}

@Suite struct ModelDiffTests {
    private func changes(_ diff: ModelDiff, _ part: String) -> [ModelDiff.Change] {
        diff.parts.first { $0.name == part }?.changes ?? []
    }

    @Test func equalBundlesDoNotDiffer() throws {
        let diff = try ModelDiff(from: scaledBundle(), to: scaledBundle())
        #expect(diff.isEmpty)
        #expect(diff.text == "scaled@1 -> scaled@1: no difference\n")
    }

    @Test func constantsTellHowMuch() throws {
        let diff = try ModelDiff(from: scaledBundle(), to: scaledBundle(version: "2", weights: [1.5]))
        let change = try #require(changes(diff, "tensors").first)
        #expect(change.kind == .changed)
        #expect(change.measures.map(\.name) == ["differing", "largest difference"])
        #expect(change.measures.map(\.value) == [1, 0.5])
        #expect(changes(diff, "identity").map(\.subject) == ["version", "digest"])
        #expect(changes(diff, "schema").isEmpty)
    }

    @Test func columnsByName() throws {
        let diff = try ModelDiff(from: scaledBundle(), to: scaledBundle(column: "<b>\n"))
        #expect(changes(diff, "schema").map(\.kind) == [.removed, .added])
        #expect(diff.text.split(separator: "\n").allSatisfy { !$0.hasPrefix(":") })
        #expect(diff.html.contains("column &lt;b&gt;\\u{a}"))
    }

    @Test func aMissingPolicyIsPartOfTheSchema() throws {
        let change = try #require(changes(try ModelDiff(from: scaledBundle(), to: scaledBundle(missing: nil)), "schema").first)
        #expect(change.before?.hasSuffix("missing is NaN") == true)
        #expect(change.after?.hasSuffix("never missing") == true)
    }

    @Test func metricsAndProvenance() throws {
        let diff = try ModelDiff(
            from: scaledBundle(auc: "0.5", provenance: #"{"a":{"b":1}}"#), to: scaledBundle(auc: "0.75", provenance: #"{"a":{"b":2}}"#))
        let metric = try #require(changes(diff, "evaluation").first)
        #expect(metric.subject == "metric auc")
        #expect(metric.measures.map(\.value) == [0.25])
        #expect(changes(diff, "provenance").map(\.subject) == ["a.b"])
    }
}
