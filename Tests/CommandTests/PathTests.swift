import MaxCases
import MaxIR
import Testing

/// The models and tables of these tests.
private let model = "\(CaseFolder.zoo.path)/xgboost-squarederror-named/model.json"
private let table = "age,größe,a b,x.0,a,id\n1,2,3,4,5,first\n,0.5,-1,1e9,nan,second\n"

@Suite(.enabled(if: !CaseFolder.zoo.names("xgboost-squarederror-named").isEmpty, "make the zoo first"))
struct PathTests {
    private func compiled(_ folder: ScratchFolder) throws -> String {
        let run = try Command.run("maxai-compile", [model, "-o", folder["m.maxb"], "--name", "price", "--model-version", "7"])
        try #require(run.status == 0, "\(run.errors)")
        return folder["m.maxb"]
    }

    @Test func `a model becomes a signed bundle that scores a table`() throws {
        let folder = try ScratchFolder()
        let bundle = try compiled(folder)
        #expect(try Command.run("maxai-registry", ["keygen", "-o", folder["key"]]).status == 0)
        #expect(try Command.run("maxai-registry", ["sign", bundle, "--key", folder["key.pem"]]).status == 0)
        let verified = try Command.run("maxai-registry", ["verify", bundle, "--trust", folder["key.pub"]])
        #expect(verified.status == 0)
        let input = try folder.write("rows.csv", table)
        let scored = try Command.run(
            "maxai-score",
            [bundle, input, "-o", folder["out.csv"], "--keep", "id", "--trust", folder["key.pub"], "--require-signature"])
        #expect(scored.status == 0, "\(scored.errors)")
        let lines = try folder.text("out.csv").split(separator: "\n")
        #expect(lines.count == 3)
        #expect(lines.first?.contains("id") == true && lines.first?.contains("prediction") == true)
        #expect(lines.last?.contains("second") == true)
    }

    @Test func `pipes give what files give`() throws {
        let folder = try ScratchFolder()
        let bundle = try compiled(folder)
        let input = try folder.write("rows.csv", table)
        #expect(try Command.run("maxai-score", [bundle, input, "-o", folder["out.ndjson"]]).status == 0)
        let piped = try Command.run(
            "maxai-score", [bundle, "-", "--input-format", "csv", "-o", "-", "--output-format", "ndjson", "--quiet"], input: table)
        #expect(piped.status == 0, "\(piped.errors)")
        #expect(try piped.output == folder.text("out.ndjson"))
        #expect(piped.errors.isEmpty)
    }

    @Test func `the same compile in two folders gives equal bytes`() throws {
        let (a, b) = (try ScratchFolder(), try ScratchFolder())
        for folder in [a, b] {
            let source = try folder.write("source.json", try CaseFolder.bytes(model))
            for target in ["m.maxb", "m.onnx"] {
                let arguments = [source, "-o", target, "--name", "price", "--quiet"]
                let run = try Command.run(
                    "maxai-compile", arguments, folder: folder.path, environment: ["TZ": "Asia/Tokyo", "LC_ALL": "C"])
                #expect(run.status == 0, "\(run.errors)")
            }
        }
        #expect(try a.bytes("m.maxb") == b.bytes("m.maxb"))
        #expect(try a.bytes("m.onnx") == b.bytes("m.onnx"))
    }

    @Test func `one changed bit anywhere is refused by verify, score and serve alike`() throws {
        let folder = try ScratchFolder()
        let bundle = try compiled(folder)
        #expect(try Command.run("maxai-registry", ["keygen", "-o", folder["key"]]).status == 0)
        #expect(try Command.run("maxai-registry", ["sign", bundle, "--key", folder["key.pem"]]).status == 0)
        let input = try folder.write("rows.csv", table)
        let bytes = try folder.bytes("m.maxb")
        for position in stride(from: 600, to: bytes.count, by: bytes.count / 5) {
            var changed = bytes
            changed[position] ^= 4
            let path = try folder.write("changed.maxb", changed)
            let runs = try [
                Command.run("maxai-registry", ["verify", path, "--trust", folder["key.pub"]]),
                Command.run("maxai-score", [path, input, "-o", folder["x.csv"]]),
                Command.run("maxai-serve", ["check", path, "--trust", folder["key.pub"]]),
            ]
            for run in runs {
                #expect([12, 14, 20].contains(run.status), "bit 2 of byte \(position): \(run.errors)")
                #expect(run.errors.hasPrefix("error: ") && run.output.isEmpty)
            }
            #expect(Set(runs.map(\.status)).count == 1, "byte \(position): \(runs.map(\.errors))")
        }
        #expect(throws: MaxError.self) { try folder.bytes("x.csv") }
    }

    @Test func `the trust a bundle needs shows in the exit status`() throws {
        let folder = try ScratchFolder()
        let bundle = try compiled(folder)
        for name in ["ours", "theirs"] { #expect(try Command.run("maxai-registry", ["keygen", "-o", folder[name]]).status == 0) }
        let input = try folder.write("rows.csv", table)
        let unsigned = ["--trust", folder["ours.pub"], "--require-signature"]
        #expect(try Command.run("maxai-score", [bundle, input, "-o", folder["x.csv"]] + unsigned).status == 11)
        #expect(try Command.run("maxai-registry", ["sign", bundle, "--key", folder["theirs.pem"]]).status == 0)
        #expect(try Command.run("maxai-score", [bundle, input, "-o", folder["x.csv"]] + unsigned).status == 13)
        #expect(try Command.run("maxai-serve", ["check", bundle] + unsigned).status == 13)
    }
}

@Suite(.enabled(if: !CaseFolder.zoo.names("sklearn-one-hot-integers").isEmpty, "make the zoo first"))
struct RefusedRowTests {
    @Test(arguments: [("skip", ["id", "a", "c", "d"]), ("null", ["id", "a", "b", "c", "d", "e"])])
    func `rows that the model refuses are left out or have no value, and what is kept stays with its row`(
        rule: String, ids: [String]
    ) throws {
        let folder = try ScratchFolder()
        let source = "\(CaseFolder.zoo.path)/sklearn-one-hot-integers/model.onnx"
        #expect(try Command.run("maxai-compile", [source, "-o", folder["m.maxb"]]).status == 0)
        let input = try folder.write("rows.csv", "id,visits\na,1\nb,\nc,2\nd,3\ne,\n")
        let arguments = [folder["m.maxb"], input, "-o", folder["out.csv"], "--keep", "id"]
        let refused = try Command.run("maxai-score", arguments)
        #expect(refused.status == 20 && refused.errors.contains("row 1 of the table: column \"visits\""))
        let scored = try Command.run("maxai-score", arguments + ["--on-error", rule])
        #expect(scored.status == 0 && scored.errors.contains("2 refused"), "\(scored.errors)")
        let lines = try folder.text("out.csv").split(separator: "\n")
        #expect(lines.map { String($0.split(separator: ",", omittingEmptySubsequences: false)[0].filter { $0 != "\"" }) } == ids)
        if rule == "null" { #expect(lines[2].hasSuffix(",,,,,,,,")) }
    }
}
