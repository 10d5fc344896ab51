import MaxCases
import Testing

private let expected = #"""
    {"format":"maxai-expectations","version":1,"minimum_rows":2,"columns":[
    {"name":"visits","type":"i64","maximum_missing_share":0,"minimum":1,"maximum":3},
    {"name":"target","type":"f64"}
    ]}
    """#

@Suite(.enabled(if: !CaseFolder.zoo.names("sklearn-one-hot-integers").isEmpty, "make the zoo first"))
struct ExpectationTests {
    private func compiled(_ folder: ScratchFolder) throws -> [String] {
        let source = "\(CaseFolder.zoo.path)/sklearn-one-hot-integers/model.onnx"
        #expect(try Command.run("maxai-compile", [source, "-o", folder["m.maxb"]]).status == 0)
        let file = try folder.write("e.json", expected)
        let input = try folder.write("rows.csv", "id,visits\na,1\nb,\nc,2\nd,30\ne,3\n")
        return [folder["m.maxb"], input, "-o", folder["out.csv"], "--keep", "id", "--expectations", file]
    }

    private func ids(_ folder: ScratchFolder) throws -> [String] {
        try folder.text("out.csv").split(separator: "\n")
            .map { String($0.split(separator: ",", omittingEmptySubsequences: false)[0].filter { $0 != "\"" }) }
    }

    @Test func `a row that is not as expected fails with the status of policies and leaves no file`() throws {
        let folder = try ScratchFolder()
        let run = try Command.run("maxai-score", try compiled(folder))
        #expect(run.status == 17)
        #expect(
            run.errors.contains("row 1 of the table: column \"visits\": missing: found no value, expected one in every row"),
            "\(run.errors)")
        #expect(throws: (any Error).self) { try folder.text("out.csv") }
    }

    @Test func `such rows are left out, or have no value, and are counted`() throws {
        let folder = try ScratchFolder()
        let arguments = try compiled(folder)
        let skipped = try Command.run("maxai-score", arguments + ["--on-violation", "skip", "--json"])
        #expect(try skipped.status == 0 && ids(folder) == ["id", "a", "c", "e"], "\(skipped.errors)")
        #expect(
            skipped.errors.contains(
                #""expectations":{"violating_rows":2,"rows":[{"column":"visits","rule":"missing","count":1},{"column":"visits","rule":"range","count":1}],"table":[]}"#
            ), "\(skipped.errors)")
        let nulled = try Command.run("maxai-score", arguments + ["--on-violation", "null"])
        #expect(try nulled.status == 0 && ids(folder) == ["id", "a", "b", "c", "d", "e"], "\(nulled.errors)")
        let lines = try folder.text("out.csv").split(separator: "\n")
        #expect(lines[4].hasSuffix(",,,,") && !lines[5].hasSuffix(",,,,"))
        #expect(nulled.errors.contains("warning: ") && nulled.errors.contains("column \"visits\": range: 1 of 5 rows"), "\(nulled.errors)")
    }

    @Test func `a warning keeps what the model takes`() throws {
        let folder = try ScratchFolder()
        let arguments = try compiled(folder)
        try folder.write("rows.csv", "id,visits\na,1\nd,30\n")
        let warned = try Command.run("maxai-score", arguments + ["--on-violation", "warn"])
        #expect(try warned.status == 0 && ids(folder) == ["id", "a", "d"], "\(warned.errors)")
        #expect(warned.errors.contains("first at row 1 of the table: column \"visits\": range: found 30.0, expected 1.0 to 3.0"))
        try folder.write("rows.csv", "id,visits\na,1\n")
        let few = try Command.run("maxai-score", arguments)
        #expect(few.status == 17 && few.errors.contains("the table: rows: found 1, expected at least 2"), "\(few.errors)")
    }

    @Test func `a file that is none is refused by both commands, naming the place in it`() throws {
        let folder = try ScratchFolder()
        let arguments = try compiled(folder)
        try folder.write("e.json", expected.replacing("\"minimum\":1", with: "\"minimum\":\"1\""))
        let score = try Command.run("maxai-score", arguments)
        #expect(score.status == 20 && score.errors.contains("e.json: expectations: columns[0].minimum: found a string"), "\(score.errors)")
        let serve = try Command.run("maxai-serve", ["check", arguments[0], "--expectations", folder["e.json"]])
        #expect(serve.status == 20 && serve.errors.contains("columns[0].minimum"), "\(serve.errors)")
        try folder.write("e.json", expected.replacing("visits", with: "visit"))
        #expect(try Command.run("maxai-serve", ["check", arguments[0], "--expectations", "\(folder["e.json"])"]).status == 20)
        #expect(try Command.run("maxai-score", arguments.dropLast() + [folder["none.json"]]).status == 10)
        try folder.write("e.json", expected)
        for option in [folder["e.json"], "model=\(folder["e.json"])"] {
            let checked = try Command.run("maxai-serve", ["check", arguments[0], "--expectations", option])
            #expect(checked.status == 0 || option.hasPrefix("model="), "\(checked.errors)")
        }
    }
}
