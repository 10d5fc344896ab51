import MaxEvaluation
import MaxIR
import MaxLearning

/// Predictions for rows that the model which made them had not seen, in the order of the splits.
struct HeldOut {
    var rows: [Int] = []
    var raw: [Double] = []
    /// Binary: the probability of the positive class. Multiclass: of all, row by row. Else the prediction.
    var prediction: [Double] = []

    /// Adds what `graph` says about `rows` of the data.
    mutating func add(_ rows: [Int], _ graph: Graph, _ data: TrainingData, threads: Int) throws(MaxError) {
        let predictor = try Predictor(graph, threads: threads)
        guard let output = predictor.output(Self.output(data.task)), let rawOutput = predictor.output("raw") else { return }
        for (name, values) in [
            ("p", try predictor.predict(data.table, output: output)), ("r", try predictor.predict(data.table, output: rawOutput)),
        ] {
            let width = data.rows > 0 ? values.count / data.rows : 1
            for row in rows {
                if name == "p" {
                    prediction += values[row * width..<(row + 1) * width]
                } else {
                    raw += values[row * width..<(row + 1) * width]
                }
            }
        }
        self.rows += rows
    }

    static func output(_ task: Task) -> Text { task == .binary || task == .multiclass ? "probability" : "prediction" }

    func target(_ data: TrainingData) -> [Double] { rows.map { data.y[$0] } }
    func weights(_ data: TrainingData) -> [Double]? { data.weights.map { weights in rows.map { weights[$0] } } }

    /// As metrics see it.
    func scored(_ data: TrainingData, _ decision: Decision, features: Int?) -> Scored {
        var queries: [Int]?
        if data.task == .ranking, let groups = data.groups {
            var lengths: [Int] = []
            for (place, row) in rows.enumerated() {
                if place > 0, groups[row] == groups[rows[place - 1]] { lengths[lengths.count - 1] += 1 } else { lengths.append(1) }
            }
            queries = lengths
        }
        return Scored(
            target: target(data), prediction: prediction, classes: data.target?.classCount ?? 1, weights: weights(data), queries: queries,
            threshold: decision.threshold ?? 0.5.nextUp, features: features)
    }

    /// What the recipe asks to be learned from these rows.
    func decision(_ data: TrainingData, _ recipe: Recipe) throws(MaxError) -> Decision {
        let settings = recipe.calibration
        let method = settings.text("method")
        guard data.task == .binary || data.task == .multiclass else {
            guard method == "none", settings.text("threshold") == "half" else {
                throw MaxError(.usage, "calibration: the task is \(data.task.rawValue), which has no probabilities")
            }
            return Decision()
        }
        guard !rows.isEmpty else {
            guard method == "none", settings.text("threshold") == "half" else {
                throw MaxError(.usage, "calibration: there are no held-out rows to learn from: choose a validation method")
            }
            return Decision()
        }
        let classes = data.target?.classCount ?? 2
        var decision = Decision(
            calibration: try Calibration.learned(
                method, raw: raw, probability: prediction, target: target(data), classes: classes, weights: weights(data)))
        guard settings.text("threshold") != "half" else { return decision }
        guard classes == 2 else { throw MaxError(.usage, "calibration.threshold: found \(classes) classes, expected two") }
        var scored = self.scored(data, decision, features: nil)
        if let calibration = decision.calibration {
            scored.prediction = calibration.apply(calibration.name == "isotonic" ? prediction : raw)
        }
        let least = settings.number("at_least")
        let found: Threshold? =
            switch settings.text("threshold") {
            case "f1": Threshold.greatestF(scored)
            case "balanced_accuracy": Threshold.greatestBalancedAccuracy(scored)
            case "cost":
                Threshold.leastCost(
                    scored, .init(falsePositive: settings.number("false_positive"), falseNegative: settings.number("false_negative")))
            case "precision": Threshold.atPrecision(scored, least)
            default: Threshold.atRecall(scored, least)
            }
        guard let found else {
            throw MaxError(.policyFailed, "calibration.threshold: no threshold reaches \(settings.text("threshold")) of at least \(least)")
        }
        decision.threshold = found.value
        return decision
    }

    /// The same rows with the decision applied.
    func decided(_ decision: Decision, _ data: TrainingData) -> HeldOut {
        guard let calibration = decision.calibration else { return self }
        var changed = self
        let classes = data.target?.classCount ?? 2
        if classes > 2 {
            changed.prediction = calibration.apply(logits: raw, classes: classes) ?? prediction
        } else {
            changed.prediction = calibration.apply(calibration.name == "isotonic" ? prediction : raw)
        }
        return changed
    }
}
