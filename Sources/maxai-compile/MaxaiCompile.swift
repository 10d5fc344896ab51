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
            Reads ONNX, XGBoost's JSON and UBJSON, LightGBM's text, and .maxir files, which maxai.export writes of
            scikit-learn's trees. The bundle holds the model's graph, its typed columns, golden rows that are replayed
            wherever it is loaded, and where it came from. The same input gives the same bytes.

            The graph is rewritten by exact rules only, and at the end the reference evaluator runs both graphs on
            adversarial rows: they must agree bit for bit. --emit passes lists the rules.

            A .maxir file, which the Python package maxai writes, is a graph in the container of bundles; an output of
            that name is written as one, without golden rows.

            An output that ends in .onnx is written as ONNX, checked by libonnx. What ONNX cannot say exactly is
            refused by name, or with --allow-approximate written and listed with its measured error.

            Examples:
              maxai-compile model.json -o churn.maxb --name churn --model-version 3
              maxai-compile pipeline.onnx -o churn.maxb
              maxai-compile model.ubj --emit ir
              maxai-compile model.json -o model.onnx
              maxai-compile model.maxir -o churn.maxb
            """,
        version: maxaiVersion)

    @Argument(help: "The model file.") var model: String
    @Option(name: .shortAndLong, help: "The bundle to write (.maxb).") var output: String?
    @Option(help: "The model's format: onnx, xgboost, lightgbm, catboost or maxir (default: as the file shows).") var from: String?
    @Option(help: "The model's name: A-Z a-z 0-9 . _ - (default: the output's file name).") var name: String?
    @Option(help: "The model's version, of the same characters.") var modelVersion = "1"
    @Option(help: "How many golden rows to try for the bundle.") var goldenRows = 32
    @Option(help: "A table whose rows interventional contributions compare with; a sample is stored in the bundle.")
    var background: String?
    @Option(help: "How many rows of it to sample.") var backgroundRows = 100
    @Option(help: "Print instead of writing: ir is the graph's text form, passes lists the rewrites.") var emit: String?
    @Option(help: "Run only these rewrites, separated by commas, in this order.") var passes: String?
    @Option(help: "Leave out this rewrite; may be given more than once.") var disable: [String] = []
    @Option(help: "Stop rewriting after this many patches, to find the one that does harm.") var stopAfter: Int?
    @Option(help: "Print the graph to standard error after this rewrite, or after all.") var printIrAfter: String?
    @Option(help: "The operator set of ai.onnx for an .onnx output.") var opset = 17
    @Option(help: "The operator set of ai.onnx.ml for an .onnx output.") var mlOpset = 3
    @Flag(help: "Write what cannot be said exactly as near as can be, listed with its measured error.") var allowApproximate = false
    @Flag(help: "Report on standard output as JSON.") var json = false
    @Flag(name: .shortAndLong, help: "Say nothing unless something is wrong.") var quiet = false

    func validate() throws {
        guard output != nil || emit != nil else { throw ValidationError("name the bundle to write with -o, or print with --emit ir") }
        guard emit == nil || emit == "ir" || emit == "passes" else { throw ValidationError("--emit \(emit ?? ""): expected ir or passes") }
        guard stopAfter ?? 0 >= 0 else { throw ValidationError("--stop-after \(stopAfter ?? 0): expected 0 or more") }
        guard (1...Bundle.maximumBackgroundRows).contains(backgroundRows) else {
            throw ValidationError("--background-rows \(backgroundRows): expected 1 to \(Bundle.maximumBackgroundRows)")
        }
        guard background == nil || output?.hasSuffix(".maxb") == true else {
            throw ValidationError("--background: only a bundle (-o NAME.maxb) holds background rows")
        }
        guard (0...4096).contains(goldenRows) else { throw ValidationError("--golden-rows \(goldenRows): expected 0 to 4096") }
    }

    func run() throws {
        let start = monotonicSeconds()
        if emit == "passes" {
            print(Pipeline.listing())
            return
        }
        let file = try FileBytes(path: self.model, limit: 8 << 30)
        let bytes = file.array
        let format = try SourceFormat(named: from, showing: bytes, path: self.model)
        let modelName = Text(name ?? defaultName())
        guard modelName.isModelName, Text(modelVersion).isModelName else {
            throw MaxError(
                .usage,
                "model name \(modelName.quoted), version \(Text(modelVersion).quoted): expected 1 to 128 of A-Z a-z 0-9 . _ - each: give --name and --model-version"
            )
        }
        let model = try imported(bytes, as: format, name: modelName)
        let source = model.graph
        let rewritten = try rewritten(source)
        let graph = rewritten.graph
        if emit != nil {
            print(graph.text().text)
            return
        }
        guard let output else { return }
        let proof = try Proof.prove(original: source, optimized: graph, rows: AdversarialRows(for: source, and: [graph], seed: 1))
        if output.hasSuffix(".onnx") { return try exportONNX(graph, to: output) }
        let digest = file.withBytes { SHA256.hash($0) }.hex
        var provenance = JSONWriter()
        provenance.object {
            $0.member("producer", "maxai-compile \(maxaiVersion)")
            $0.member("format", format.name)
            $0.member("sourceSHA256", digest)
            $0.member("sourceBytes", file.count)
            $0.member(
                "rewrites",
                array: { list in
                    for rule in rewritten.rules where rule.patches > 0 {
                        list.object {
                            $0.member("name", rule.name)
                            $0.member("patches", rule.patches)
                        }
                    }
                })
            $0.member("droppedColumns", array: { list in for input in rewritten.droppedInputs { list.value(input.name) } })
            $0.member(
                "proof",
                object: {
                    $0.member("rows", proof.rows)
                    $0.member("batches", proof.batches)
                    $0.member("refused", proof.refused)
                    $0.member("digest", proof.digest)
                })
            if let training = model.training { $0.member("training", json: training) }
        }
        let content = BundleContent(
            info: ModelInfo(name: modelName, version: Text(modelVersion), source: Text("\(format.name) sha256:\(digest)")),
            producer: Text("maxai-compile \(maxaiVersion)"), graph: graph,
            golden: goldenRows == 0 || output.hasSuffix(".maxir") ? nil : GoldenRows.sample(of: graph, count: goldenRows),
            background: try background.map { path throws(MaxError) in
                try BackgroundSample.read(path, for: Schema(of: graph), rows: backgroundRows)
            },
            provenance: provenance.bytes, evaluation: model.evaluation)
        let written = try BundleWriter.bytes(of: content)
        // What is written must load: structure, digests, graph and golden rows.
        let bundle = try Bundle(bytes: written)
        let loaded = try Model.load(bundle)
        if background != nil { _ = try loaded.explained(contributions: true, leaves: false) }
        try AtomicFile.write(written, to: output)
        report(
            bundle, graph, rewritten.rules.filter { $0.patches > 0 }.map { ($0.name, $0.patches) }, golden: content.golden,
            bytes: written.count, proof: proof, seconds: monotonicSeconds() - start, path: output)
    }

    private func rewritten(_ graph: Graph) throws(MaxError) -> RewriteResult {
        var rules = Pipeline.exact
        if let passes {
            guard let named = Pipeline.named(passes.split(separator: ",").map(String.init)) else {
                throw MaxError(.usage, "--passes \(passes): expected names of \(rules.map(\.name).joined(separator: ", "))")
            }
            rules = named
        }
        var driver = RewriteDriver(rules: rules)
        driver.disabled = Set(disable)
        driver.stopAfter = stopAfter
        if let wanted = printIrAfter {
            guard wanted == "all" || rules.contains(where: { $0.name == wanted }) else {
                throw MaxError(.usage, "--print-ir-after \(wanted): expected all or one of \(rules.map(\.name).joined(separator: ", "))")
            }
            driver.printAfter = { rule, graph in
                if wanted == "all" || wanted == rule { printText("// after \(rule)\n\(graph.text().text)") }
            }
        }
        let reproducer = "\(output ?? "model").reproducer.ir"
        driver.onFailure = { failure in
            if (try? AtomicFile.write(Array(failure.text.text.utf8), to: reproducer)) != nil {
                printWarning("the graph before the failure is in \(reproducer)")
            }
        }
        let result = try driver.run(graph)
        for input in result.droppedInputs {
            printWarning("column \(input.name.quoted) is read by no output: the bundle does not ask for it")
        }
        return result
    }

    private func exportONNX(_ graph: Graph, to path: String) throws(MaxError) {
        let options = ONNXExport.Options(opset: opset, mlOpset: mlOpset, allowsApproximate: allowApproximate)
        let result = try ONNXExport.write(graph, options: options)
        let checker = try ONNXChecker.shared()
        if checker.covers(options) {
            try checker.verify(result.bytes)
        } else {
            printWarning("libonnx here knows operator sets up to \(checker.opset) and ml \(checker.mlOpset): the model was not checked")
        }
        try AtomicFile.write(result.bytes, to: path)
        for approximation in result.approximations { printWarning("approximated: \(approximation)") }
        for error in result.errors { printWarning("measured error: \(error)") }
        guard !quiet else { return }
        for note in result.notes { printNote("note: \(note)") }
        print("\(path): operator set \(opset), ai.onnx.ml \(mlOpset), \(result.bytes.count) bytes")
    }

    private func imported(_ bytes: [UInt8], as format: SourceFormat, name: Text) throws(MaxError) -> SourceModel {
        do {
            return try format.read(bytes, name: name)
        } catch {
            throw error.inside(self.model)
        }
    }

    private func defaultName() -> String {
        let file = (output ?? model).split(separator: "/").last.map(String.init) ?? "model"
        return file.split(separator: ".").first.map(String.init) ?? "model"
    }

    private func report(
        _ bundle: Bundle, _ graph: Graph, _ rewrites: [(name: String, patches: Int)], golden: GoldenRows?, bytes: Int, proof: Proof,
        seconds: Double, path: String
    ) {
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
                $0.member("provedRows", proof.rows)
                $0.member("rewrites", object: { for rewrite in rewrites { $0.member(rewrite.name, rewrite.patches) } })
            }
            print(String(decoding: out.bytes, as: UTF8.self))
        } else if !quiet {
            print(
                "\(path): \(bundle.info.name)@\(bundle.info.version), \(graph.inputs.count) columns in, \(graph.outputs.count) out, "
                    + "\(graph.nodes.count) nodes, \(bytes) bytes, \(rows) golden rows, \(Int(seconds * 1000)) ms")
            if !rewrites.isEmpty { print("rewrites \(rewrites.map { "\($0.name) ×\($0.patches)" }.joined(separator: ", "))") }
            print("proved on \(proof.rows) adversarial rows: both graphs give equal bits")
            print("digest \(bundle.info.digest)")
        }
    }
}
