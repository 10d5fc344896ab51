import MaxFormats
import MaxIR
import MaxImport
import MaxRuntime

/// What a model file may be: one of the foreign formats, or a graph of ours in the container of bundles.
enum SourceFormat {
    case foreign(ModelFormat)
    /// What the Python package maxai writes as .maxir; every bundle is one, too.
    case maxir

    var name: String {
        switch self {
        case .foreign(let format): format.rawValue
        case .maxir: "maxir"
        }
    }

    /// The format called `name`, or else the one that the first bytes show.
    ///
    /// - Throws: `.usage` for a name that is no format; `.malformed` for bytes that show none.
    init(named name: String?, showing bytes: [UInt8], path: String) throws(MaxError) {
        let known = ModelFormat.allCases.map(\.rawValue) + ["maxir"]
        if let name {
            if name == "maxir" {
                self = .maxir
            } else if let format = ModelFormat(rawValue: name) {
                self = .foreign(format)
            } else {
                throw MaxError(.usage, "--from \(name): expected one of \(known.joined(separator: ", "))")
            }
        } else if Bundle.detect(bytes) {
            self = .maxir
        } else if let format = ModelFormat.detect(bytes) {
            self = .foreign(format)
        } else {
            throw MaxError(
                .malformed,
                "\(path): no ONNX model, XGBoost model in JSON or UBJSON, LightGBM model in text, or .maxir file: name its format with --from"
            )
        }
    }

    /// - Throws: what the format's reader throws.
    func read(_ bytes: [UInt8], name: Text) throws(MaxError) -> SourceModel {
        switch self {
        case .foreign(let format): return SourceModel(graph: try format.read(bytes, name: name))
        case .maxir:
            let bundle = try Bundle(bytes: bytes)
            var graph = try bundle.graph()
            graph.name = name
            return SourceModel(
                graph: graph, training: try TrainingRecord.read(from: bundle), evaluation: try TrainingRecord.evaluation(of: bundle))
        }
    }
}

/// A model as it was read, with what its file says about it.
struct SourceModel {
    var graph: Graph
    /// How it was trained, as JSON, where `maxai-train` made it.
    var training: [UInt8]?
    /// How good it was found to be, as JSON.
    var evaluation: [UInt8]?
}

/// What a graph of ours carries beside the graph; both are JSON that was read once, so that what is passed on is JSON.
enum TrainingRecord {
    static func read(from bundle: Bundle) throws(MaxError) -> [UInt8]? {
        guard let bytes = try bundle.section(.provenance) else { return nil }
        let record = try JSONReader.read(bytes)
        guard record["kind"]?.text == "training" else { return nil }
        return bytes
    }

    static func evaluation(of bundle: Bundle) throws(MaxError) -> [UInt8]? {
        guard let bytes = try bundle.section(.evaluation) else { return nil }
        _ = try JSONReader.read(bytes)
        return bytes
    }
}
