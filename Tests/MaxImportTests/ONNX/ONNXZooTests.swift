import MaxCases
import MaxIR
import MaxImport
import Testing

@Suite struct ONNXZooTests {
    static let names = ["onnx-", "sklearn-", "exported-"].flatMap { CaseFolder.zoo.names($0) }

    private static let overflow = "f32 sums overflow: ONNX Runtime adds products in another order, so inf - inf falls elsewhere"

    /// Cases that differ from ONNX Runtime in their rows of infinities, NaN and the largest numbers, and why. Their
    /// other rows must agree.
    static let differsInSpecialRows: [String: String] = [
        "onnx-linear-classifier-binary-0": overflow,
        "onnx-linear-classifier-binary-7": overflow,
        "onnx-linear-classifier-none": overflow,
        "onnx-linear-classifier-probit": overflow,
        "onnx-linear-classifier-logistic": overflow,
        "onnx-linear-classifier-softmax": overflow,
        "onnx-linear-classifier-softmax-zero": overflow,
        "onnx-linear-regressor-logistic": overflow,
        "onnx-linear-regressor-none": overflow,
        "onnx-linear-regressor-probit": overflow,
        "onnx-linear-regressor-softmax": overflow,
        "onnx-linear-regressor-softmax-zero": overflow,
        "onnx-svm-classifier-linear-modes": overflow,
        "onnx-svm-regressor-linear": overflow,
        "onnx-svm-regressor-sigmoid": overflow,
        "onnx-svm-regressor-poly": overflow,
        "sklearn-logistic-binary": overflow,
        "sklearn-perceptron": overflow,
        "sklearn-sgd-classifier-log": overflow,
        "sklearn-sgd-classifier": overflow,
        "sklearn-linear-svc": overflow,
        "sklearn-svr-poly": overflow,
        "sklearn-svc-sigmoid": overflow,
        "onnx-normalizer-max": overflow,
        "sklearn-normalizer-max": overflow,
    ]

    /// Cases that cannot be represented, and why. They must be refused.
    static let refused: [String: String] = [
        "sklearn-k-neighbors-classifier": "Scan: control flow",
        "sklearn-k-neighbors-regressor": "Scan: control flow",
        "onnx-tree-classifier-multi-sparse-classes": "which classes have votes depends on the row",
        "onnx-tree-regressor-sparse-targets": "which targets have votes depends on the row",
    ]

    /// Cases in which ONNX Runtime departs from the text of the operator, which we follow.
    static let followsTheText: [String: String] = [
        "onnx-tree-ensemble-member-double": "TreeEnsemble 5: the reading of membership_values",
        "onnx-tree-ensemble-member-float": "TreeEnsemble 5: the reading of membership_values",
    ]

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
        if Self.followsTheText[name] != nil { return }
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
