import MaxFeatures
import MaxIR
import MaxLearning

/// Features and model, both learned from some rows.
struct Fit {
    let features: FittedFeatures
    let model: any FittedModel

    /// Learns from the rows of `mask`; `held` are rows that early stopping may look at.
    static func fit(
        _ data: TrainingData, _ plan: FeaturePlan, _ recipe: Recipe, rows mask: [Bool], held: [Bool]?, threads: Int,
        progress: @escaping @Sendable (Double, String) -> Void
    ) throws(MaxError) -> Fit {
        let target = data.target == nil ? nil : data.y
        let classes = data.target?.classCount ?? 1
        let features = try plan.fit(
            data.table, rows: mask, target: target, classes: classes, seed: recipe.seed, threads: threads
        ) { part, what in progress(part * 0.1, what) }
        var problem = Problem(
            data.task, features: try features.matrix(of: data.table, rows: mask, threads: threads, training: true),
            target: target.map { TrainingData.picked($0, mask) } ?? [], classes: classes, seed: recipe.seed, threads: threads,
            progress: { part, what in progress(0.1 + part * 0.9, what) })
        problem.weights = data.weights.map { TrainingData.picked($0, mask) }
        problem.queries = data.queries(mask)
        if let held, let target, held.contains(true) {
            problem.held = Problem.Held(
                features: try features.matrix(of: data.table, rows: held, threads: threads, training: false),
                target: TrainingData.picked(target, held), weights: data.weights.map { TrainingData.picked($0, held) },
                queries: data.queries(held))
        }
        return Fit(features: features, model: try recipe.learner.fit(problem, recipe.learnerSettings))
    }

    /// The whole model as a graph.
    func graph(_ data: TrainingData, _ decision: Decision = Decision()) throws(MaxError) -> Graph {
        try Assembly.graph(features, model, task: data.task, target: data.target, decision: decision)
    }
}
