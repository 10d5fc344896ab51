import MaxIR
import MaxSettings

extension Learners {
    static let multilayerPerceptron = Learner(
        "mlp",
        "Multilayer perceptron: log loss or half the squared error, l2, Adam on minibatches. Source: Kingma, Ba 2015; Glorot, Bengio 2010; scikit-learn MLPClassifier and MLPRegressor.",
        tasks: [.binary, .multiclass, .regression], needs: [.complete, .scaled, .numbers],
        settings: [
            Setting("hidden", .integers(1...65_536), .list([100]), "the widths of the hidden layers"),
            Setting("activation", .choice(["relu", "tanh", "logistic"]), "relu", "of the hidden layers"),
            Setting("l2", .number(0...1e6), 1e-4, "penalty: half of it times the squared weights, over the rows of a minibatch"),
            Setting("rate", .number(1e-12...1e3), 1e-3, "size of Adam's steps"),
            Setting("batch", .integer(1...1_000_000), 200, "rows of a minibatch"),
            Setting("epochs", .integer(1...1_000_000), 200, "most passes over the rows"),
            Setting("patience", .integer(1...1_000_000), 10, "stop after so many epochs without a loss that is better by tolerance"),
            Setting("tolerance", .number(0...1e6), 1e-4, "how much better a loss has to be"),
            Setting("held_share", .number(0...0.9), 0, "part of the rows that is held out to judge the loss, where none are given"),
            Setting("standardize", .flag, true, "whether columns are brought to mean 0 and variance 1 first"),
            Setting("class_weight", .choice(["none", "balanced"]), "none", "balanced: every class has the same weight in all"),
        ],
        fit: { problem, settings throws(MaxError) in try MultilayerPerceptron.fit(problem, settings) })
}

/// A fitted perceptron. Columns are standardized and targets of regression too; both are folded into the layers.
struct MultilayerPerceptron: FittedModel {
    let layers: [Layers.Dense]
    let activation: Layers.Activation
    let task: Task
    let facts: [(name: String, value: String)]

    var importance: [Double]? { nil }

    static func fit(_ problem: Problem, _ settings: Settings) throws(MaxError) -> MultilayerPerceptron {
        try problem.check()
        let hidden = settings.integers("hidden")
        guard hidden.count <= 64 else { throw MaxError(.usage, "hidden: \(hidden.count) layers, at most 64") }
        let isBalanced = settings.text("class_weight") == "balanced"
        guard !isBalanced || problem.task != .regression else {
            throw MaxError(.usage, "class_weight: balanced needs classes, found the task regression")
        }
        let outputs = problem.task == .multiclass ? problem.classes : 1
        let sizes = [problem.features.columns.count] + hidden + [outputs]
        var parameters = 0
        for (from, to) in zip(sizes, sizes.dropFirst()) {
            let (sum, isOver) = parameters.addingReportingOverflow(try elementCount(of: [from + 1, to]))
            guard !isOver, sum <= Layers.mostParameters else {
                throw MaxError(.limitExceeded, "hidden: more than \(Layers.mostParameters) weights: choose narrower layers")
            }
            parameters = sum
        }
        let activation = Layers.Activation(rawValue: settings.text("activation")) ?? .relu
        let crew = try Crew(threads: problem.threads)
        let weights = isBalanced ? try problem.balancedWeights() : problem.weights
        let standardizes = settings.flag("standardize")
        let data = try NeuralRows(
            problem.features, target: problem.target, weights: weights, task: problem.task, standardizes: standardizes, like: nil,
            crew: crew)
        let held = try problem.held.map { held throws(MaxError) in
            try NeuralRows(
                held.features, target: held.target, weights: held.weights, task: problem.task, standardizes: standardizes, like: data,
                crew: crew)
        }
        let layers = Layers(sizes: sizes, activation: activation, task: problem.task, seed: problem.seed)
        let training = NeuralTraining(
            layers, data, held: held, heldShare: settings.number("held_share"), batch: settings.integer("batch"), l2: settings.number("l2"),
            rate: settings.number("rate"), seed: problem.seed, crew: crew)
        let outcome = training.run(
            epochs: settings.integer("epochs"), patience: settings.integer("patience"), tolerance: settings.number("tolerance"),
            progress: problem.progress)
        guard outcome.loss.isFinite, layers.isFinite else {
            throw MaxError(.malformed, "mlp: the loss is not finite after \(outcome.epochs) epochs: lower rate")
        }
        return MultilayerPerceptron(
            layers: layers.folded(data), activation: activation, task: problem.task,
            facts: [
                ("epochs", "\(outcome.epochs)"), ("loss", "\(outcome.loss)"), ("stopped", outcome.reason),
                ("weights", "\(layers.parameters.count)"),
            ])
    }

    func append(to graph: inout GraphBuilder, features: ValueID) throws(MaxError) -> ModelOutputs {
        var x = try graph.wide(features)
        for (index, layer) in layers.enumerated() {
            x = try graph.affine(x, layer.weights, layer.biases)
            guard index + 1 < layers.count else { break }
            switch activation {
            case .relu: x = try graph.apply("relu", [x])
            case .tanh: x = try graph.apply("tanh", [x])
            case .logistic: x = try graph.apply("logistic", [x], ["form": .string("clamped")])
            }
        }
        switch task {
        case .multiclass:
            return ModelOutputs(
                raw: x, probability: try graph.apply("softmax", [x], ["axis": .int(1)]),
                label: try graph.apply("arg_max", [x], ["axis": .int(1), "keepdims": .int(0)]))
        case .binary:
            let margin = try graph.flat(x)
            let above = try graph.apply("greater", [margin, try graph.scalar(0)])
            return ModelOutputs(
                raw: margin, probability: try graph.apply("logistic", [margin], ["form": .string("clamped")]),
                label: try graph.apply("cast", [above], ["to": .type(.i64)]))
        default:
            let value = try graph.flat(x)
            return ModelOutputs(raw: value, prediction: value)
        }
    }
}
