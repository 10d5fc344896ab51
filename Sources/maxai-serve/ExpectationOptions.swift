import ArgumentParser
import MaxExpectations
import MaxIR
import MaxRuntime
import MaxServing

/// What the rows of requests are expected to be like.
struct ExpectationOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "A file that says what rows are expected to be like; of several models, MODEL=FILE, for each.", valueName: "file"))
    var expectations: [String] = []
    @Option(help: "Requests with other rows: refuse (status 400) or warn (count them at /metrics).") var expectationsMode = Mode.refuse

    enum Mode: String, ExpressibleByArgument { case refuse, warn }

    /// The models, each with its expectations.
    ///
    /// - Throws: `.usage` for a file that belongs to no model or to one that has one; otherwise what reading throws.
    func served(_ models: [Model]) throws(MaxError) -> [ServedModel] {
        var monitors = [ExpectationMonitor?](repeating: nil, count: models.count)
        for option in expectations {
            let (index, path) = try place(option, models)
            guard monitors[index] == nil else {
                throw MaxError(.usage, "--expectations \(option): model '\(models[index].info.name)' has expectations already")
            }
            let bytes = try FileBytes(path: path, limit: UInt64(Expectations.FileLimits.bytes)).array
            do throws(MaxError) {
                let rules = try ExpectationRules(try Expectations(json: bytes), models[index].schema)
                monitors[index] = ExpectationMonitor(rules, refuses: expectationsMode == .refuse)
            } catch {
                throw error.inside(path)
            }
        }
        return zip(models, monitors).map { ServedModel($0, expectations: $1) }
    }

    private func place(_ option: String, _ models: [Model]) throws(MaxError) -> (Int, String) {
        if let equals = option.firstIndex(of: "=") {
            let name = Text(String(option[..<equals]))
            let found = models.indices.filter {
                name == models[$0].info.name || name == Text("\(models[$0].info.name)@\(models[$0].info.version)")
            }
            if found.count == 1 { return (found[0], String(option[option.index(after: equals)...])) }
            if found.count > 1 {
                throw MaxError(.usage, "--expectations \(option): \(found.count) versions of '\(name)': expected NAME@VERSION=FILE")
            }
        }
        guard models.count == 1 else {
            let names = models.map { "\($0.info.name)@\($0.info.version)" }.joined(separator: ", ")
            throw MaxError(.usage, "--expectations \(option): \(models.count) models are served: expected MODEL=FILE with one of \(names)")
        }
        return (0, option)
    }
}
