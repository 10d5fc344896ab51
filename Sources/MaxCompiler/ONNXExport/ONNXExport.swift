import MaxIR

/// Writes a graph as an ONNX model.
///
/// First the graph is brought to operators that ONNX has (`Legalization`), by equations that keep every bit; then
/// it is written down (`ONNXWriter`). What ONNX cannot say is refused with its name, or with `allowsApproximate`
/// replaced by the nearest that it can say, listed with the error that this causes on adversarial rows.
public enum ONNXExport {
    public struct Options: Sendable, Hashable {
        /// The operator set of ai.onnx.
        public var opset: Int
        /// The operator set of ai.onnx.ml; from 5 on trees are written as TreeEnsemble.
        public var mlOpset: Int
        public var allowsApproximate: Bool

        public init(opset: Int = 17, mlOpset: Int = 3, allowsApproximate: Bool = false) {
            self.opset = opset
            self.mlOpset = mlOpset
            self.allowsApproximate = allowsApproximate
        }

        static let opsets = 13...23
        static let mlOpsets = 3...5

        /// The version of the file format that came with the operator sets.
        var irVersion: Int64 {
            switch opset {
            case ...18: 8
            case ...20: 9
            case ...22: 10
            default: 11
            }
        }
    }

    public struct Result: Sendable {
        public let bytes: [UInt8]
        /// The graph as it was written, after legalization.
        public let graph: Graph
        /// What ONNX could not say, and how it was approximated; empty unless asked for.
        public let approximations: [String]
        /// The largest errors that the approximations cause, one per output.
        public let errors: [OutputError]
        /// What the caller of the model has to know.
        public let notes: [String]
    }

    /// - Throws: `.unsupported` naming the node and what ONNX cannot say of it; `.usage` for an operator set that is
    ///   not written; `.limitExceeded` for a tensor above 2 GiB.
    public static func write(_ graph: Graph, options: Options = Options()) throws(MaxError) -> Result {
        guard Options.opsets.contains(options.opset) else {
            throw MaxError(.usage, "opset \(options.opset), expected \(Options.opsets.lowerBound) to \(Options.opsets.upperBound)")
        }
        guard Options.mlOpsets.contains(options.mlOpset) else {
            throw MaxError(
                .usage,
                "opset \(options.mlOpset) of ai.onnx.ml, expected \(Options.mlOpsets.lowerBound) to \(Options.mlOpsets.upperBound)")
        }
        var (legal, approximations) = try Legalization(options: options).run(graph, approximate: false)
        let refusals = try Expressible(options: options).refusals(legal)
        if !refusals.isEmpty {
            guard options.allowsApproximate else { throw refusal(refusals) }
            (legal, approximations) = try Legalization(options: options).run(graph, approximate: true)
            let rest = try Expressible(options: options).refusals(legal)
            guard rest.isEmpty else { throw refusal(rest) }
        }
        let errors = approximations.isEmpty ? [] : try OutputError.measure(original: graph, approximation: legal)
        var writer = ONNXWriter(legal, options)
        return Result(
            bytes: try writer.model(), graph: legal, approximations: approximations, errors: errors,
            notes: notes(graph))
    }

    private static func refusal(_ refusals: [String]) -> MaxError {
        let more = refusals.count > 1 ? " (and \(refusals.count - 1) more)" : ""
        return MaxError(.unsupported, "onnx: \(refusals[0])\(more)")
    }

    private static func notes(_ graph: Graph) -> [String] {
        graph.inputs.compactMap { input in
            switch input.missing {
            case .value(.string(let text)): "input \(input.name.quoted): pass \(text.quoted) where the value is missing"
            case .value(.int(let x)): "input \(input.name.quoted): pass \(x) where the value is missing"
            case .value(.float(let x)): "input \(input.name.quoted): pass \(x) where the value is missing"
            case .error: "input \(input.name.quoted): missing values are not refused by the ONNX model"
            case .nan, .value, nil: nil
            }
        }
    }
}

/// The largest error of one output over adversarial rows.
public struct OutputError: Sendable, Hashable, CustomStringConvertible {
    public let output: Text
    /// Over finite values.
    public let absolute: Double
    /// Relative to the larger magnitude.
    public let relative: Double
    /// Values that are equal in no measure: another text or integer, finite against not.
    public let mismatches: Int
    public let values: Int

    public var description: String {
        "output \(output.quoted): absolute error \(absolute), relative \(relative), \(mismatches) of \(values) values differ in kind"
    }

    /// Compares two graphs of one signature on adversarial rows.
    static func measure(original: Graph, approximation: Graph) throws(MaxError) -> [OutputError] {
        var found = original.outputs.map { _ in (absolute: 0.0, relative: 0.0, mismatches: 0, values: 0) }
        let rows = AdversarialRows(for: original, seed: 0)
        for batch in rows.batches {
            guard let expected = try? original.evaluate(batch), let given = try? approximation.evaluate(batch) else { continue }
            for index in found.indices {
                for (a, b) in zip(expected[index].flattened, given[index].flattened) {
                    found[index].values += a.count
                    guard let x = a.doubles, let y = b.doubles, x.count == y.count else {
                        found[index].mismatches +=
                            a.shape != b.shape
                            ? a.count
                            : (0..<a.count).count {
                                a.storage.picking([$0]) != b.storage.picking([$0])
                            }
                        continue
                    }
                    for (p, q) in zip(x, y) where p != q && !(p.isNaN && q.isNaN) {
                        guard p.isFinite, q.isFinite else { found[index].mismatches += 1; continue }
                        let distance = abs(p - q)
                        found[index].absolute = max(found[index].absolute, distance)
                        found[index].relative = max(found[index].relative, distance / max(abs(p), abs(q)))
                    }
                }
            }
        }
        return zip(original.outputs, found).map {
            OutputError(
                output: $0.name, absolute: $1.absolute, relative: $1.relative, mismatches: $1.mismatches, values: $1.values)
        }
    }
}

extension Tensor {
    /// The elements of a float tensor.
    fileprivate var doubles: [Double]? {
        switch storage {
        case .f64(let a): a
        case .f32(let a): a.map(Double.init)
        case .f16(let a): a.map(Double.init)
        case .bf16(let a): a.map { Double($0.float) }
        default: nil
        }
    }
}
