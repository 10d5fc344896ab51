import ArgumentParser
import Glibc
import MaxCommand
import MaxFeatures
import MaxFormats
import MaxIR
import MaxLearning
import MaxRuntime
import MaxSettings
import MaxTabular
import MaxTraining

@main
struct MaxaiTrain: ParsableCommand {
    static func main() { runCommand(Self.self) }

    static let configuration = CommandConfiguration(
        commandName: "maxai-train",
        abstract: "Trains a model on a table; what comes out is a graph that takes the table's columns.",
        discussion: """
            Reads Parquet, CSV, Arrow IPC and NDJSON: one file, several, or folders. The result is a .maxir file, which
            maxai-compile makes a bundle of: featurization, model, decision and evaluation in one. The same data, recipe
            and seed give the same bytes, whatever the number of threads and however the rows are spread over files.

            A recipe (YAML) says everything that can be said: --init writes one for a table, with every setting and its
            default. Without a recipe the defaults hold, and --set changes one of them.

            Every run leaves a folder (--run-folder; default: runs/NAME beside the output) with recipe, data digests, checks,
            expectations, metrics, report and log.

            Examples:
              maxai-train customers.csv --target churned -o churn.maxir
              maxai-train --init customers.csv --target churned -o recipe.yaml
              maxai-train --recipe recipe.yaml -o churn.maxir --report churn.html
              maxai-train flights/ --target late --model gbdt --set learner.settings.trees=300 --folds 5 -o late.maxir
              maxai-train --learners
            """,
        version: maxaiVersion)

    @Argument(help: "Tables or folders to learn from (instead of the recipe's data.train).") var data: [String] = []
    @Option(help: "The column to predict.") var target: String?
    @Option(help: "auto, binary, multiclass, regression, ranking, anomaly or clustering.") var task: String?
    @Option(help: "The learner; --learners lists them.") var model: String?
    @Option(help: "A recipe file.") var recipe: String?
    @Option(help: ArgumentHelp("Change a setting of the recipe; may be given more than once.", valueName: "SECTION.NAME=VALUE"))
    var set: [String] = []
    @Option(help: "Columns to leave out, separated by commas.") var ignore: String?
    @Option(help: "Tables that are judged and never learned from; may be given more than once.") var test: [String] = []
    @Option(help: "Cross-validate with so many parts instead of one hold-out.") var folds: Int?
    @Option(help: "The seed of everything random.") var seed: Int?
    @Option(name: .shortAndLong, help: "The graph to write (.maxir); with --init the recipe (default: standard output).") var output:
        String?
    @Option(help: "Write the report to this file (.html), too.") var report: String?
    @Option(help: "Write what the model says of the test rows, or of the held-out rows, to this table.") var predictions: String?
    @Option(help: "The folder of this run, which must not exist.") var runFolder: String?
    @Option(help: "Threads (default: one per core). The model does not depend on it.") var threads: Int?
    @Flag(name: .customLong("init"), help: "Write a commented recipe for the data instead of training.") var isInit = false
    @Flag(help: "Only check the data, and say what was found.") var check = false
    @Flag(help: "List learners and their settings.") var learners = false
    @Flag(help: "List featurizers and their settings.") var featurizers = false
    @Flag(help: "Report on standard output as JSON.") var json = false
    @Flag(name: .shortAndLong, help: "Say nothing unless something is wrong.") var quiet = false

    func validate() throws {
        guard threads == nil || (1...256).contains(threads ?? 0) else {
            throw ValidationError("--threads \(threads ?? 0): expected 1 to 256")
        }
        guard learners || featurizers || isInit || check || output != nil else {
            throw ValidationError("name the graph to write with -o (.maxir)")
        }
        guard isInit || output?.hasSuffix(".maxir") ?? true else {
            throw ValidationError("-o \(output ?? ""): expected a name that ends in .maxir: maxai-compile makes a bundle of it")
        }
        guard learners || featurizers || recipe != nil || !data.isEmpty else {
            throw ValidationError("name a table to learn from, or a --recipe")
        }
    }

    func run() throws {
        if learners { return print(Learners.page, terminator: "") }
        if featurizers { return print(Featurizers.page, terminator: "") }
        if isInit { try writeRecipe() } else { try train() }
    }
}
