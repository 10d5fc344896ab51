import Glibc
import MaxCases
import MaxCompiler
import MaxIR
import MaxImport
import Testing

/// Every model of `build/zoo` (which `peers/zoo.py` writes) through rewrites, proof and ONNX export.
@Suite struct ZooCompileTests {
    static let folder =
        #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast(3)
        .joined(separator: "/") + "/build/zoo"

    /// The model files, by name; none when the zoo has not been made.
    static let models: [String] = {
        guard let directory = opendir(folder) else { return [] }
        defer { closedir(directory) }
        var names: [String] = []
        while let entry = readdir(directory) {
            let name = withUnsafeBytes(of: entry.pointee.d_name) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
            for file in ["model.onnx", "model.json", "model.ubj", "model.maxir"] where access("\(folder)/\(name)/\(file)", R_OK) == 0 {
                names.append("\(name)/\(file)")
            }
        }
        return names.sorted()
    }()

    static func bytes(_ path: String) throws -> [UInt8] {
        guard let file = fopen(path, "rb") else { throw MaxError(.notFound, "\(path): cannot be opened") }
        defer { fclose(file) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = fread(&buffer, 1, buffer.count, file)
            guard count > 0 else { return bytes }
            bytes += buffer[..<count]
        }
    }

    static func graph(_ name: String, _ bytes: [UInt8]) throws -> Graph? {
        if let folder = name.split(separator: "/").first, name.hasSuffix(".maxir") {
            return try CaseFolder.zoo.read(String(folder)).graph("model")
        }
        let format = try #require(ModelFormat.detect(bytes))
        return try? format.read(bytes, name: "model")
    }

    @Test(arguments: models)
    func compilesExactlyAndComesBackFromOnnx(name: String) throws {
        let bytes = try Self.bytes("\(Self.folder)/\(name)")
        // What cannot be imported is the importer's to answer for.
        guard let original = try Self.graph(name, bytes) else { return }
        let result = try RewriteDriver(rules: Pipeline.exact).run(original)
        let rows = AdversarialRows(for: original, and: [result.graph], seed: 1, coverage: 64)
        let proof = try Proof.prove(original: original, optimized: result.graph, rows: rows)
        #expect(proof.rows + proof.refused > 0)
        #expect(try Graph(result.graph.text()) == result.graph)

        var exported: ONNXExport.Result?
        for options in [
            ONNXExport.Options(), ONNXExport.Options(allowsApproximate: true), ONNXExport.Options(opset: 19, mlOpset: 4),
            ONNXExport.Options(opset: 19, mlOpset: 5),
        ] {
            do {
                exported = try ONNXExport.write(result.graph, options: options)
                let exported = try #require(exported)
                if let checker = try? ONNXChecker.shared(), checker.covers(options) { try checker.verify(exported.bytes) }
                let back = try ONNX.read(exported.bytes, name: "model", options: ONNX.Options(keepsMaps: true))
                _ = try Proof.prove(
                    original: exported.approximations.isEmpty ? result.graph : exported.graph, optimized: back,
                    rows: AdversarialRows(for: result.graph, seed: 3, coverage: 64))
                #expect(try ONNXExport.write(back, options: options).bytes == exported.bytes)
                var structures = Structures()
                let (written, read) = (try structures.signature(of: exported.graph), try structures.signature(of: back))
                #expect(written == read, "\(options)")
            } catch let error as MaxError where error.code == .unsupported {
                print("\(name) \(options.opset)/\(options.mlOpset)\(options.allowsApproximate ? " approximate" : ""): \(error.message)")
            }
        }
        let hashesTexts = result.graph.nodes.contains { $0.op == Ops.stringHash }
        #expect((exported == nil) == hashesTexts, "\(name) was \(hashesTexts ? "written" : "written in no form")")
    }

    /// Nodes of all `trees` of a graph.
    static func treeNodes(_ graph: Graph) throws -> Int {
        try graph.nodes.filter { $0.op == Ops.trees }.reduce(0) {
            try $0 + TreeEnsemble(Evaluation(op: $1.op, attributes: $1.attributes, operands: [], resultCount: 1)).nodeCount
        }
    }

    /// CatBoost's free trees test columns again that a test above has decided.
    @Test(arguments: models.filter { $0.hasPrefix("catboost-rmse-lossguide/") || $0.hasPrefix("sklearn-decision-tree-missing/") })
    func splitsThatDecideNothingLeaveTheTrees(name: String) throws {
        let original = try #require(try Self.graph(name, try Self.bytes("\(Self.folder)/\(name)")))
        let pruned = try RewriteDriver(rules: Pipeline.exact).run(original).graph
        var driver = RewriteDriver(rules: Pipeline.exact)
        driver.disabled = ["prune-trees"]
        #expect(try Self.treeNodes(pruned) < Self.treeNodes(try driver.run(original).graph))
    }
}
