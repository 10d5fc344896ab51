import MaxCases
import Testing

private let commands = ["maxai-train", "maxai-compile", "maxai-score", "maxai-inspect", "maxai-registry", "maxai-serve"]

@Suite struct InterfaceTests {
    @Test(arguments: commands) func `help teaches by example and fits a page`(name: String) throws {
        let help = try Command.run(name, ["--help"])
        #expect(help.status == 0 && help.errors.isEmpty)
        #expect(help.output.contains("Examples:") && help.output.contains("USAGE: \(name)"))
        #expect(help.output.split(separator: "\n").allSatisfy { $0.count <= 140 })
    }

    @Test(arguments: commands) func `every command knows its version`(name: String) throws {
        let version = try Command.run(name, ["--version"])
        #expect(version.status == 0 && version.output.contains("."))
    }

    @Test(arguments: commands) func `wrong usage is status 2 and says what was expected`(name: String) throws {
        let wrong = try Command.run(name, ["--no-such-option"])
        #expect(wrong.status == 2 && wrong.output.isEmpty)
        #expect(wrong.errors.hasPrefix("Error: ") && wrong.errors.contains("Usage: \(name)"))
    }

    @Test(arguments: [
        ("maxai-compile", ["MISSING", "-o", "x.maxb"], 10 as Int32), ("maxai-inspect", ["MISSING"], 10),
        ("maxai-score", ["MISSING", "MISSING", "-o", "x.csv"], 10), ("maxai-registry", ["verify", "MISSING", "--trust", "MISSING"], 10),
        ("maxai-serve", ["check", "MISSING"], 10), ("maxai-compile", ["NOISE", "-o", "x.maxb"], 20), ("maxai-inspect", ["NOISE"], 20),
        ("maxai-score", ["NOISE", "NOISE", "-o", "x.csv"], 20), ("maxai-serve", ["check", "NOISE"], 20),
    ])
    func `what is missing or no model is named, with the status of its kind`(name: String, arguments: [String], status: Int32) throws {
        let folder = try ScratchFolder()
        try folder.write("noise", "neither a model nor a bundle, nor anything else that is known here")
        let places = ["MISSING": folder["missing"], "NOISE": folder["noise"], "x.maxb": folder["x.maxb"], "x.csv": folder["x.csv"]]
        let run = try Command.run(name, arguments.map { places[$0] ?? $0 })
        #expect(run.status == status, "\(run.errors)")
        #expect(run.errors.hasPrefix("error: ") && run.errors.contains(folder.path))
        #expect(run.errors.split(separator: "\n").count == 1)
    }

    @Test(.enabled(if: !CaseFolder.zoo.names("xgboost-logistic").isEmpty, "make the zoo first"))
    func `a card is one page that loads nothing and quotes what it shows`() throws {
        let folder = try ScratchFolder()
        for name in ["xgboost-logistic", "sklearn-pipeline"].flatMap({ CaseFolder.zoo.names($0).prefix(1) }) {
            let file = name.hasPrefix("xgboost") ? "model.json" : "model.onnx"
            let compiled = try Command.run("maxai-compile", ["\(CaseFolder.zoo.path)/\(name)/\(file)", "-o", folder["m.maxb"]])
            #expect(compiled.status == 0, "\(compiled.errors)")
            let card = try Command.run("maxai-inspect", [folder["m.maxb"], "--card", folder["card.html"]])
            #expect(card.status == 0, "\(card.errors)")
            let page = try folder.text("card.html")
            #expect(page.contains("<svg") && page.contains("Golden rows") && page.hasSuffix("</html>\n"))
            for forbidden in ["<script", "http:", "https:", "src=", "url("] { #expect(!page.contains(forbidden)) }
        }
    }

    @Test(.enabled(if: !CaseFolder.zoo.names("xgboost-logistic").isEmpty, "make the zoo first"))
    func `kernels that there are not are refused, and those that are asked for run`() throws {
        let folder = try ScratchFolder()
        let source = "\(CaseFolder.zoo.path)/xgboost-logistic/model.json"
        #expect(try Command.run("maxai-compile", [source, "-o", folder["m.maxb"]]).status == 0)
        let wrong = try Command.run("maxai-inspect", [folder["m.maxb"], "--kernels"], environment: ["MAXAI_KERNELS": "fastest"])
        #expect(wrong.status == 2 && wrong.errors.contains("'fastest', expected one of scalar, avx2, avx512"))
        let plain = try Command.run("maxai-inspect", [folder["m.maxb"], "--kernels"], environment: ["MAXAI_KERNELS": "scalar"])
        #expect(plain.status == 0 && plain.output.contains("scalar"), "\(plain.output)")
    }
}
