import MaxCases
import MaxIR
import MaxImport
import Testing

@Suite struct ONNXZooTests {
    static let names = ["onnx-", "sklearn-", "exported-"].flatMap { CaseFolder.zoo.names($0) }

    /// Cases that differ from ONNX Runtime in their rows of infinities, NaN and the largest numbers, and why. Their
    /// other rows must agree.
    static let differsInSpecialRows: [String: String] = [:]

    /// Cases that cannot be represented, and why. They must be refused.
    static let refused: [String: String] = [:]

    @Test(.enabled(if: !names.isEmpty, "make the zoo first"), arguments: names)
    func `predictions are ONNX Runtime's within the operator's bound`(name: String) throws {
        let zoo: Case
        do {
            zoo = try CaseFolder.zoo.read(name)
        } catch let error as MaxError where error.message.contains("kind") {
            return
        }
        if Self.refused[name] != nil {
            #expect(throws: MaxError.self) { try ONNX.read(zoo.model, name: Text(name)) }
            return
        }
        let graph = try ONNX.read(zoo.model, name: Text(name))
        let special = Self.differsInSpecialRows[name] == nil ? [] : zoo.groups.filter { $0.name == "special" }.map(\.rows)
        for set in zoo.sets {
            var arguments: [Value] = []
            for input in graph.inputs {
                let column = try #require(set.inputs.first { $0.name == input.name })
                arguments.append(try column.value(for: input))
            }
            let found = try graph.evaluate(arguments)
            for (output, value) in zip(graph.outputs, found) {
                guard let expected = set.outputs.first(where: { $0.name == output.name }), expected.tensor != nil else { continue }
                let difference = expected.difference(from: value, except: special)
                #expect(difference == nil, "\(output.name): \(difference ?? "")")
            }
        }
    }
}
