import Glibc
import MaxCases
import MaxIR
import MaxRuntime

/// Holds tree models' raw scores against what their own libraries give, bit for bit, in every family of kernels that
/// this machine has: all rows in blocks, row by row, and on two threads.
///
///     exactness [--markdown FILE] [FOLDER] [NAME ...]
///
/// FOLDER is where `peers/zoo.py` wrote the cases, below the repository's root (build/zoo). Prints a line per library
/// and then whatever differs, as Markdown; the exit status is 1 when something does. With `--markdown` this and a table of
/// all models replace what stands in FILE between the comments `exactness: begin` and `exactness: end`.
@main
struct Exactness {
    static func main() throws {
        var arguments = Array(CommandLine.arguments.dropFirst())
        var markdown: String?
        if arguments.first == "--markdown" {
            guard arguments.count > 1 else { stop("--markdown: expected a file after it") }
            markdown = arguments[1]
            arguments.removeFirst(2)
        }
        let folder = CaseFolder(arguments.isEmpty ? "build/zoo" : arguments.removeFirst())
        let wanted = Set(arguments)
        let names = folder.names().filter { wanted.isEmpty || wanted.contains($0) }
        if names.isEmpty { stop("\(folder.path) has no such cases: run make cases first") }
        var report = Report()
        for name in names {
            if let entry = try entry(try folder.read(name), name) { report.add(entry) }
        }
        print(report.summary)
        if let markdown {
            do { try report.write(into: markdown) } catch let error as MaxError { stop(error.message) }
        }
        exit(report.differences.isEmpty ? 0 : 1)
    }

    /// nil for a case that has no raw scores of trees.
    private static func entry(_ given: Case, _ name: String) throws -> Report.Entry? {
        guard given.skipReason == nil, !given.isONNX, let set = given.sets.first,
            let expected = set.outputs.first(where: { $0.name == "margin" || $0.name == "raw" })?.tensor
        else { return nil }
        let rows = expected.shape.first ?? 0
        func entry(_ lanes: (Int, Int)?, _ differences: [String]) -> Report.Entry {
            Report.Entry(
                name: name, source: given.source, configuration: given.configuration, rows: rows, outputs: expected.count / max(rows, 1),
                lanes: lanes, differences: differences)
        }
        do {
            let graph = try given.graph(name)
            let inputs = try graph.inputs.map { input -> Tensor in
                guard let value = set.inputs.first(where: { $0.name == input.name }), let tensor = try value.value(for: input).tensor
                else { throw MaxError(.notFound, "input \(input.name.quoted) has no values") }
                return tensor
            }
            var lanes = Lanes()
            try lanes.run(graph, inputs, expected: expected, rows: rows)
            return entry(
                (lanes.count - lanes.differing.count, lanes.count), lanes.differing.map { "\($0.lane): \($0.rows) of \(rows) rows differ" })
        } catch let error as MaxError {
            return entry(nil, [error.message])
        }
    }

    static func stop(_ message: String) -> Never {
        let line = "exactness: \(message)\n"
        _ = line.withCString { write(2, $0, line.utf8.count) }
        exit(2)
    }
}
