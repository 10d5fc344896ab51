import MaxIR
import MaxImport

/// What became of one case.
public enum Outcome: Sendable {
    case passed
    /// `subject` is the operator that the case is about, or that is missing; `detail` says what went wrong.
    case failed(subject: String, detail: String)
    /// The case comes without a model or without values.
    case skipped

    public init(of name: String, in folder: CaseFolder) {
        let operators: [String]
        do {
            let given = try folder.read(name)
            guard given.skipReason == nil else {
                self = .skipped
                return
            }
            operators = given.operators
            do {
                if let difference = try Self.difference(given, name) {
                    self = .failed(subject: Self.subject(operators, name), detail: "wrong: \(difference)")
                } else {
                    self = .passed
                }
            } catch let error as MaxError {
                self = .failed(subject: Self.missing(error) ?? Self.subject(operators, name), detail: error.message)
            }
        } catch {
            self = .failed(subject: "values of \(error)", detail: "\(error)")
        }
    }

    /// The first difference of any set; nil when there is none.
    /// - Parameter compared: is given each value expected and the one found.
    static func difference(_ given: Case, _ name: String, compared: (CaseValue, Value) -> Void = { _, _ in }) throws -> String? {
        let graph = try given.graph(name, options: ONNX.Options(keepsMaps: true, namesRows: false))
        for (number, set) in given.sets.enumerated() {
            var arguments: [Value] = []
            for input in graph.inputs {
                guard let value = set.inputs.first(where: { $0.name == input.name }) else {
                    throw MaxError(.unsupported, "input \(input.name.quoted) is given no value")
                }
                arguments.append(try value.value(for: input))
            }
            let found = try graph.evaluate(arguments)
            for expected in set.outputs {
                guard let value = result(expected, graph, found, isNamed: given.kind == "onnx" || given.kind == "maxir") else {
                    return "set \(number): output \(expected.name.quoted) is not there"
                }
                compared(expected, value)
                if let difference = expected.difference(from: value, otherwise: (1e-7, 1e-3)) {
                    return "set \(number): output \(expected.name.quoted): \(difference)"
                }
            }
        }
        return nil
    }

    /// The result that `expected` names. XGBoost names none: the margin comes first, and the prediction after it
    /// is the last of as many elements, in the shape that XGBoost gives.
    private static func result(_ expected: CaseValue, _ graph: Graph, _ found: [Value], isNamed: Bool) -> Value? {
        if isNamed { return zip(graph.outputs, found).first { $0.0.name == expected.name }?.1 }
        guard let tensor = expected.tensor else { return nil }
        let candidates = expected.name == "margin" ? Array(found.prefix(1)) : Array(found.dropFirst())
        // XGBoost gives labels as floats, where they are all it gives.
        let sized = candidates.compactMap(\.tensor).filter { $0.count == tensor.count && $0.elementType != .string }
        if let given = sized.last(where: { $0.elementType == tensor.elementType }) ?? sized.last {
            return (try? Cast.convert(given, to: tensor.elementType).reshaped(tensor.shape)).map { .tensor($0) }
        }
        return nil
    }

    /// The operator that `error` says cannot be represented; nil when it says something else.
    private static func missing(_ error: MaxError) -> String? {
        let parts = error.message.split(separator: "'", omittingEmptySubsequences: false)
        guard parts.count == 5, parts[0].hasSuffix("operator "), parts[4] == " cannot be represented" else { return nil }
        return "\(parts[3])::\(parts[1])"
    }

    /// The operator that a case is about: its only one, else what its name starts with.
    private static func subject(_ operators: [String], _ name: String) -> String {
        operators.count == 1 ? operators[0] : String(name.split(separator: "_")[0])
    }
}
