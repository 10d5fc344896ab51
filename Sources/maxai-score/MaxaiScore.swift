import ArgumentParser
import Glibc
import MaxBinding
import MaxCommand
import MaxFormats
import MaxIR
import MaxRegistry
import MaxRuntime
import MaxTabular

@main
struct MaxaiScore: ParsableCommand {
    static func main() { runCommand(Self.self) }

    static let configuration = CommandConfiguration(
        commandName: "maxai-score",
        abstract: "Scores the rows of a table with a bundle.",
        discussion: """
            Reads and writes Parquet, CSV, TSV, Arrow IPC and NDJSON; the format shows in the name, or is given. Columns
            are matched by name, in any order; others are ignored unless kept. An output with K values per row is written
            as K columns name_0 … name_{K-1}, or with --nested as one list. Memory is bounded by the batch.

            --contributions all explains the raw score of tree models by TreeSHAP, interventional where the bundle has background
            rows (maxai-compile --background), else path-dependent: the contributions of all columns, added
            in order, then the base and the rest, give the score exactly. --contributions K gives the K columns that
            contribute most, with their names, and the base. --outputs leaf gives the leaf that
            each tree reaches.

            --expectations refuses rows that are not like those that the model was trained on: exit status 17, or without
            them or with a warning, as --on-violation says.

            Examples:
              maxai-score churn.maxb customers.parquet -o scores.parquet --keep customer_id
              maxai-score churn.maxb - --input-format csv -o - --output-format ndjson < customers.csv
              maxai-score churn.maxb day.csv -o day.scored.csv --outputs probability --on-error null
              maxai-score churn.maxb day.csv -o why.parquet --outputs raw,leaf --contributions all
              maxai-score churn.maxb day.csv -o why.csv --contributions 3
              maxai-score churn.maxb day.csv -o out.csv --expectations churn.expectations.json --on-violation skip
            """,
        version: maxaiVersion)

    @Argument(help: "The bundle.") var bundle: String
    @Argument(help: "The table: a path, a URI, or - for standard input.") var input: String
    @Option(name: .shortAndLong, help: "Where to write: a path, a URI, or - for standard output.") var output: String
    @Option(help: "parquet, csv, tsv, arrow, arrow-stream or ndjson (default: as the name says).") var inputFormat: String?
    @Option(help: "parquet, csv, tsv, arrow, arrow-stream or ndjson (default: as the name says).") var outputFormat: String?
    @Option(help: "Columns of the table to copy to the result, separated by commas.") var keep: String?
    @Option(help: "Outputs to write, separated by commas (default: all but raw and leaf).") var outputs: String?
    @Flag(help: "Write an output of several values as one list column.") var nested = false
    @Option(
        help: ArgumentHelp(
            "Add what columns contribute to raw. all: contribution_COLUMN, _base and _rest, whose sum is raw; a number: that many, the largest first, contribution_1_feature, contribution_1_value, …, contribution_base.",
            valueName: "K|all"))
    var contributions: WantedContributions?
    @Flag(help: "Explain by the training data that passed each node, also where the bundle has background rows.")
    var pathDependent = false
    @Option(help: "Threads that score (default: one per core).") var threads: Int?
    @Option(help: "Rows per batch.") var batchRows = 1 << 16
    @Option(help: "For a row that the model refuses: fail, null (no value in its outputs) or skip.") var onError = OnError.fail
    @Option(help: ArgumentHelp("A file that says what rows are expected to be like.", valueName: "file")) var expectations: String?
    @Option(help: "For a row that is not as expected: fail, warn, null (no value in its outputs) or skip.")
    var onViolation = OnViolation.fail
    @Option(help: "A public key, or a folder of them: the bundle must be signed by one.") var trust: String?
    @Flag(help: "Refuse a bundle without a trusted signature (needs --trust).") var requireSignature = false
    @Flag(help: "Report on standard error as JSON.") var json = false
    @Flag(name: .shortAndLong, help: "Say nothing unless something is wrong.") var quiet = false

    enum OnError: String, ExpressibleByArgument { case fail, null, skip }

    func validate() throws {
        guard (1...(1 << 22)).contains(batchRows) else { throw ValidationError("--batch-rows \(batchRows): expected 1 to 4194304") }
        guard threads == nil || (1...256).contains(threads ?? 0) else {
            throw ValidationError("--threads \(threads ?? 0): expected 1 to 256")
        }
    }

