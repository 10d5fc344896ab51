import Glibc
import MaxCommand
import MaxEvaluation
import MaxExpectations
import MaxFeatures
import MaxFormats
import MaxIR
import MaxLearning
import MaxRuntime
import MaxSettings
import MaxTraining
import Synchronization

/// The progress line of a run, with the time that is left.
final class TrainingProgress: Sendable {
    private let line: Mutex<ProgressLine>
    private let start = monotonicSeconds()

    init(quiet: Bool) { line = Mutex(ProgressLine(quiet: quiet)) }

    func show(_ part: Double, _ what: String) {
        let elapsed = monotonicSeconds() - start
        let left = part > 0.05 ? ", about \(Int((elapsed * (1 - part) / part).rounded(.up))) s left" : ""
        line.withLock { $0.show("\(Int(part * 100)) %  \(what)\(left)") }
    }

    func finish() { line.withLock { $0.finish() } }
}

extension MaxaiTrain {
    /// What the command line says about the recipe, by `section.name`.
    func overrides() throws(MaxError) -> [String: SettingValue] {
        var given: [String: SettingValue] = [:]
        for pair in set {
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            guard parts.count == 2, !parts[0].isEmpty else { throw MaxError(.usage, "--set \(pair): expected SECTION.NAME=VALUE") }
            do { given[parts[0]] = try Recipe.value(parts[1]) } catch { throw error.inside("--set \(parts[0])") }
        }
        if !data.isEmpty { given["data.train"] = .list(data.map { .text($0) }) }
        if !test.isEmpty { given["data.test"] = .list(test.map { .text($0) }) }
        if let ignore { given["data.ignore"] = .list(ignore.split(separator: ",").map { .text(String($0)) }) }
        if let target { given["target.column"] = .text(target) }
        if let task { given["target.task"] = .text(task) }
        if let model { given["learner.name"] = .text(model) }
        if let folds { given["validation.folds"] = .integer(folds) }
        if let seed { given["seed"] = .integer(seed) }
        return given
    }

    func writeRecipe() throws(MaxError) {
        let given = try overrides()
        let recipe = try Recipe(overrides: given)
        let run = TrainingRun(recipe, name: "model", threads: threadCount)
        let table = try run.readTables()
        var notes = ["A recipe for maxai-train, written for \(table.rows) rows of:"]
        for summary in try table.checkable.summaries() { notes.append("  \(summary.line)") }
        var shown = given
        for name in given.keys where name.hasPrefix("learner.settings.") { shown[name] = nil }
        if shown["target.column"] == nil { notes.append("Name the column to predict below, in target.column.") }
        let text = RecipeText.commented(shown, learner: recipe.learner, notes: notes)
        guard let output else { return print(text, terminator: "") }
        try AtomicFile.write(Array(text.utf8), to: output)
        if !quiet { printNote("\(output): a recipe for \(table.rows) rows: maxai-train --recipe \(output) -o model.maxir") }
    }

    func train() throws(MaxError) {
        let start = monotonicSeconds()
        let given = try overrides()
        var recipeText: String?
        if let path = self.recipe {
            recipeText = String(decoding: try FileBytes(path: path, limit: 1 << 20).array, as: UTF8.self)
        }
        let recipe =
            if let recipeText, let path = self.recipe { try Recipe.read(recipeText, file: path, overrides: given) } else {
                try Recipe(overrides: given)
            }
        let file = (output ?? "model").split(separator: "/").last.map(String.init) ?? "model"
        let name = Text(file.lastIndex(of: ".").flatMap { $0 > file.startIndex ? String(file[..<$0]) : nil } ?? file)
        guard name.isModelName else {
            throw MaxError(.usage, "model name \(name.quoted): expected 1 to 128 of A-Z a-z 0-9 . _ -: name another output")
        }
        let folder = runFolder ?? freeFolder(name)
        if !check { try RunFolder.check(folder) }
        let progress = TrainingProgress(quiet: quiet)
        let log = Mutex<[String]>([])
        let run = TrainingRun(
            recipe, name: name, threads: threadCount, progress: { progress.show($0, $1) }, log: { line in log.withLock { $0.append(line) } }
        )
        let table = try run.readTables()
        if check {
            progress.finish()
            return try showChecks(table, recipe)
        }
        let model: TrainedModel
        do { model = try run.run(table) } catch {
            progress.finish()
            throw error
        }
        progress.finish()
        guard let output else { throw MaxError(.usage, "name the graph to write with -o (.maxir)") }
        let bytes = try model.bytes(producer: Text("maxai-train \(maxaiVersion)"))
        let recipeShown = recipeText ?? RecipeText.commented(given, learner: recipe.learner, notes: ["As given on the command line."])
        let page = model.page(recipe: recipeShown)
        let lines = log.withLock { $0 }
        try RunFolder.write(
            folder, model, bytes: bytes, sources: RunFolder.sources(table.locations + recipe.data.texts("test")),
            .init(
                recipe: recipeShown,
                overrides: given, seed: recipe.seed, threads: threadCount, seconds: monotonicSeconds() - start,
                producer: "maxai-train \(maxaiVersion)", log: lines, report: page))
        if let report, let page { try AtomicFile.write(Array(page.utf8), to: report) }
        if let predictions { try model.predictions.write(to: predictions) }
        try AtomicFile.write(bytes, to: output)
        show(model, table, lines, output: output, folder: folder, seconds: monotonicSeconds() - start, bytes: bytes.count)
    }

