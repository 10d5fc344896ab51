import MaxFormats
import MaxIR

/// What LightGBM's `predict` makes of raw scores, in f64.
struct LightGBMObjective {
    enum Link: Hashable {
        case identity, squared, exponential, softplus, softmax
        /// A logistic function of the score times a factor, for each output.
        case logistic(Double)
    }

    private let link: Link
    private let isClassifier: Bool
    private let outputs: Int

    /// - Throws: `.unsupported` naming an objective that is not known.
    init(_ header: LightGBMSection, outputs: Int) throws(MaxError) {
        self.outputs = outputs
        let words = try header.optional("objective").map { _ throws(MaxError) in try header.list("objective") } ?? []
        let name = words.first.map { String(decoding: $0, as: UTF8.self) } ?? "custom"
        func parameter(_ key: String) throws(MaxError) -> Double? {
            guard let word = words.first(where: { $0.starts(with: "\(key):".utf8) }) else { return nil }
            guard let value = Decimal.double(word.dropFirst(key.utf8.count + 1)), value.isFinite else {
                throw header.malformed("objective", "found \(Text(utf8: Array(word)).quoted), expected a number after \(key):")
            }
            return value
        }
        switch name {
        case "regression", "regression_l1", "huber", "fair", "quantile", "mape":
            link = words.contains { $0.elementsEqual("sqrt".utf8) } ? .squared : .identity
            isClassifier = false
        case "custom", "none", "lambdarank", "rank_xendcg": (link, isClassifier) = (.identity, false)
        case "poisson", "gamma", "tweedie": (link, isClassifier) = (.exponential, false)
        case "binary": (link, isClassifier) = (.logistic(try parameter("sigmoid") ?? 1), true)
        case "multiclass": (link, isClassifier) = (.softmax, true)
        case "multiclassova": (link, isClassifier) = (.logistic(try parameter("sigmoid") ?? 1), true)
        case "cross_entropy": (link, isClassifier) = (.logistic(1), false)
        case "cross_entropy_lambda": (link, isClassifier) = (.softplus, false)
        default: throw MaxError(.unsupported, "lightgbm: header: objective: \(Text(name).quoted) is not known")
        }
    }

    /// - Parameter count: the iterations, where the model averages them (random forests).
    func addOutputs(of raw: ValueID, dividedBy count: Int, _ graph: inout GraphBuilder) throws(MaxError) {
        func scalar(_ value: Double) throws(MaxError) -> ValueID { try graph.constant(Tensor(scalar: value)) }
        func apply(_ name: String, _ operands: [ValueID], _ attributes: [String: Attribute] = [:]) throws(MaxError) -> ValueID {
            guard let op = Ops.named[name] else { throw MaxError(.internal, "lightgbm: no operator '\(name)'") }
            return try graph.add(op, operands, attributes)
        }
        var score = raw
        if count > 1 { score = try apply("div", [score, try scalar(Double(count))]) }
        if outputs == 1 { score = try graph.add(Ops.squeeze, [score, try graph.constant(Tensor([Int64(1)]))]) }
        switch link {
        case .identity: break
        case .squared: score = try apply("mul", [try apply("sign", [score]), try apply("mul", [score, score])])
        case .exponential: score = try apply("exp", [score])
        case .softplus: score = try apply("softplus", [score])
        case .softmax: score = try apply("softmax", [score], ["axis": .int(1)])
        case .logistic(let factor):
            if factor != 1 { score = try apply("mul", [score, try scalar(factor)]) }
            score = try apply("logistic", [score], ["form": .string("clamped")])
        }
        guard isClassifier else { return graph.output("prediction", score) }
        guard outputs > 1 else {
            graph.output("probability", score)
            let above = try apply("greater", [score, try scalar(0.5)])
            return graph.output("label", try apply("cast", [above], ["to": .type(.i64)]))
        }
        graph.output("probability", score, labels: (0..<outputs).map { Text("\($0)") })
        graph.output("label", try apply("arg_max", [score], ["axis": .int(1), "keepdims": .int(0)]))
    }
}
