import Glibc
import MaxCases
import Testing

/// `maxai-train` as a person uses it: what works, what is refused and how, and what stays behind.
@Suite struct TrainTests {
    /// A table with numbers, a text, missing values and a target that follows from them.
    static func csv(_ rows: Range<Int>, header: Bool = true) -> String {
        var lines = header ? ["id,age,plan,spent,churned"] : []
        for row in rows {
            let age = 18 + row * 7919 % 60
            let plan = ["basic", "plus", "pro"][row * 31 % 3]
            let spent = Double(row * 104_729 % 1000) / 10
            let churned = (Double(age) / 60 + (plan == "basic" ? 0.6 : 0) - spent / 100 + Double(row * 13 % 10) / 20) > 0.7
            lines.append("\(1000 + row * 17 % 9973),\(row % 11 == 0 ? "" : "\(age)"),\(plan),\(spent),\(churned ? "yes" : "no")")
        }
        return lines.joined(separator: "\n") + "\n"
    }

    struct Run {
        let folder: ScratchFolder
        let command: Command
    }

    static func train(_ files: [(String, String)], _ arguments: [String]) throws -> Run {
        let folder = try ScratchFolder()
        for (name, text) in files { try folder.write(name, text) }
        return Run(folder: folder, command: try Command.run("maxai-train", arguments, folder: folder.path))
    }

