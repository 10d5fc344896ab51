import MaxEvaluation
import MaxExpectations
import MaxFeatures
import MaxIR
import MaxLearning

/// One training: from a recipe and tables to a graph that was judged on rows it had not seen.
public struct TrainingRun {
    public let recipe: Recipe
    public var threads: Int
    /// What the model is called, in the graph.
    public var name: Text
    /// Called with the part that is done and a few words.
    public var progress: @Sendable (Double, String) -> Void
    /// Called with every line that belongs in the log.
    public var log: (String) -> Void

    public init(
        _ recipe: Recipe, name: Text, threads: Int, progress: @escaping @Sendable (Double, String) -> Void = { _, _ in },
        log: @escaping (String) -> Void = { _ in }
    ) {
        self.recipe = recipe
        self.name = name
        self.threads = max(1, threads)
        self.progress = progress
        self.log = log
    }

    /// Reads the recipe's training tables.
    public func readTables() throws(MaxError) -> Table {
        let locations = recipe.data.texts("train")
        guard !locations.isEmpty else { throw MaxError(.usage, "data.train: no table is named") }
        let progress = self.progress
        return try Table.read(locations, types: recipe.columnTypes, threads: threads) { rows in progress(0, "\(rows) rows read") }
    }

    /// - Throws: `.malformed` or `.usage` for data and recipes that do not fit; `.policyFailed` where a check or a gate fails.
    public func run(_ table: Table) throws(MaxError) -> TrainedModel {
        log("data: \(table.rows) rows, \(table.columns.count) columns from \(table.locations.count) tables")
        let data = try TrainingData(table, recipe)
        if let target = data.target { log("task: \(data.task.rawValue): \(target.reason)") }
        let unusable = data.rows - data.usableCount
        if unusable > 0 { log("rows without target or weight: \(unusable), left out") }
        guard recipe.learner.tasks.contains(data.task) else {
            throw MaxError(
                .usage,
                "learner.name: \(recipe.learner.name) does not do \(data.task.rawValue): expected one of \(Learners.all.filter { $0.tasks.contains(data.task) }.map(\.name).joined(separator: ", "))"
            )
        }
        progress(0.01, "checking the data")
        let report = try check(data)
        let plan = try plan(data)
        let validation = try Validation(data, recipe)
        log("validation: \(validation.name)")
        let parts = Double(validation.splits.count + 1)
        var held = HeldOut()
        var last: (fit: Fit, split: Split)?
        for (index, split) in validation.splits.enumerated() {
            let train = Validation.mask(split.train, of: data.rows)
            let test = Validation.mask(split.test, of: data.rows)
            let name = validation.splits.count == 1 ? "judging" : "fold \(index + 1) of \(validation.splits.count)"
            let fit = try Fit.fit(
                data, plan, recipe, rows: train, held: test, threads: threads, progress: stage(Double(index) / parts, 1 / parts, name))
            try held.add(split.test, try fit.graph(data), data, threads: threads)
            last = (fit, split)
        }
        let decision = try held.decision(data, recipe)
        let fit: Fit
        if let last, validation.splits.count == 1, !refits {
            fit = last.fit
        } else {
            let rest = stage((parts - 1) / parts, 1 / parts, "learning from all rows")
            fit = try Fit.fit(data, plan, recipe, rows: data.usable, held: nil, threads: threads, progress: rest)
        }
        for fact in fit.model.facts { log("\(recipe.learner.name): \(fact.name) \(fact.value)") }
        var graph = try fit.graph(data, decision)
        graph.name = name
        let judged = held.decided(decision, data)
        let evaluation = try evaluate(data, judged, decision, graph, fit, sample: validation.name)
        let tested = try test(data, graph, decision, fit)
        let shown = tested?.held ?? judged
        let model = TrainedModel(
            graph: graph, evaluation: evaluation, testEvaluation: tested?.evaluation,
            predictions: Predictions(shown, output: HeldOut.output(data.task)), report: report,
            expectations: Expectations(from: report.summaries.filter { summary in graph.inputs.contains { $0.name == summary.name } }),
            record: TrainingRecord(recipe, data, fit, decision, validation.name), facts: fit.model.facts,
            features: fit.features.columns.map(\.name))
        try checkGates(model)
        progress(1, "done")
        return model
    }

    /// Whether the final model learns from the held-out rows, too.
    private var refits: Bool {
        switch recipe.validation.text("refit") {
        case "yes": true
        case "no": false
        default: !(recipe.learner.settings.contains { $0.name == "early_stopping" } && recipe.learnerSettings.integer("early_stopping") > 0)
        }
    }