    func run() throws {
        let start = monotonicSeconds()
        var model = try TrustPolicy(trustPath: trust, requireSignature: requireSignature).load(path: bundle)
        let wanted = names(outputs)
        let wantsLeaves = wanted?.contains("leaf") == true && !model.schema.outputs.contains { $0.name == "leaf" }
        let explains = contributions != nil
        if explains || wantsLeaves {
            model = try model.explained(contributions: explains, leaves: wantsLeaves, pathDependent: pathDependent)
        }
        let gate = try expectations.map { try ExpectationGate($0, model.schema, onViolation) }
        let options = ColumnBinding.options(model.schema, batchRows: batchRows)
        let table = try TableReader.open(input, format: try format(inputFormat, "--input-format"), options: options)
        let binding = try ColumnBinding(model.schema, table, keep: names(keep))
        try table.select(indices: binding.selected)
        let results = try ResultColumns(
            model.schema, wanted: wanted.map { explains && !$0.contains("contributions") ? $0 + ["contributions"] : $0 },
            nested: nested, contributions: contributions)
        let kept = try binding.kept.map { try OutputColumn(keeping: table.columns[binding.selected[$0]]) }
        let writer = try TableWriter(output, format: try format(outputFormat, "--output-format"), columns: kept + results.columns)
        let workers = try Workers(model, threads: threads ?? Int(sysconf(Int32(_SC_NPROCESSORS_ONLN))), rows: batchRows)

        var progress = ProgressLine(quiet: quiet)
        var (rows, refused) = (0, 0)
        while let batch = try table.next() {
            let views = binding.views(batch)
            let buffers = try results.buffers(rows: batch.rows)
            let leftOut = try gate?.rowsToLeaveOut(views, rows: batch.rows, firstRow: rows) ?? []
            let outcome = try workers.score(
                views, rows: batch.rows, into: buffers, results, refusing: onError != .fail, excusing: leftOut, firstRow: rows)
            refused += outcome.refused.count
            rows += batch.rows
            // A row that is both refused and not as expected is left out if either says so.
            let skipped = (onError == .skip ? outcome.refused : []) + (onViolation == .skip ? leftOut : [])
            let nulled = (onError == .null ? outcome.refused : []) + (onViolation == .null ? leftOut : [])
            if !skipped.isEmpty {
                let isNulled = Set(nulled)
                for run in buffers.runs(without: skipped) {
                    let kept: [TableWriter.Values] = binding.kept.map { .kept(batch, column: $0, rows: run) }
                    let made = try buffers.columns(run)
                    for row in run where isNulled.contains(row) { for column in made { column.setMissing(row - run.lowerBound) } }
                    try writer.write(rows: run.count, kept + made.map { .made($0) })
                }
            } else {
                let made = try buffers.finished(missing: nulled)
                try writer.write(rows: batch.rows, binding.kept.map { .kept(batch, column: $0) } + made.map { .made($0) })
            }
            progress.show("\(rows) rows, \(Int(Double(rows) / max(monotonicSeconds() - start, 1e-9))) per second")
        }
        try gate?.finish()
        try writer.finish()
        progress.finish()
        report(rows, refused, gate, seconds: monotonicSeconds() - start)
    }

    private func names(_ list: String?) -> [Text]? { list?.split(separator: ",").map { Text(String($0)) } }

    private func format(_ name: String?, _ option: String) throws(MaxError) -> TableFormat? {
        guard let name else { return nil }
        guard let format = TableFormat(rawValue: name) else {
            throw MaxError(.usage, "\(option) \(name): expected one of \(TableFormat.allCases.map(\.rawValue).joined(separator: ", "))")
        }
        return format
    }

    private func report(_ rows: Int, _ refused: Int, _ gate: ExpectationGate?, seconds: Double) {
        if json {
            var out = JSONWriter()
            out.object {
                $0.member("rows", rows)
                $0.member("refused", refused)
                $0.member("seconds", seconds)
                if let gate {
                    $0.key("expectations")
                    gate.write(&$0)
                }
            }
            printNote(String(decoding: out.bytes, as: UTF8.self))
            return
        }
        gate?.warn()
        if !quiet {
            let refusals = refused == 0 ? "" : ", \(refused) refused"
            printNote("\(rows) rows in \((seconds * 1000).rounded() / 1000) s\(refusals)")
        }
    }
}