    @Test func fromATableToScores() throws {
        let run = try Self.train(
            [("t.csv", Self.csv(0..<2000)), ("n.csv", Self.csv(2000..<2100))],
            [
                "t.csv", "--target", "churned", "--ignore", "id", "--test", "n.csv", "-o", "churn.maxir", "--run-folder", "run",
                "--predictions", "p.csv",
            ])
        #expect(run.command.status == 0, "\(run.command.errors)")
        #expect(run.command.output.contains("auc"))
        for name in [
            "recipe.yaml", "run.json", "checks.json", "expectations.json", "evaluation.json", "test.json", "model.maxir", "log.txt",
        ] {
            #expect(try !run.folder.bytes("run/\(name)").isEmpty, "\(name)")
        }
        let compiled = try Command.run("maxai-compile", ["churn.maxir", "-o", "churn.maxb"], folder: run.folder.path)
        #expect(compiled.status == 0, "\(compiled.errors)")
        let scored = try Command.run(
            "maxai-score", ["churn.maxb", "n.csv", "-o", "s.csv", "--outputs", "raw,probability,label"], folder: run.folder.path)
        #expect(scored.status == 0, "\(scored.errors)")
        let trained = try run.folder.text("p.csv").split(separator: "\n").dropFirst().map { $0.split(separator: ",").dropFirst() }
        let served = try run.folder.text("s.csv").split(separator: "\n").dropFirst().map { $0.split(separator: ",") }
        #expect(trained.count == 100 && served.count == 100)
        for (a, b) in zip(trained, served) { #expect(Array(a) == Array(b.prefix(2))) }
        let lineage = try Command.run("maxai-inspect", ["churn.maxb", "--lineage"], folder: run.folder.path)
        #expect(lineage.output.contains("from    \"age\", \"plan\", \"spent\"") && lineage.output.contains("learner   gbdt"))
        #expect(try Command.run("maxai-inspect", ["churn.maxb", "--evaluation"], folder: run.folder.path).output.hasPrefix("{"))
    }

    @Test func timesToTheEndsOfWhatIsStoredAreCompiledAndServed() throws {
        let table =
            "when,y\n" + (0..<400).map { "2024-0\(1 + $0 % 9)-1\($0 % 9) 0\($0 % 9):00:00,\($0 % 9 > 4 ? 1 : 0)" }.joined(separator: "\n")
            + "\n"
        let run = try Self.train([("t.csv", table)], ["t.csv", "--target", "y", "-o", "m.maxir", "--run-folder", "run"])
        #expect(run.command.status == 0, "\(run.command.errors)")
        // The proof tries the least and the greatest time.
        let compiled = try Command.run("maxai-compile", ["m.maxir", "-o", "m.maxb"], folder: run.folder.path)
        #expect(compiled.status == 0, "\(compiled.errors)")
        #expect(try Command.run("maxai-score", ["m.maxb", "t.csv", "-o", "s.csv"], folder: run.folder.path).status == 0)
    }

    @Test func threadsAndFilesChangeNoByte() throws {
        let whole = Self.csv(0..<3000)
        let parts = (0..<7).map { ("d/p\($0).csv", Self.csv(3000 * $0 / 7..<3000 * ($0 + 1) / 7)) }
        let folder = try ScratchFolder()
        try folder.write("t.csv", whole)
        mkdir(folder["d"], 0o755)
        for (name, text) in parts { try folder.write(name, text) }
        var models: [[UInt8]] = []
        for (index, arguments) in [["t.csv", "--threads", "1"], ["t.csv", "--threads", "2"], ["d"], parts.map(\.0)].enumerated() {
            mkdir(folder["r\(index)"], 0o755)
            let command = try Command.run(
                "maxai-train",
                arguments + ["--target", "churned", "--ignore", "id", "-o", "r\(index)/m.maxir", "--run-folder", "r\(index)/run"],
                folder: folder.path)
            #expect(command.status == 0, "\(command.errors)")
            models.append(try folder.bytes("r\(index)/m.maxir"))
        }
        #expect(models.allSatisfy { $0 == models[0] })
    }

    @Test(arguments: ["logistic", "gbdt"])
    func aRecipeThatWasWrittenForATableTrains(learner: String) throws {
        let run = try Self.train(
            [("t.csv", Self.csv(0..<1000))], ["--init", "t.csv", "--target", "churned", "--model", learner, "-o", "r.yaml"])
        #expect(run.command.status == 0, "\(run.command.errors)")
        let recipe = try run.folder.text("r.yaml")
        #expect(recipe.contains("\"age\": ") && recipe.contains("target:"))
        let trained = try Command.run(
            "maxai-train", ["--recipe", "r.yaml", "-o", "m.maxir", "--run-folder", "run", "--json"], folder: run.folder.path)
        #expect(trained.status == 0, "\(trained.errors)")
        #expect(trained.output.hasPrefix("{\"output\":\"m.maxir\""))
    }

    @Test(arguments: [
        ("kfold", ["--folds", "3"]), ("platt", ["--set", "calibration.method=platt", "--set", "calibration.threshold=f1"]),
        (
            "isotonic",
            ["--set", "calibration.method=isotonic", "--set", "calibration.threshold=cost", "--set", "calibration.false_negative=5"]
        ),
        ("temperature", ["--set", "calibration.method=temperature"]),
        ("early", ["--set", "learner.settings.early_stopping=5", "--set", "learner.settings.trees=300"]),
        ("group", ["--set", "data.group=plan", "--set", "validation.method=group", "--set", "validation.folds=3"]),
        ("segments", ["--set", "evaluation.segments=[plan]", "--set", "evaluation.groups=[plan]"]),
    ])
    func waysToJudge(name: String, settings: [String]) throws {
        let run = try Self.train(
            [("t.csv", Self.csv(0..<1500))],
            ["t.csv", "--target", "churned", "--ignore", "id", "-o", "m.maxir", "--run-folder", "run"] + settings)
        #expect(run.command.status == 0, "\(run.command.errors)")
        #expect(try Command.run("maxai-compile", ["m.maxir", "-o", "m.maxb"], folder: run.folder.path).status == 0)
    }

    /// A table, what is asked of it, the exit status, and what the message says.
    static let refusals: [(String, String, [String], Int32, String)] = [
        ("one class", "a,y\n1,no\n2,no\n3,no\n", ["--target", "y"], 20, "expected at least two classes"),
        ("target missing", "a,y\n1,\n2,\n3,\n", ["--target", "y"], 20, "target"),
        ("no rows", "a,y\n", ["--target", "y"], 20, "no rows"),
        ("empty file", "", ["--target", "y"], 20, ""),
        ("unknown target", "a,y\n1,2\n", ["--target", "z"], 20, "no column \"z\": found \"a\", \"y\""),
        ("two of a name", "a,a,y\n1,2,0\n2,3,1\n", ["--target", "y"], 20, "\"a\""),
        ("target as a feature", csv(0..<200), ["--target", "churned", "--recipe", "r.yaml"], 2, "cannot be a feature"),
        ("unknown ignored", csv(0..<200), ["--target", "churned", "--ignore", "agee"], 20, "no column \"agee\""),
        ("unknown learner", csv(0..<200), ["--target", "churned", "--model", "gbtd"], 2, "no learner \"gbtd\""),
        ("task and learner", csv(0..<200), ["--target", "churned", "--model", "linear"], 2, "does not do binary"),
        ("texts as numbers", csv(0..<200), ["--target", "churned", "--task", "regression"], 20, "expected numbers for regression"),
        ("unknown setting", csv(0..<200), ["--target", "churned", "--set", "learner.settings.tree=3"], 2, "no such setting"),
        ("a gate", csv(0..<500), ["--target", "churned", "--ignore", "id", "--recipe", "g.yaml"], 17, "gate auc: found"),
        ("no such file", csv(0..<10), ["missing.csv", "--target", "churned"], 40, "missing.csv"),
        ("nothing to predict", csv(0..<100), [], 2, "target.column"),
        ("constant weight", "a,w,y\n1,-1,0\n2,1,1\n", ["--target", "y", "--set", "data.weight=w"], 20, "row 0: found -1.0"),
    ]

    @Test(arguments: refusals.indices)
    func isRefusedWithAReasonAndLeavesNothing(index: Int) throws {
        let (name, table, arguments, status, message) = Self.refusals[index]
        let recipe = "features:\n  columns:\n    - columns: [churned]\n      steps: [category]\n"
        let gate = "gates:\n  - {metric: auc, minimum: 0.9999}\n"
        let run = try Self.train(
            [("t.csv", table), ("r.yaml", recipe), ("g.yaml", gate)],
            (arguments.first == "missing.csv" ? [] : ["t.csv"]) + arguments + ["-o", "m.maxir", "--run-folder", "run"])
        #expect(run.command.status == status, "\(name): \(run.command.errors)")
        #expect(run.command.errors.contains(message), "\(name): \(run.command.errors)")
        #expect(access(run.folder["m.maxir"], F_OK) != 0 && access(run.folder["run"], F_OK) != 0, "\(name)")
    }

    @Test func aTextInANumberColumnIsSaid() throws {
        let table = "a,y\n" + (0..<300).map { "\($0 == 250 ? "n/k" : "\($0 * 37 % 101)"),\($0 % 2)" }.joined(separator: "\n") + "\n"
        let run = try Self.train([("t.csv", table)], ["t.csv", "--target", "y", "-o", "m.maxir", "--run-folder", "run"])
        // Typed as text by the one value that is none; the checks say so.
        #expect(run.command.errors.contains("\"a\"") || run.command.errors.contains("text"), "\(run.command.status) \(run.command.errors)")
    }

    @Test func aColumnOfAnotherTypeIsRefusedWhenItIsScored() throws {
        let run = try Self.train(
            [("t.csv", Self.csv(0..<500)), ("bad.csv", "age,plan,spent\nold,basic,3\n")],
            ["t.csv", "--target", "churned", "--ignore", "id", "-o", "m.maxir", "--run-folder", "run"])
        #expect(try Command.run("maxai-compile", ["m.maxir", "-o", "m.maxb"], folder: run.folder.path).status == 0)
        let scored = try Command.run("maxai-score", ["m.maxb", "bad.csv", "-o", "s.csv"], folder: run.folder.path)
        #expect(scored.status == 20 && scored.errors.contains("age"), "\(scored.errors)")
    }

    @Test func aRunThatIsKilledLeavesNoModel() throws {
        let folder = try ScratchFolder()
        try folder.write("t.csv", Self.csv(0..<20_000))
        // `timeout` kills without asking; the run takes far longer.
        _ = try Command.run(
            "maxai-train",
            ["t.csv", "--target", "churned", "--set", "learner.settings.trees=20000", "-o", "m.maxir", "--run-folder", "run"],
            folder: folder.path, under: "timeout -s KILL 0.4 ")
        #expect(access(folder["m.maxir"], F_OK) != 0 && access(folder["run"], F_OK) != 0)
    }

    @Test(arguments: ["learners", "featurizers"])
    func theDocumentsAreTheDeclarations(name: String) throws {
        let root = #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
        let page = try Command.run("maxai-train", ["--\(name)"]).output
        let file = try #require(fopen("/\(root)/docs/\(name).md", "r"))
        defer { fclose(file) }
        var bytes = [UInt8](repeating: 0, count: 1 << 20)
        let document = String(decoding: bytes[..<fread(&bytes, 1, bytes.count, file)], as: UTF8.self)
        #expect(document == page, "docs/\(name).md: write it anew with maxai-train --\(name)")
    }

    @Test func aRunFolderIsNeverOverwritten() throws {
        let arguments = ["t.csv", "--target", "churned", "--ignore", "id", "-o", "m.maxir", "--run-folder", "run"]
        let run = try Self.train([("t.csv", Self.csv(0..<300))], arguments)
        #expect(run.command.status == 0)
        let again = try Command.run("maxai-train", arguments, folder: run.folder.path)
        #expect(again.status == 30 && again.errors.contains("name another with --run-folder"))
    }
}