    private func showChecks(_ table: Table, _ recipe: Recipe) throws(MaxError) {
        let report = try DataChecks.run(table: table.checkable, target: recipe.target.optionalText("column").map { Text($0) })
        print(json ? String(decoding: report.json, as: UTF8.self) : report.text)
        try report.requireNoErrors()
    }

    private func show(_ model: TrainedModel, _ table: Table, _ log: [String], output: String, folder: String, seconds: Double, bytes: Int) {
        if json {
            var out = JSONWriter()
            out.object { out in
                out.member("output", output)
                out.member("runFolder", folder)
                out.member("rows", table.rows)
                out.member("features", model.features.count)
                out.member("bytes", bytes)
                out.member("seconds", (seconds * 1000).rounded() / 1000)
                if let evaluation = model.evaluation { out.member("evaluation", json: evaluation.json) }
                if let evaluation = model.testEvaluation { out.member("test", json: evaluation.json) }
            }
            return print(String(decoding: out.bytes, as: UTF8.self))
        }
        guard !quiet else { return }
        for line in log { printNote(line) }
        for evaluation in [model.evaluation, model.testEvaluation] {
            guard let evaluation else { continue }
            print("\(evaluation.sample): \(evaluation.rows) rows")
            for metric in evaluation.metrics where metric.measured.value.isFinite {
                let error = metric.measured.standardError.map { " ± \(rounded($0))" } ?? ""
                let trivial = evaluation.baseline?.metrics.first { $0.name == metric.name }?.measured.value
                print(
                    "  \(metric.name + String(repeating: " ", count: max(1, 22 - metric.name.count)))\(rounded(metric.measured.value))\(error)\(trivial.map { $0.isFinite ? "   (baseline \(rounded($0)))" : "" } ?? "")"
                )
            }
        }
        print("\(output): \(model.features.count) features, \(bytes) bytes, \((seconds * 100).rounded() / 100) s; the run is in \(folder)")
    }

    private func rounded(_ value: Double) -> String {
        guard value != 0, value.isFinite else { return "\(value)" }
        let scale = Glibc.pow(10, 5 - Glibc.floor(Glibc.log10(abs(value))))
        return scale.isFinite && scale > 0 ? "\((value * scale).rounded() / scale)" : "\(value)"
    }

    var threadCount: Int { threads ?? Int(sysconf(Int32(_SC_NPROCESSORS_ONLN))) }

    /// Beside the output; of runs within one second, the later ones have a number.
    private func freeFolder(_ name: Text) -> String {
        let beside = (output ?? "model").lastIndex(of: "/").map { String((output ?? "")[...$0]) } ?? ""
        let folder = "\(beside)runs/\(name)-\(monthAndTime())"
        return ([folder] + (2...99).map { "\(folder)-\($0)" }).first { access($0, F_OK) != 0 } ?? folder
    }

    private func monthAndTime() -> String {
        var now = time(nil)
        var parts = tm()
        gmtime_r(&now, &parts)
        func two(_ value: Int32) -> String { value < 10 ? "0\(value)" : "\(value)" }
        return
            "\(1900 + parts.tm_year)\(two(parts.tm_mon + 1))\(two(parts.tm_mday))-\(two(parts.tm_hour))\(two(parts.tm_min))\(two(parts.tm_sec))"
    }
}
