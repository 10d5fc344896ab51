import MaxCases
import MaxIR
import MaxRuntime
import Testing

/// The graphs that the Python package maxai writes of scikit-learn's estimators.
@Suite(.enabled(if: !CaseFolder.zoo.names("native-").isEmpty, "make the zoo first")) struct NativeZooTests {
    @Test(arguments: CaseFolder.zoo.names("native-"))
    func `every output is scikit-learn's, bit for bit where nothing goes through its powers`(name: String) throws {
        let zoo = try CaseFolder.zoo.read(name)
        let graph = try zoo.graph(name)
        #expect(graph.inputs.map(\.name) == zoo.sets[0].inputs.map(\.name))
        #expect(graph.outputs.map(\.name) == zoo.sets[0].outputs.map(\.name))
        for set in zoo.sets {
            let found = try graph.evaluate(try zip(graph.inputs, set.inputs).map { try $1.value(for: $0) })
            for (expected, value) in zip(set.outputs, found) {
                #expect(expected.difference(from: value) == nil, "\(expected.name)")
            }
        }
    }

    @Test(arguments: CaseFolder.zoo.names("native-"))
    func `leaves have scikit-learn's numbers and cover`(name: String) throws {
        let graph = try CaseFolder.zoo.read(name).graph(name)
        let nodes = graph.nodes.filter { $0.op == Ops.trees }
        #expect(nodes.count == 1)
        for node in nodes {
            for attribute in ["leaf_ids", "leaf_cover", "node_cover"] { #expect(node.attributes[attribute] != nil, "\(attribute)") }
        }
    }

    /// Python's writer and ours are two programs from one description.
    @Test(arguments: CaseFolder.zoo.names("native-"))
    func `written again, a file has the same bytes`(name: String) throws {
        let file = try CaseFolder.zoo.read(name).model
        let bundle = try Bundle(bytes: file)
        let content = BundleContent(info: bundle.info, producer: bundle.producer, graph: try bundle.graph())
        #expect(try BundleWriter.bytes(of: content) == file)
    }
}
