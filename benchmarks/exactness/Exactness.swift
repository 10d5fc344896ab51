import Glibc
import MaxCases
import MaxIR
import MaxRuntime

/// Holds tree models' raw scores against what their own libraries give, bit for bit, in every family of kernels that
/// this machine has: all rows in blocks, row by row, and on two threads.
///
///     exactness [FOLDER] [NAME ...]
///
/// FOLDER is where `peers/zoo.py` wrote the cases, below the repository's root (build/zoo). Prints a line per library
/// and then whatever differs, as Markdown; the exit status is 1 when something does.
@main
struct Exactness {
    struct Library {
        var models = 0
        var rows = 0
        var exact = 0
        var kernels: Set<String> = []
        var source = ""
    }

    static func main() throws {
        var arguments = Array(CommandLine.arguments.dropFirst())
        let folder = CaseFolder(arguments.isEmpty ? "build/zoo" : arguments.removeFirst())
        let wanted = Set(arguments)
        var libraries: [String: Library] = [:]
        var differences: [String] = []
        let names = folder.names().filter { wanted.isEmpty || wanted.contains($0) }
        if names.isEmpty { stop("\(folder.path) has no such cases: run make cases first") }
        for name in names {
            let given = try folder.read(name)
            guard given.skipReason == nil, !given.isONNX, let set = given.sets.first,
                let expected = set.outputs.first(where: { $0.name == "margin" || $0.name == "raw" })?.tensor
            else { continue }
            var library = libraries[given.kind] ?? Library()
            library.source = given.source
            do {
                let graph = try given.graph(name)
                let inputs = try graph.inputs.map { input -> Tensor in
                    guard let value = set.inputs.first(where: { $0.name == input.name }), let tensor = try value.value(for: input).tensor
                    else { throw MaxError(.notFound, "input \(input.name.quoted) has no values") }
                    return tensor
                }
                let rows = expected.shape.first ?? 0
                var lanes = Lanes()
                try lanes.run(graph, inputs, expected: expected, rows: rows)
                library.models += 1
                library.rows += rows
                if lanes.differing.isEmpty { library.exact += 1 }
                library.kernels.formUnion(lanes.kernels)
                differences += lanes.differing.map { "- `\(name)`: \($0.lane): \($0.rows) of \(rows) rows differ" }
            } catch let error as MaxError {
                library.models += 1
                differences.append("- `\(name)`: \(error.message)")
            }
            libraries[given.kind] = library
        }
        print("| library | models | rows | raw scores equal in every bit |\n| --- | --- | --- | --- |")
        for (_, library) in libraries.sorted(by: { $0.key < $1.key }) {
            print("| \(library.source) | \(library.models) | \(library.rows) | \(library.exact) of \(library.models) |")
        }
        let families = KernelChoice.available.map { "\($0)" }.joined(separator: ", ")
        print("\nKernels: \(families); each in blocks, row by row and on two threads.")
        if !differences.isEmpty { print("\nWhat differs:\n\n" + differences.joined(separator: "\n")) }
        exit(differences.isEmpty ? 0 : 1)
    }

    static func stop(_ message: String) -> Never {
        let line = "exactness: \(message)\n"
        _ = line.withCString { write(2, $0, line.utf8.count) }
        exit(2)
    }
}
