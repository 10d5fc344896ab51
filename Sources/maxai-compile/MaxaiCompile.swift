import ArgumentParser
import MaxCommand
import MaxCompiler
import MaxFormats
import MaxIR
import MaxImport
import MaxRuntime

@main
struct MaxaiCompile: ParsableCommand {
    static func main() { runCommand(Self.self) }

    static let configuration = CommandConfiguration(
        commandName: "maxai-compile",
        abstract: "Turns a model that another library trained into one bundle.",
        discussion: """
            Reads ONNX, and XGBoost's JSON and UBJSON. The bundle holds the model's graph, its typed columns, golden
            rows that are replayed wherever it is loaded, and where it came from. The same input gives the same bytes.

            Examples:
              maxai-compile model.json -o churn.maxb --name churn --model-version 3
              maxai-compile pipeline.onnx -o churn.maxb
              maxai-compile model.ubj --emit ir
            """,
        version: maxaiVersion)

    @Argument(help: "The model file.") var model: String
    @Option(name: .shortAndLong, help: "The bundle to write (.maxb).") var output: String?
    @Option(help: "The model's format: onnx or xgboost (default: as the file shows).") var from: String?
    @Option(help: "The model's name: A-Z a-z 0-9 . _ - (default: the output's file name).") var name: String?
    @Option(help: "The model's version, of the same characters.") var modelVersion = "1"
    @Option(help: "How many golden rows to try for the bundle.") var goldenRows = 32
    @Option(help: "Print instead of writing: ir is the graph's text form.") var emit: String?
    @Flag(help: "Report on standard output as JSON.") var json = false
    @Flag(name: .shortAndLong, help: "Say nothing unless something is wrong.") var quiet = false

    func validate() throws {
        guard output != nil || emit != nil else { throw ValidationError("name the bundle to write with -o, or print with --emit ir") }
        guard emit == nil || emit == "ir" else { throw ValidationError("--emit \(emit ?? ""): expected ir") }
        guard (0...4096).contains(goldenRows) else { throw ValidationError("--golden-rows \(goldenRows): expected 0 to 4096") }
    }

    func run() throws {
        let start = monotonicSeconds()
        let source = try FileBytes(path: model, limit: 8 << 30)
        let bytes = Array(source.bytes)
        let format = try chosenFormat(bytes)
        let modelName = Text(name ?? defaultName())
        guard modelName.isModelName, Text(modelVersion).isModelName else {
            throw MaxError(.usage, "model name \(modelName.quoted), version \(Text(modelVersion).quoted): expected 1 to 128 of A-Z a-z 0-9 . _ - each: give --name and --model-version")
        }
        let graph = try imported(bytes, as: format, name: modelName)
        if emit != nil {
            print(graph.text().text)
            return
        }
        guard let output else { return }
        let digest = SHA256.hash(source.bytes).hex
        var provenance = JSONWriter()
        provenance.object {
            $0.member("producer", "maxai-compile \(maxaiVersion)")
            $0.member("format", format.rawValue)
            $0.member("sourceSHA256", digest)
            $0.member("sourceBytes", source.bytes.count)
        }
        let content = BundleContent(
            info: ModelInfo(name: modelName, version: Text(modelVersion), source: Text("\(format.rawValue) sha256:\(digest)")),
            producer: Text("maxai-compile \(maxaiVersion)"), graph: graph,
            golden: goldenRows == 0 ? nil : GoldenRows.sample(of: graph, count: goldenRows), provenance: provenance.bytes)
        let file = try BundleWriter.bytes(of: content)
        // What is written must load: structure, digests, graph and golden rows.
        let bundle = try Bundle(bytes: file)
        _ = try Model(bundle: bundle)
        try AtomicFile.write(file, to: output)
        report(bundle, graph, golden: content.golden, bytes: file.count, seconds: monotonicSeconds() - start, path: output)
    }

    private func imported(_ bytes: [UInt8], as format: ModelFormat, name: Text) throws(MaxError) -> Graph {
        do {
            return try format.read(bytes, name: name)
        } catch {
            throw error.inside(model)
        }
    }

    private func chosenFormat(_ bytes: [UInt8]) throws -> ModelFormat {
        if let from {
            guard let format = ModelFormat(rawValue: from) else {
                throw MaxError(.usage, "--from \(from): expected one of \(ModelFormat.allCases.map(\.rawValue).joined(separator: ", "))")
            }
            return format
        }
        guard let format = ModelFormat.detect(bytes) else {
            throw MaxError(.malformed, "\(model): neither an ONNX model nor an XGBoost model in JSON or UBJSON: name its format with --from")
        }
        return format
    }

    private func defaultName() -> String {
        let file = (output ?? model).split(separator: "/").last.map(String.init) ?? "model"
        return file.split(separator: ".").first.map(String.init) ?? "model"
    }

    private func report(_ bundle: Bundle, _ graph: Graph, golden: GoldenRows?, bytes: Int, seconds: Double, path: String) {
        let rows = golden?.inputs.first?.shape.first ?? 0
        if json {
            var out = JSONWriter()
            out.object {
                $0.member("bundle", path)
                $0.member("name", bundle.info.name.string)
                $0.member("version", bundle.info.version.string)
                $0.member("digest", bundle.info.digest)
                $0.member("bytes", bytes)
                $0.member("inputs", graph.inputs.count)
                $0.member("nodes", graph.nodes.count)
                $0.member("outputs", graph.outputs.count)
                $0.member("goldenRows", rows)
            }
            print(String(decoding: out.bytes, as: UTF8.self))
        } else if !quiet {
            print("\(path): \(bundle.info.name)@\(bundle.info.version), \(graph.inputs.count) columns in, \(graph.outputs.count) out, "
                    + "\(graph.nodes.count) nodes, \(bytes) bytes, \(rows) golden rows, \(Int(seconds * 1000)) ms")
            print("digest \(bundle.info.digest)")
        }
    }
}
