import MaxFormats
import MaxIR
import MaxRuntime

/// What a bundle is made of, as CycloneDX 1.6 has it: the model with its card, the data and the programs behind it.
///
/// Equal bundles give equal bytes: no time, and a serial number that follows from the content. What the bundle does not
/// say is left out.
public enum BillOfMaterials {
    /// - Throws: `.malformed` for an evaluation or provenance that is no JSON.
    public static func cycloneDX(of bundle: Bundle) throws(MaxError) -> [UInt8] {
        let graph = try bundle.graph()
        let sources = try BundleSources(bundle)
        let evaluation = try ModelDiff.document(bundle, .evaluation)
        let reference = "maxai:\(bundle.info.name)@\(bundle.info.version)"
        var json = JSONWriter()
        json.object { json in
            json.member("$schema", "http://cyclonedx.org/schema/bom-1.6.schema.json")
            json.member("bomFormat", "CycloneDX")
            json.member("specVersion", "1.6")
            json.member("serialNumber", serialNumber(bundle.root))
            json.member("version", 1)
            json.member(
                "metadata",
                object: { json in
                    json.member(
                        "component",
                        object: { json in
                            json.member("type", "machine-learning-model")
                            json.member("bom-ref", reference)
                            json.member("name", bundle.info.name.string)
                            json.member("version", bundle.info.version.string)
                            json.member("modelCard", object: { card(graph, sources, evaluation, &$0) })
                            json.member("properties", array: { digests(bundle, &$0) })
                        })
                })
            json.member("components", array: { json in for part in sources.parts { part.write(&json) } })
            json.member(
                "dependencies",
                array: { json in
                    json.object { json in
                        json.member("ref", reference)
                        json.member("dependsOn", array: { json in for part in sources.parts { json.value(part.reference) } })
                    }
                })
        }
        return json.bytes
    }

    /// A UUID of version 8 (RFC 9562, §5.8) from the root digest.
    static func serialNumber(_ root: [UInt8]) -> String {
        var bytes = Array(root.prefix(16))
        guard bytes.count == 16 else { return "urn:uuid:00000000-0000-0000-0000-000000000000" }
        bytes[6] = bytes[6] & 0x0f | 0x80
        bytes[8] = bytes[8] & 0x3f | 0x80
        let groups = [bytes[0..<4], bytes[4..<6], bytes[6..<8], bytes[8..<10], bytes[10..<16]]
        return "urn:uuid:" + groups.map { Array($0).hex }.joined(separator: "-")
    }

    /// The digests by name. They are not `hashes` of the component, which are those of a file: both are of trees.
    private static func digests(_ bundle: Bundle, _ json: inout JSONWriter) {
        func property(_ name: String, _ value: String) {
            json.object {
                $0.member("name", name)
                $0.member("value", value)
            }
        }
        property("maxai:root:sha256", bundle.root.hex)
        property("maxai:source", bundle.info.source.string)
        for record in bundle.records where record.knownKind != .signatures {
            property("maxai:section:\(record.name):sha256-tree", record.digest.hex)
        }
    }

    private static func card(_ graph: Graph, _ sources: BundleSources, _ evaluation: Document?, _ json: inout JSONWriter) {
        json.member(
            "modelParameters",
            object: { json in
                if let task = evaluation?["task"]?.text ?? sources.training?["target"]?["task"]?.text {
                    json.member("task", task.string)
                }
                json.member("architectureFamily", family(graph))
                if let learner = sources.training?["learner"]?["name"]?.text { json.member("modelArchitecture", learner.string) }
                let datasets = sources.parts.filter { $0.kind == .data }
                if !datasets.isEmpty {
                    json.member(
                        "datasets", array: { json in for data in datasets { json.object { $0.member("ref", data.reference) } } })
                }
                json.member("inputs", array: { json in formats(graph.inputs.map { "\($0.name): \($0.type)" }, &json) })
                json.member(
                    "outputs",
                    array: { json in formats(graph.outputs.map { "\($0.name): \(graph.type(of: $0.value))" }, &json) })
            })
        let metrics = (evaluation?["metrics"]?.elements ?? []).compactMap(Metric.init)
        guard !metrics.isEmpty else { return }
        json.member(
            "quantitativeAnalysis",
            object: { json in
                json.member("performanceMetrics", array: { json in for metric in metrics { metric.write(&json) } })
            })
    }

    private static func formats(_ formats: [String], _ json: inout JSONWriter) {
        for format in formats { json.object { $0.member("format", format) } }
    }

    private static func family(_ graph: Graph) -> String {
        let names = Set(graph.nodes.map(\.op.name))
        if names.contains(Ops.trees.name) { return "tree ensemble" }
        if names.contains("conv") { return "convolutional neural network" }
        return "operators: \(names.sorted().joined(separator: ", "))"
    }
}

/// A metric of an evaluation, with the 95 % interval where its standard error is known.
private struct Metric {
    let name: Text
    let value: Double
    let standardError: Double?

    init?(_ document: Document) {
        guard let name = document["name"]?.text, let value = document["value"]?.double, value.isFinite else { return nil }
        self.name = name
        self.value = value
        standardError = document["standard_error"]?.double.flatMap { $0.isFinite && $0 >= 0 ? $0 : nil }
    }

    func write(_ json: inout JSONWriter) {
        json.object { json in
            json.member("type", name.string)
            json.member("value", "\(value)")
            guard let standardError else { return }
            // The 0.975 quantile of the normal distribution.
            let half = 1.959963984540054 * standardError
            json.member(
                "confidenceInterval",
                object: { json in
                    json.member("lowerBound", "\(value - half)")
                    json.member("upperBound", "\(value + half)")
                })
        }
    }
}
