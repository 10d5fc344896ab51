import MaxEvaluation
import MaxFeatures
import MaxIR
import MaxLearning
import MaxRuntime

extension TrainingRun {
    /// Judges predictions of rows of `data`; nil where there are none.
    func evaluate(
        _ data: TrainingData, _ held: HeldOut, _ decision: Decision, _ graph: Graph, _ fit: Fit, sample: String, explains: Bool = true
    ) throws(MaxError) -> MaxEvaluation.Evaluation? {
        guard !held.rows.isEmpty, let task = EvaluationTask(rawValue: data.task.rawValue) else { return nil }
        progress(0.95, "judging")
        let scored = held.scored(data, decision, features: fit.features.columns.count)
        func columns(_ setting: String) throws(MaxError) -> [MaxEvaluation.Evaluation.Column] {
            try recipe.evaluation.texts(setting).map { name throws(MaxError) in
                guard let index = data.table.index(of: Text(name)) else { throw data.table.noColumn(Text(name), "evaluation.\(setting)") }
                let texts = data.table.texts(index)
                return (Text(name), held.rows.map { texts[$0] ?? "(missing)" })
            }
        }
        var evaluation = MaxEvaluation.Evaluation(
            task: task, scored: scored, classLabels: data.target?.labels ?? [], segments: try columns("segments"),
            groups: try columns("groups"),
            target: data.target?.name ?? "", sample: Text(sample))
        evaluation.calibration = decision.calibration
        if explains, data.task != .ranking { try explain(&evaluation, data, held, graph) }
        return evaluation
    }

    /// Importance by permutation, and curves of partial dependence, on some of the held-out rows, by the graph itself.
    private func explain(_ evaluation: inout MaxEvaluation.Evaluation, _ data: TrainingData, _ held: HeldOut, _ graph: Graph)
        throws(MaxError)
    {
        let most = recipe.evaluation.integer("importance_rows")
        guard most > 0 else { return }
        progress(0.96, "importance")
        let order = held.rows.indices.sorted {
            (Self.scrambled($0, recipe.seed), $0) < (Self.scrambled($1, recipe.seed), $1)
        }
        let rows = order.prefix(most).map { held.rows[$0] }.sorted()
        let predictor = try Predictor(graph, threads: threads)
        guard let output = predictor.output(HeldOut.output(data.task)) else { return }
        let tensors = try data.table.inputs(of: predictor.model.schema, rows: rows)
        let metric = try Metrics.named(evaluation.principal)
        let classes = data.target?.classCount ?? 1
        let base = Scored(
            target: rows.map { data.y[$0] }, prediction: try predictor.predict(tensors, rows: rows.count, output: output), classes: classes,
            weights: data.weights.map { weights in rows.map { weights[$0] } })
        let names = graph.inputs.map(\.name)
        evaluation.importances = try Importance.permutation(columns: names, scored: base, metric: metric, repeats: 3, seed: recipe.seed) {
            column, order throws(MaxError) in
            var changed = tensors
            changed[column] = Tensor(unchecked: tensors[column].storage.picking(order), shape: tensors[column].shape)
            return try predictor.predict(changed, rows: rows.count, output: output)
        }
        guard classes <= 2 else { return }
        let few = min(rows.count, 500)
        let sample = tensors.map { Tensor(unchecked: $0.storage.picking(Array(0..<few)), shape: [few] + $0.shape.dropFirst()) }
        for importance in evaluation.importances.prefix(recipe.evaluation.integer("dependence")) {
            guard let column = names.firstIndex(of: importance.column) else { continue }
            if let curve = try dependence(column, importance.column, tensors[column], sample, few, predictor, output) {
                evaluation.partialDependence.append(curve)
            }
        }
    }

    private func dependence(
        _ column: Int, _ name: Text, _ whole: Tensor, _ sample: [Tensor], _ rows: Int, _ predictor: Predictor, _ output: Int
    ) throws(MaxError) -> PartialDependence? {
        var values: [(shown: Text, tensor: TensorStorage)] = []
        var positions: [Double] = []
        switch whole.storage {
        case .f64(let numbers):
            positions = PartialDependence.grid(numbers)
            values = positions.map { (Text("\($0)"), .f64([$0])) }
        case .f32(let numbers):
            positions = PartialDependence.grid(numbers.map { Double($0) })
            values = positions.map { (Text("\($0)"), .f32([Float($0)])) }
        case .string(let texts):
            var counts: [Text: Int] = [:]
            for text in texts { counts[text, default: 0] += 1 }
            let top = counts.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.prefix(12).map(\.key)
            values = top.map { ($0.isEmpty ? "(missing)" : $0, .string([$0])) }
        default: return nil
        }
        guard values.count > 1 else { return nil }
        return try PartialDependence.of(column: name, values: values.map(\.shown), positions: positions) { index throws(MaxError) in
            var changed = sample
            let repeated = values[index].tensor.picking([Int](repeating: 0, count: rows))
            changed[column] = Tensor(unchecked: repeated, shape: [rows])
            return try predictor.predict(changed, rows: rows, output: output)
        }
    }

    /// Source: the finalizer of SplitMix64 (Steele, Lea, Flood 2014).
    private static func scrambled(_ place: Int, _ seed: UInt64) -> UInt64 {
        var z = seed &* 0xd134_2543_de82_ef95 &+ (UInt64(place) &+ 1) &* 0x9e37_79b9_7f4a_7c15
        z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
        return z ^ (z >> 31)
    }
}

extension Table {
    /// Some rows as one tensor for each input of a graph, as the runtime takes them in.
    func inputs(of schema: Schema, rows: [Int]) throws(MaxError) -> [Tensor] {
        var columns: [Int] = []
        for column in schema.columns {
            guard let index = index(of: column.name) else { throw noColumn(column.name, locations.first ?? "table") }
            columns.append(index)
        }
        var parts: [[TensorStorage]] = schema.inputs.map { _ in [] }
        var next = 0
        for batch in batches.indices {
            let views = views(columns, batch: batch)
            while next < rows.count, rows[next] < starts[batch + 1] {
                let local = rows[next] - starts[batch]
                for (input, tensor) in try schema.tensors(views.map { $0.dropping(local) }, rows: 1).enumerated() {
                    parts[input].append(tensor.storage)
                }
                next += 1
            }
        }
        return try zip(schema.inputs, parts).map { port, parts throws(MaxError) in
            guard let first = parts.first, let all = first.appending(Array(parts.dropFirst())) else {
                throw MaxError(.internal, "input \(port.name.quoted) has no rows")
            }
            return Tensor(unchecked: all, shape: [rows.count] + port.tail)
        }
    }
}
