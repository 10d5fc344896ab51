import MaxCases
import Testing

/// The same model gives the same bytes, wherever and whenever it is compiled.
@Suite(.enabled(if: !CaseFolder.zoo.names().isEmpty, "make cases first"))
struct ReproducibleTests {
    static let models = [
        "xgboost-logistic", "xgboost-softprob", "xgboost-squarederror-partition-codes-ubj", "xgboost-squarederror-dart",
        "sklearn-random-forest-strings", "sklearn-logistic-multi", "onnx-label-encoder-v2-strings-int64s", "exported-lightgbm-multi",
    ]

    /// Those of the list that the zoo has, and the first of each kind, so that some are always there.
    static let chosen: [String] = {
        let known = CaseFolder.zoo.names()
        let firsts = ["onnx-", "sklearn-", "exported-", "xgboost-"].flatMap { CaseFolder.zoo.names($0).prefix(2) }
        return Set(models.filter(known.contains) + firsts).sorted()
    }()

    @Test(arguments: chosen, [".maxb", ".onnx"])
    func `two compiles in two folders give equal bytes`(name: String, ending: String) throws {
        let files = ["model.onnx", "model.json", "model.ubj"]
        let model = try #require(
            files.compactMap { file in (try? CaseFolder.bytes("\(CaseFolder.zoo.path)/\(name)/\(file)")).map { (file, $0) } }.first)
        let (here, there) = (try ScratchFolder(), try ScratchFolder())
        // Once by absolute paths, once from within the folder; in another zone, language and process, so that dictionaries
        // are in another order too.
        try here.write("model\(model.0)", model.1)
        try there.write("again\(model.0)", model.1)
        let options = ["--name", "churn", "--model-version", "7"]
        let first = try Command.run("maxai-compile", [here["model\(model.0)"], "-o", here["one\(ending)"]] + options)
        let second = try Command.run(
            "maxai-compile", ["again\(model.0)", "-o", "./two\(ending)"] + options, folder: there.path,
            environment: ["TZ": "Asia/Tokyo", "LC_ALL": "C", "HOME": "/", "SOURCE_DATE_EPOCH": "1"])
        #expect(first.status == second.status, "\(first.errors)\(second.errors)")
        guard first.status == 0 else {
            // What ONNX cannot say at the default operator sets is refused, with the status of its kind.
            #expect(ending == ".onnx" && first.status == 22, "\(first.errors)")
            return
        }
        let (a, b) = (try here.bytes("one\(ending)"), try there.bytes("two\(ending)"))
        #expect(!a.isEmpty && a == b)
    }
}
