import MaxCases
import MaxIR
import MaxRuntime

/// What came of all cases, as Markdown.
struct Report {
    struct Entry {
        let name: String
        /// The library that the case's scores came from.
        let source: String
        let configuration: (model: String, data: String, settings: String)?
        let rows: Int
        /// Scores per row.
        let outputs: Int
        /// Lanes that gave the library's bits, of how many; nil where the model was not read.
        let lanes: (equal: Int, all: Int)?
        let differences: [String]
    }

    private var entries: [Entry] = []

    mutating func add(_ entry: Entry) { entries.append(entry) }

    var differences: [String] { entries.flatMap { entry in entry.differences.map { "- `\(entry.name)`: \($0)" } } }

    private var sources: [String] { Set(entries.map(\.source)).sorted() }

    /// A line per library, the kernels, and what differs.
    var summary: String {
        var lines = ["| library | models | rows | raw scores equal in every bit |", "| --- | --- | --- | --- |"]
        for source in sources {
            let all = entries.filter { $0.source == source }
            let exact = all.count { entry in entry.lanes.map { $0.equal == $0.all } ?? false }
            lines.append("| \(source) | \(all.count) | \(all.reduce(0) { $0 + $1.rows }) | \(exact) of \(all.count) |")
        }
        let families = KernelChoice.available.map { "\($0)" }.joined(separator: ", ")
        let trees = TreeKernel.allCases.map(\.rawValue).joined(separator: ", ")
        lines += [
            "",
            "Kernels: \(families), with those of trees that the plan takes and with \(trees) where they hold the model; each in blocks, row by",
            "row and on two threads.",
        ]
        if !differences.isEmpty { lines += ["", "What differs:", ""] + differences }
        return lines.joined(separator: "\n")
    }

    /// A table per library, with a line per model.
    var configurations: String {
        sources.map { source in
            let lines = entries.filter { $0.source == source }.map { entry in
                let (model, data, settings) = entry.configuration ?? ("", "", "")
                let lanes = entry.lanes.map { "\($0.equal) of \($0.all)" } ?? "refused"
                return "| \(entry.name) | \(model) | \(data) | \(settings) | \(entry.outputs) | \(entry.rows) | \(lanes) |"
            }
            let head = [
                "| configuration | model | data | settings | outputs | rows | lanes equal |", "| --- | --- | --- | --- | --- | --- | --- |",
            ]
            return "### \(source)\n\n" + (head + lines).joined(separator: "\n")
        }.joined(separator: "\n\n")
    }

    /// Puts summary and tables between two comments of a Markdown file.
    func write(into path: String) throws {
        let (begin, end) = ("<!-- exactness: begin -->\n", "<!-- exactness: end -->")
        let text = String(decoding: try CaseFolder.bytes(path), as: UTF8.self)
        let parts = text.split(separator: begin, omittingEmptySubsequences: false)
        let rest = parts.count == 2 ? parts[1].split(separator: end, omittingEmptySubsequences: false) : []
        guard rest.count == 2 else {
            throw MaxError(
                .malformed, "\(path): expected the comments '<!-- exactness: begin -->' and '\(end)', each once, on lines of their own")
        }
        let made = "\(parts[0])\(begin)\(summary)\n\n\(configurations)\n\(end)\(rest[1])"
        try AtomicFile.write(Array(made.utf8), to: path)
    }
}
