import MaxFormats
import MaxIR
import MaxRuntime

/// Where every output comes from: the columns that it is computed from, and the data that the model was trained on.
struct Lineage {
    struct Output {
        let name: Text
        let columns: [Text]
    }

    let outputs: [Output]
    /// What maxai-train recorded; nil for models of other libraries.
    let training: Document?
    let source: Text

    init(_ bundle: Bundle) throws(MaxError) {
        let graph = try bundle.graph()
        outputs = graph.outputs.map { output in
            let columns = graph.sources(of: output.value).flatMap { input in
                graph.inputs[input].columns.isEmpty ? [graph.inputs[input].name] : graph.inputs[input].columns
            }
            return Output(name: output.name, columns: columns)
        }
        source = bundle.info.source
        guard let bytes = try bundle.section(.provenance) else {
            training = nil
            return
        }
        let provenance = try JSONReader.read(bytes)
        training = provenance["kind"]?.text == "training" ? provenance : provenance["training"]
    }

    func show() {
        for output in outputs {
            print("output    \(output.name)")
            print("  from    \(output.columns.map(\.quoted).joined(separator: ", "))")
        }
        print("source    \(source)")
        guard let training else {
            print("training  not recorded: the model comes from another library")
            return
        }
        for (label, path) in [
            ("learner   ", ["learner", "name"]), ("target    ", ["target", "column"]), ("data      ", ["data", "sha256"]),
        ] {
            if let text = path.reduce(Document?.some(training), { $0?[Text($1)] })?.text { print("\(label)\(text)") }
        }
        if let rows = training["data"]?["rows"]?.integer { print("  rows    \(rows)") }
        for feature in training["features"]?.elements ?? [] {
            guard let name = feature["name"]?.text else { continue }
            let columns = (feature["from"]?.elements ?? []).compactMap { $0.text?.quoted }
            print("feature   \(name) from \(columns.joined(separator: ", "))")
        }
    }

    func write(to out: inout JSONWriter, training bytes: [UInt8]?) {
        out.object { out in
            out.member(
                "outputs",
                array: { out in
                    for output in outputs {
                        out.object {
                            $0.member("name", output.name.string)
                            $0.member("columns", array: { for column in output.columns { $0.value(column) } })
                        }
                    }
                })
            out.member("source", source.string)
            if let bytes { out.member("provenance", json: bytes) }
        }
    }
}
