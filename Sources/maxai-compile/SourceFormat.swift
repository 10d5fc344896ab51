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
    func read(_ bytes: [UInt8], name: Text) throws(MaxError) -> Graph {
        switch self {
        case .foreign(let format): return try format.read(bytes, name: name)
        case .maxir:
            var graph = try Bundle(bytes: bytes).graph()
            graph.name = name
            return graph
        }
    }
}
