import MaxFormats
import MaxIR

/// What `predict` makes of raw values, by the loss that the model was trained with.
struct CatBoostLoss {
    private enum Link { case identity, exponential, uncertainty, logistic, softmax }

    private let link: Link
    private let isClassifier: Bool
    /// Each output is a label of its own.
    private let isMultilabel: Bool
    /// Whether the model was trained on several columns of targets.
    let hasSeveralTargets: Bool
    private let outputs: Int
    private let labels: Labels

    private enum Labels {
        case positions
        case integers([Int64])
        case texts([Text])
    }

    private static let plain: Set<String> = [
        "RMSE", "MAE", "Quantile", "MultiQuantile", "LogLinQuantile", "MAPE", "Lq", "Huber", "Expectile", "MultiRMSE",
        "MultiRMSEWithMissingValues", "SurvivalAft", "Cox", "QueryRMSE", "QuerySoftMax", "QueryCrossEntropy", "PairLogit",
        "PairLogitPairwise", "YetiRank", "YetiRankPairwise", "StochasticFilter", "StochasticRank", "LambdaMart", "GroupQuantile",
        "PythonUserDefinedPerObject", "PythonUserDefinedMultiTarget", "UserPerObjMetric", "UserQuerywiseMetric",
    ]

    /// - Parameter info: `model_info`.
    /// - Throws: `.unsupported` naming a loss that is not known.
    init(_ info: Field, outputs: Int) throws(MaxError) {
        self.outputs = outputs
        let field = try info.optional("params")?.optional("loss_function")?.optional("type")
        let name = try field?.text().string ?? "RMSE"
        isMultilabel = ["MultiLogloss", "MultiCrossEntropy"].contains(name)
        hasSeveralTargets = isMultilabel || name.hasPrefix("MultiRMSE")
        switch name {
        case _ where Self.plain.contains(name): (link, isClassifier) = (.identity, false)
        case "Poisson", "Tweedie": (link, isClassifier) = (.exponential, false)
        case "RMSEWithUncertainty": (link, isClassifier) = (.uncertainty, false)
        case "Logloss", "CrossEntropy", "Focal", "MultiClassOneVsAll", "MultiLogloss", "MultiCrossEntropy":
            (link, isClassifier) = (.logistic, true)
        case "MultiClass": (link, isClassifier) = (.softmax, true)
        default: throw MaxError(.unsupported, "catboost: \(field?.path ?? "loss_function"): \(Text(name).quoted) is not known")
        }
        labels = isClassifier && !isMultilabel ? try Self.labels(info, count: max(outputs, 2)) : .positions
    }

    private static func labels(_ info: Field, count: Int) throws(MaxError) -> Labels {
        guard let names = try info.optional("class_params")?.optional("class_names") else { return .positions }
        if case .numbers(let numbers) = names.value {
            try names.check(numbers.count, count)
            if let integers = try? numbers.integers() { return .integers(integers) }
            return .texts(try names.doubles().map { Text("\($0)") })
        }
        let elements = try names.elements()
        guard !elements.isEmpty else { return .positions }
        try names.check(elements.count, count)
        var texts: [Text] = []
        for element in elements { texts.append(try element.text()) }
        return .texts(texts)
    }

    func addOutputs(of raw: ValueID, _ graph: inout GraphBuilder) throws(MaxError) {
        let one = try graph.constant(Tensor([Int64(1)]))
        let score = outputs == 1 ? try graph.add(Ops.squeeze, [raw, one]) : raw
        func apply(_ name: String, _ operands: [ValueID], _ attributes: [String: Attribute] = [:]) throws(MaxError) -> ValueID {
            guard let op = Ops.named[name] else { throw MaxError(.internal, "catboost: no operator '\(name)'") }
            return try graph.add(op, operands, attributes)
        }
        switch link {
        case .identity: return graph.output("prediction", score)
        case .exponential: return graph.output("prediction", try apply("exp", [score]))
        case .uncertainty: return graph.output("prediction", try uncertainty(raw, &graph))
        case .logistic: graph.output("probability", try apply("logistic", [score], ["form": .string("clamped")]), labels: names)
        case .softmax: graph.output("probability", try apply("softmax", [score], ["axis": .int(1)]), labels: names)
        }
        if outputs == 1 || isMultilabel {
            let above = try apply("greater", [score, try graph.constant(Tensor(scalar: 0.0))])
            try addLabel(try apply("cast", [above], ["to": .type(.i64)]), &graph)
        } else {
            try addLabel(try apply("arg_max", [score], ["axis": .int(1), "keepdims": .int(0)]), &graph)
        }
    }

    /// The names of several probabilities.
    private var names: [Text] {
        guard outputs > 1 else { return [] }
        return switch labels {
        case .positions: (0..<outputs).map { Text("\($0)") }
        case .integers(let values): values.map { Text("\($0)") }
        case .texts(let texts): texts
        }
    }

    /// A mean, and a variance of which the raw value is the logarithm of the root.
    private func uncertainty(_ raw: ValueID, _ graph: inout GraphBuilder) throws(MaxError) -> ValueID {
        guard outputs == 2 else { throw MaxError(.malformed, "catboost: RMSEWithUncertainty with \(outputs) outputs, expected 2") }
        func column(_ index: Int64) throws(MaxError) -> ValueID {
            try graph.add(Ops.gather, [raw, try graph.constant(Tensor([index]))], ["axis": .int(1)])
        }
        guard let exp = Ops.named["exp"] else { throw MaxError(.internal, "catboost: no operator 'exp'") }
        let mean = try column(0)
        let doubled = try graph.add(Ops.mul, [try column(1), try graph.constant(Tensor(scalar: 2.0))])
        return try graph.add(Ops.concat, [mean, try graph.add(exp, [doubled])], ["axis": .int(1)])
    }

    private func addLabel(_ position: ValueID, _ graph: inout GraphBuilder) throws(MaxError) {
        switch labels {
        case .positions: graph.output("label", position)
        case .integers(let values):
            graph.output(
                "label",
                try graph.add(
                    Ops.labelEncoder, [position],
                    ["keys_int64s": .ints(values.indices.map { Int64($0) }), "values_int64s": .ints(values)]))
        case .texts(let texts):
            graph.output(
                "label",
                try graph.add(
                    Ops.labelEncoder, [position],
                    ["keys_int64s": .ints(texts.indices.map { Int64($0) }), "values_strings": .strings(texts)]))
        }
    }
}
