import MaxCases
import Testing

/// `maxai-inspect --benchmark` lists the kernels that a model could run on.
@Suite(.enabled(if: !CaseFolder.zoo.names("xgboost-logistic").isEmpty, "make the zoo first"))
struct BenchmarkTests {
    private let folder: ScratchFolder

    init() throws {
        folder = try ScratchFolder()
        let source = "\(CaseFolder.zoo.path)/xgboost-logistic/model.json"
        #expect(try Command.run("maxai-compile", [source, "-o", folder["m.maxb"]]).status == 0)
    }

    private func benchmark(_ bundle: String, _ options: [String] = [], kernels: String? = nil) throws -> String {
        let run = try Command.run(
            "maxai-inspect", [folder[bundle], "--benchmark"] + options, environment: kernels.map { ["MAXAI_KERNELS": $0] } ?? [:])
        #expect(run.status == 0 && run.errors.isEmpty, "\(run.errors)")
        return run.output
    }

    /// The lines of the list, as words.
    private func lines(_ output: String) -> [[Substring]] {
        output.split(separator: "\n").map { $0.split(separator: " ") }
            .filter { $0.contains("us") && ($0.last == "ns" || $0.last == "-") }
    }

    @Test func `every tree kernel is listed in every family, and one line is what the model runs on`() throws {
        let output = try benchmark("m.maxb")
        for start in ["load ", "first row ", "one row ", "batch of 4096 ", "kernels "] { #expect(output.contains("\(start) ")) }
        let lines = lines(output)
        #expect(lines.count { $0.contains("trees.general") } == 1)
        for family in ["scalar", "avx2", "avx512"] where output.contains("\(family) ") {
            for kernel in ["trees.walk", "trees.byte"] {
                #expect(lines.count { $0.contains([Substring(family), Substring(kernel)]) } == 1)
            }
        }
        #expect(lines.contains { $0.contains(["scalar", "trees.walk"]) })
        #expect(lines.count { $0.first == "*" } == 1)
    }

    @Test(arguments: [("trees.general", "trees.general"), ("scalar,trees.walk", "trees.walk"), ("trees.byte,scalar", "trees.byte")])
    func `what MAXAI_KERNELS asks for is marked among all`(asked: String, kernel: Substring) throws {
        let lines = lines(try benchmark("m.maxb", kernels: asked))
        #expect(Set(["trees.general", "trees.walk", "trees.byte"]).isSubset(of: lines.joined()))
        let marked = lines.filter { $0.first == "*" }
        #expect(marked.count == 1 && marked[0].contains(kernel), "\(marked)")
        if asked.contains("scalar") { #expect(marked.first?.contains("scalar") == true) }
    }

    @Test func `JSON has the same list`() throws {
        let output = try benchmark("m.maxb", ["--json"], kernels: "scalar,trees.walk")
        #expect(output.hasPrefix("{\"loadMilliseconds\":") && output.contains("\"alternatives\":[{\"families\":[\"scalar\""))
        #expect(output.contains("\"families\":[\"scalar\"],\"treeKernels\":[\"trees.walk\"],\"kernels\":\"trees.walk.scalar"))
        #expect(output.split(separator: "\"isChosen\":true", omittingEmptySubsequences: false).count == 2)
        #expect(output.contains("\"batchNanosecondsPerRowAndTree\":") && output.contains("\"oneRowMedianMicroseconds\":"))
    }

    @Test(.enabled(if: !CaseFolder.zoo.names("sklearn-logistic-multi").isEmpty, "make the zoo first"))
    func `a model without trees has no tree kernels`() throws {
        let source = "\(CaseFolder.zoo.path)/sklearn-logistic-multi/model.onnx"
        #expect(try Command.run("maxai-compile", [source, "-o", folder["linear.maxb"]]).status == 0)
        let output = try benchmark("linear.maxb")
        #expect(!output.contains("trees."))
        #expect(lines(output).count == 1 && lines(output)[0].first == "*")
    }

    @Test func `a model without golden rows says how to get some`() throws {
        let source = "\(CaseFolder.zoo.path)/xgboost-logistic/model.json"
        #expect(try Command.run("maxai-compile", [source, "-o", folder["none.maxb"], "--golden-rows", "0"]).status == 0)
        let run = try Command.run("maxai-inspect", [folder["none.maxb"], "--benchmark"])
        #expect(run.status != 0 && run.errors.contains("--golden-rows"), "\(run.errors)")
    }
}
