import MaxCases
import MaxIR
import MaxImport
import Testing

@Suite struct ONNXZooTests {
    static let names = ["onnx-", "sklearn-", "exported-"].flatMap { CaseFolder.zoo.names($0) }

    /// Cases that differ from ONNX Runtime in their rows of infinities, NaN and the largest numbers, and why. Their
    /// other rows must agree.
    static let differsInSpecialRows: [String: String] = {
        let order = "sums of infinite or overflowing products depend on their order, and on whether products are rounded"
        let names = [
            "onnx-linear-classifier-binary-0", "onnx-linear-classifier-binary-7", "onnx-linear-classifier-logistic",
            "onnx-linear-classifier-none", "onnx-linear-classifier-probit", "onnx-linear-classifier-softmax",
            "onnx-linear-classifier-softmax-zero", "onnx-linear-regressor-logistic", "onnx-linear-regressor-none",
            "onnx-svm-classifier-linear-modes", "onnx-svm-regressor-linear", "onnx-svm-regressor-sigmoid",
            "sklearn-logistic-binary", "sklearn-perceptron", "sklearn-sgd-classifier-log", "sklearn-svc-sigmoid",
        ]
        return Dictionary(uniqueKeysWithValues: names.map { ($0, order) })
    }()

    /// Cases that differ in rows with a fraction, and why. ONNX Runtime finds a fraction in a set of integers that
    /// holds 0 or a negative number; by the definition of the operator a set holds only what equals one of its members.
    static let differsInFractions: Set = ["onnx-tree-ensemble-member-double", "onnx-tree-ensemble-member-float"]

    /// Cases that cannot be represented, and why. They must be refused.
    static let refused: [String: String] = [
        "onnx-tree-classifier-multi-sparse-classes": "which classes have votes depends on the row",
        "onnx-tree-regressor-sparse-targets": "whether a target has votes depends on the row",
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
        var special = Self.differsInSpecialRows[name] == nil ? [] : zoo.groups.filter { $0.name == "special" }.map(\.rows)
        if Self.differsInFractions.contains(name) { special = try #require(try rowsWithFractions(zoo)) }
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

    /// The rows of set 0 in which some element is no integer; nil when the input is no matrix of floats.
    private func rowsWithFractions(_ zoo: Case) throws -> [Range<Int>]? {
        guard let x = zoo.sets.first?.inputs.first?.tensor, x.rank == 2,
            let values = try Cast.convert(x, to: .f64).values(as: Double.self)
        else { return nil }
        let width = x.shape[1]
        return (0..<x.shape[0]).filter { row in
            values[(row * width)..<((row + 1) * width)].contains { !($0 == $0.rounded()) }
        }.map { $0..<($0 + 1) }
    }
}
