import MaxCompiler
import MaxIR
import Testing

/// The nodes of a graph after one rule has run to its fixpoint, dead nodes removed; the result is proven equal.
func rewritten(_ text: String, _ rule: String) throws -> [String] {
    let original = try Graph(GraphText(text))
    let rules = try #require(Pipeline.named(rule == "dead-nodes" ? [rule] : [rule, "dead-nodes"]))
    let result = try RewriteDriver(rules: rules).run(original)
    _ = try Proof.prove(original: original, optimized: result.graph, rows: AdversarialRows(for: original, and: [result.graph], seed: 1))
    return nodes(result.graph)
}

/// The lines of a graph between the braces.
func nodes(_ graph: Graph) -> [String] {
    graph.description.split(separator: "\n").dropFirst().dropLast().map { String($0.drop { $0 == " " }) }
}

/// That a rule leaves a graph as it is.
func expectUnchanged(_ text: String, _ rule: String, sourceLocation: SourceLocation = #_sourceLocation) throws {
    let original = try Graph(GraphText(text))
    let result = try RewriteDriver(rules: try #require(Pipeline.named([rule]))).run(original)
    #expect(result.graph == original, "\(result.graph)", sourceLocation: sourceLocation)
    #expect(result.patches == 0, sourceLocation: sourceLocation)
}
