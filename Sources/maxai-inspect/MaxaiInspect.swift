import ArgumentParser
import MaxCommand
import MaxFormats
import MaxIR
import MaxRuntime

@main
struct MaxaiInspect: ParsableCommand {
    static func main() { runCommand(Self.self) }

    static let configuration = CommandConfiguration(
        commandName: "maxai-inspect",
        abstract: "Shows what a bundle holds.",
        usage: "maxai-inspect <bundle> [options]",
        discussion: """
            Without a flag: a summary. Every digest is checked before anything is shown.

            Examples:
              maxai-inspect churn.maxb
              maxai-inspect churn.maxb --schema --json
              maxai-inspect churn.maxb --graph
              maxai-inspect churn.maxb --card churn.html
              maxai-inspect churn.maxb --lineage
              maxai-inspect churn.maxb --benchmark
            """,
        version: maxaiVersion)

    @Argument(help: "The bundle.") var bundle: String?
    @Flag(help: "The columns in and out.") var schema = false
    @Flag(help: "The graph in its text form.") var graph = false
    @Flag(help: "The sections and what they weigh.") var sizes = false
    @Flag(help: "How it runs on this machine: the kernels in order.") var kernels = false
    @Flag(help: "Load it and score its golden rows, and say how long that takes here, on every kernel that holds it.") var benchmark = false
    @Flag(help: "Which columns each output is computed from, and what the model was trained on.") var lineage = false
    @Flag(help: "How good the model was found to be when it was trained, as JSON.") var evaluation = false
    @Option(help: "Write a page about it, with a drawing of the graph, to this file (.html).") var card: String?
    @Flag(help: "Instead of a bundle: every operator there is, as docs/operators.md.") var operators = false
    @Flag(help: "As JSON.") var json = false

    func validate() throws {
        guard (bundle == nil) == operators else { throw ValidationError("name the bundle to show, or --operators without one") }
    }

    func run() throws {
        guard let path = self.bundle else {
            print(Ops.listing(), terminator: "")
            return
        }
        if benchmark {
            let times = try Benchmark(path: path)
            if json {
                var out = JSONWriter()
                times.write(to: &out)
                print(String(decoding: out.bytes, as: UTF8.self))
            } else {
                times.show()
            }
            return
        }
        let bundle = try Bundle(path: path)
        if graph {
            print(try bundle.graph().text().text)
            return
        }
        if lineage {
            let found = try Lineage(bundle)
            guard json else { return found.show() }
            var out = JSONWriter()
            found.write(to: &out, training: try bundle.section(.provenance))
            print(String(decoding: out.bytes, as: UTF8.self))
            return
        }
        if evaluation {
            guard let bytes = try bundle.section(.evaluation) else {
                throw MaxError(.notFound, "\(path): the bundle holds no evaluation: maxai-train writes one")
            }
            _ = try JSONReader.read(bytes)
            print(String(decoding: bytes, as: UTF8.self))
            return
        }
        if let card {
            try AtomicFile.write(Array(try ModelCard(bundle).html().utf8), to: card)
            return
        }
        let everything = !schema && !sizes && !kernels
        let plan = kernels || everything ? try Model(graph: try bundle.graph(), info: bundle.info).plan.summary : ""
        let shape = try Schema(of: try bundle.graph())
        if json {
            var out = JSONWriter()
            out.object { out in
                out.member("name", bundle.info.name.string)
                out.member("version", bundle.info.version.string)
                out.member("digest", bundle.info.digest)
                out.member("producer", bundle.producer.string)
                out.member("source", bundle.info.source.string)
                if kernels || everything { out.member("kernels", plan) }
                if schema || everything { write(shape, to: &out) }
                if sizes || everything { write(bundle.records, to: &out) }
            }
            print(String(decoding: out.bytes, as: UTF8.self))
            return
        }
        if everything {
            print("model     \(bundle.info.name)@\(bundle.info.version)")
            print("digest    \(bundle.info.digest)")
            print("source    \(bundle.info.source)")
            print("producer  \(bundle.producer)")
            print("signed    \(try bundle.section(.signatures) == nil ? "no" : "yes (maxai-registry verify says by whom)")")
        }
        if schema || everything { printSchema(shape) }
        if sizes || everything { printSizes(bundle.records) }
        if kernels || everything { print("\nkernels\n  \(plan)") }
    }

    private func printSchema(_ schema: Schema) {
        print("\ncolumns in")
        for column in schema.columns { print("  \(padded(column.element.rawValue, 10))\(column.name.quoted), \(column.missing.phrase)") }
        print("\ncolumns out")
        for port in schema.outputs {
            let width = port.width == 1 ? "" : " × \(port.width)"
            let labels = port.labels.isEmpty ? "" : " labels \(port.labels.map(\.quoted).joined(separator: ", "))"
            print("  \(padded(port.element.rawValue, 10))\(port.name.quoted)\(width)\(labels)")
        }
    }

    private func printSizes(_ records: [SectionRecord]) {
        print("\nsections")
        for record in records {
            let packed = record.isCompressed ? " (zstd, \(record.rawBytes) raw)" : ""
            print("  \(padded(record.name, 12))\(record.storedBytes) bytes\(packed)")
        }
    }

    private func padded(_ text: String, _ width: Int) -> String { text + String(repeating: " ", count: max(1, width - text.utf8.count)) }

    private func write(_ schema: Schema, to out: inout JSONWriter) {
        out.member(
            "columns",
            array: { out in
                for column in schema.columns {
                    out.object {
                        $0.member("name", column.name.string)
                        $0.member("type", column.element.rawValue)
                        $0.member("required", column.missing == nil || column.missing == .error)
                    }
                }
            })
        out.member(
            "outputs",
            array: { out in
                for port in schema.outputs {
                    out.object { out in
                        out.member("name", port.name.string)
                        out.member("type", port.element.rawValue)
                        out.member("width", port.width)
                        out.member("labels", array: { for label in port.labels { $0.value(label) } })
                    }
                }
            })
    }

    private func write(_ records: [SectionRecord], to out: inout JSONWriter) {
        out.member(
            "sections",
            array: { out in
                for record in records {
                    out.object {
                        $0.member("kind", record.name)
                        $0.member("offset", record.offset)
                        $0.member("storedBytes", record.storedBytes)
                        $0.member("rawBytes", record.rawBytes)
                        $0.member("digest", record.digest.hex)
                    }
                }
            })
    }
}
