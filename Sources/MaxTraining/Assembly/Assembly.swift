import MaxFeatures
import MaxIR
import MaxLearning

/// Puts featurization, model and decision together as one graph, with the outputs that every model of a task has.
enum Assembly {
    /// - Parameters:
    ///   - target: nil for tasks without one.
    ///   - decision: how scores become probabilities, and probabilities labels.
    static func graph(
        _ features: FittedFeatures, _ model: any FittedModel, task: Task, target: TargetColumn?, decision: Decision = Decision()
    ) throws(MaxError) -> Graph {
        var graph = features.builder
        let outputs = try model.append(to: &graph, features: features.matrix)
        graph.output("raw", outputs.raw, labels: labels(outputs.raw, target, graph))
        if task == .binary || task == .multiclass {
            guard let learned = outputs.probability, let target, let classes = target.classes else {
                throw MaxError(.internal, "a classifier without probabilities")
            }
            let probability = try decision.calibration?.append(to: &graph, raw: outputs.raw, probability: learned) ?? learned
            graph.output("probability", probability, labels: labels(probability, target, graph))
            graph.output("label", try label(probability, task, classes, decision.threshold, &graph))
        } else {
            if let prediction = outputs.prediction { graph.output("prediction", prediction) }
            if let label = outputs.label { graph.output("label", label) }
        }
        return try graph.finish()
    }

    private static func labels(_ value: ValueID, _ target: TargetColumn?, _ graph: GraphBuilder) -> [Text] {
        guard let target, let shape = graph.type(of: value).tensor?.shape, shape.count == 2, shape[1] == .fixed(target.classCount) else {
            return []
        }
        return target.labels
    }

    /// The class of each row, as the target has it. Of two classes the second where its probability is above one half, or at
    /// least `threshold`; of several the most probable, the first of equals.
    private static func label(
        _ probability: ValueID, _ task: Task, _ classes: TensorStorage, _ threshold: Double?, _ graph: inout GraphBuilder
    ) throws(MaxError) -> ValueID {
        var number: ValueID
        if task == .binary {
            let element = graph.type(of: probability).tensor?.element ?? .f64
            let limit = try graph.constant(try scalar(threshold ?? 0.5, element))
            let isPositive = try graph.add(threshold == nil ? Ops.named("greater") : Ops.named("greater_or_equal"), [probability, limit])
            number = try graph.add(Ops.cast, [isPositive], ["to": .type(.i64)])
        } else {
            number = try graph.add(Ops.named("arg_max"), [probability], ["axis": .int(1), "keepdims": .int(0)])
        }
        let keys = Attribute.ints((0..<classes.count).map { Int64($0) })
        switch classes {
        case .string(let texts):
            number = try graph.add(Ops.labelEncoder, [number], ["keys_int64s": keys, "values_strings": .strings(texts)])
        case .i64(let integers):
            if integers != (0..<classes.count).map({ Int64($0) }) {
                number = try graph.add(Ops.labelEncoder, [number], ["keys_int64s": keys, "values_int64s": .ints(integers)])
            }
        case .bool(let flags):
            if flags.first == true { number = try graph.add(Ops.named("sub"), [try graph.constant(Tensor(scalar: Int64(1))), number]) }
            number = try graph.add(Ops.cast, [number], ["to": .type(.bool)])
        case .f64(let numbers):
            number = try graph.add(
                Ops.labelEncoder, [number],
                ["keys_tensor": .tensor(Tensor((0..<classes.count).map { Int64($0) })), "values_tensor": .tensor(Tensor(numbers))])
        default: throw MaxError(.internal, "classes of type \(classes.elementType.rawValue)")
        }
        return number
    }

    private static func scalar(_ value: Double, _ element: ElementType) throws(MaxError) -> Tensor {
        element == .f32 ? Tensor(scalar: Float(value)) : Tensor(scalar: value)
    }
}

extension Ops {
    /// An operator that is always there.
    static func named(_ name: String) throws(MaxError) -> Operator {
        guard let found = named[name] else { throw MaxError(.internal, "no operator '\(name)'") }
        return found
    }
}