    private func stage(_ start: Double, _ length: Double, _ name: String) -> @Sendable (Double, String) -> Void {
        let progress = self.progress
        return { part, what in progress(0.02 + 0.93 * (start + part * length), "\(name): \(what)") }
    }

    private func plan(_ data: TrainingData) throws(MaxError) -> FeaturePlan {
        var plan = FeaturePlan(columns: recipe.columns)
        guard recipe.features.flag("standard") else {
            if plan.columns.isEmpty { throw MaxError(.usage, "features: standard is false, and no columns are named") }
            return plan
        }
        for part in recipe.columns {
            for name in part.columns where data.leftOut.contains(name) {
                throw MaxError(
                    .usage, "features.columns: \(name.quoted) is the target, a weight, a group, a time or ignored: it cannot be a feature")
            }
        }
        let known = Set(recipe.columns.flatMap(\.columns))
        let others = data.table.columns.filter { !known.contains($0.name) && !data.leftOut.contains($0.name) }
        if others.isEmpty, !plan.columns.isEmpty { return plan }
        let standard = try FeaturePlan.standard(for: data.table, leaveOut: data.leftOut.union(known), needs: recipe.learner.needs)
        for (column, reason) in standard.reasons { log("feature \(column): \(reason)") }
        plan.columns += standard.plan.columns
        return plan
    }

    private func check(_ data: TrainingData) throws(MaxError) -> DataReport {
        let report = try DataChecks.run(table: data.table.checkable, target: data.target?.name)
        func place(_ finding: Finding) -> String { finding.column.map { "column \($0.quoted): " } ?? "" }
        for finding in report.findings { log("check: \(finding.severity.rawValue): \(place(finding))\(finding.sentence)") }
        let limit: Finding.Severity? =
            switch recipe.checks.text("fail_on") {
            case "never": nil
            case "warning": .warning
            default: .error
            }
        if let limit, let worst = report.findings.first(where: { $0.severity <= limit }) {
            throw MaxError(
                .policyFailed, "check \(worst.check): \(place(worst))\(worst.sentence): \(worst.advice) (or checks.fail_on: never)")
        }
        return report
    }

    private func test(_ data: TrainingData, _ graph: Graph, _ decision: Decision, _ fit: Fit) throws(MaxError) -> (
        evaluation: MaxEvaluation.Evaluation?, held: HeldOut
    )? {
        let locations = recipe.data.texts("test")
        guard !locations.isEmpty else { return nil }
        let table = try Table.read(locations, types: recipe.columnTypes, threads: threads)
        let test = try TrainingData(table, recipe, target: data.target)
        var held = HeldOut()
        try held.add(test.usable.indices.filter { test.usable[$0] }, graph, test, threads: threads)
        let names = locations.map { $0.split(separator: "/").last.map(String.init) ?? $0 }
        return (try evaluate(test, held, decision, graph, fit, sample: "test: \(names.joined(separator: ", "))", explains: false), held)
    }

    private func checkGates(_ model: TrainedModel) throws(MaxError) {
        for gate in recipe.gates {
            let metric = try Metrics.named(gate.metric)
            let evaluation = model.testEvaluation ?? model.evaluation
            guard let evaluation, let found = evaluation.value(metric.name), found.value.isFinite else {
                throw MaxError(
                    .policyFailed, "gate \(gate.metric): there is no value of it: choose a validation method, and a metric of the task")
            }
            if let minimum = gate.minimum, found.value < minimum {
                throw MaxError(
                    .policyFailed, "gate \(gate.metric): found \(found.value) on \(evaluation.sample), expected at least \(minimum)")
            }
            if let maximum = gate.maximum, found.value > maximum {
                throw MaxError(
                    .policyFailed, "gate \(gate.metric): found \(found.value) on \(evaluation.sample), expected at most \(maximum)")
            }
        }
    }
}

extension Table {
    /// As the data checks see it.
    public var checkable: TableBatches {
        TableBatches(
            columns: columns.map { ($0.name, $0.element ?? .f64) }, batchRows: batches.map(\.rows),
            views: { batch in self.views(Array(self.columns.indices), batch: batch) })
    }
}

extension Recipe {
    /// The types of columns in formats without types.
    public var columnTypes: [(name: Text, element: ElementType)] {
        data.textByName("types").sorted { $0.key < $1.key }.compactMap { name, kind in
            let element: ElementType? =
                switch kind {
                case "text": .string
                case "number": .f64
                case "integer": .i64
                case "boolean": .bool
                case "time": .timestamp
                default: nil
                }
            return element.map { (Text(name), $0) }
        }
    }
}
