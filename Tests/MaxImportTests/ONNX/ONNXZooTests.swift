import MaxIR
import MaxImport
import Testing

@Suite struct ONNXZooTests {
    static let names = ["onnx-", "sklearn-", "exported-"].flatMap(Zoo.cases)

    @Test(.enabled(if: !names.isEmpty, "make the zoo first"), arguments: names)
    func `predictions are ONNX Runtime's within the operator's bound`(name: String) throws {
        let zoo: Zoo.Case
        do {
            zoo = try Zoo.Case(name)
        } catch let error as MaxError where error.message.contains("kind") {
            return
        }
        let graph = try ONNX.read(zoo.model, name: Text(name))
        for set in zoo.sets {
            var arguments: [Value] = []
            for input in graph.inputs {
                let column = try #require(set.inputs.first { $0.name == input.name })
                arguments.append(try column.value(for: input))
            }
            let found = try graph.evaluate(arguments)
            for (output, value) in zip(graph.outputs, found) {
                guard let expected = set.outputs.first(where: { $0.name == output.name }), let tensor = value.tensor else { continue }
                let difference = expected.difference(from: tensor)
                #expect(difference == nil, "\(output.name): \(difference ?? "")")
            }
        }
    }
}
