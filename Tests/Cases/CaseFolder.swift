import Glibc
import MaxFormats
import MaxIR
import MaxImport
import MaxRuntime

/// A folder of cases: models, inputs, and the outputs that another library gives. `peers/cases.py` describes the form.
public struct CaseFolder: Sendable {
    public let path: String

    /// Models that `peers/zoo.py` makes, and what ONNX Runtime or XGBoost predict with them.
    public static let zoo = CaseFolder("build/zoo")
    /// The backend tests of the onnx package, which `peers/conformance.py` writes.
    public static let conformance = CaseFolder("build/conformance")

    /// `benchmarks/conformance/passing.txt`: the names of all cases, of both folders, that must pass, sorted.
    public static let floorPath = CaseFolder("benchmarks/conformance/passing.txt").path

    /// The lines of `floorPath`.
    public static func floor() throws -> [String] {
        String(decoding: try bytes(floorPath), as: UTF8.self).split(separator: "\n").map(String.init)
    }

    /// - Parameter path: relative to the root of the repository.
    public init(_ path: String) {
        let root = #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast(3)
        self.path = root.joined(separator: "/") + "/" + path
    }

    /// The cases whose name starts with `prefix`; none when they have not been made.
    public func names(_ prefix: String = "") -> [String] {
        guard let bytes = try? Self.bytes("\(path)/index.json"), case .array(let names)? = try? JSONReader.read(bytes)
        else { return [] }
        return names.compactMap {
            if case .string(let name) = $0, name.string.hasPrefix(prefix) { name.string } else { nil }
        }
    }

    /// - Throws: `.notFound` and `.malformed` as they say; `.unsupported` for a value of a type that we do not have.
    public func read(_ name: String) throws -> Case {
        let manifest = try JSONReader.read(try Self.bytes("\(path)/\(name)/case.json"))
        return try Case(manifest, folder: "\(path)/\(name)")
    }

    public static func bytes(_ path: String) throws -> [UInt8] {
        guard let file = fopen(path, "rb") else { throw MaxError(.notFound, "\(path): cannot be opened") }
        defer { fclose(file) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = fread(&buffer, 1, buffer.count, file)
            guard count > 0 else { return bytes }
            bytes += buffer[..<count]
        }
    }
}

/// One case: a model and sets of inputs with the outputs expected.
public struct Case: Sendable {
    public let model: [UInt8]
    /// What made the model: `onnx`, `xgboost`, …, or `maxir`, a graph that names its outputs as ONNX does.
    public let kind: String
    /// What computed the outputs.
    public let source: String
    /// What the case tries, in texts for a table; nil where the manifest does not say.
    public let configuration: (model: String, data: String, settings: String)?
    public var isONNX: Bool { kind == "onnx" }
    /// Why the case has neither model nor values; nil for most.
    public let skipReason: String?
    /// `domain::Operator` of every node, where the manifest says.
    public let operators: [String]
    /// Ranges of rows of set 0, by name.
    public let groups: [(name: String, rows: Range<Int>)]
    public let sets: [(inputs: [CaseValue], outputs: [CaseValue])]

    init(_ manifest: Document, folder: String) throws {
        kind = try manifest.text("kind")
        source = (try? manifest.text("source")) ?? kind
        configuration =
            if let texts = manifest["configuration"] {
                (try texts.text("model"), try texts.text("data"), try texts.text("settings"))
            } else {
                nil
            }
        operators =
            try (try? manifest.list("operators"))?.map {
                guard case .string(let name) = $0 else { throw MaxError(.malformed, "operators: expected texts") }
                return name.string
            } ?? []
        skipReason = try? manifest.text("skip_reason")
        guard skipReason == nil else {
            (model, groups, sets) = ([], [], [])
            return
        }
        let data = (try? CaseFolder.bytes("\(folder)/data.bin")) ?? []
        model = try CaseFolder.bytes("\(folder)/\(try manifest.text("model"))")
        groups =
            try (try? manifest.list("groups"))?.map { group in
                let rows = try group.integers("rows")
                guard rows.count == 2, rows[0] <= rows[1] else { throw MaxError(.malformed, "rows: expected two numbers") }
                return (try group.text("name"), rows[0]..<rows[1])
            } ?? []
        sets = try manifest.list("sets").map { set in
            (
                try set.list("inputs").map { try CaseValue($0, data) },
                try set.list("outputs").map { try CaseValue($0, data) }
            )
        }
    }

    /// The model's graph, as the reader of its kind gives it.
    public func graph(_ name: String, options: ONNX.Options = ONNX.Options()) throws(MaxError) -> Graph {
        switch kind {
        case "onnx": return try ONNX.read(model, name: Text(name), options: options)
        case "maxir":
            var graph = try Bundle(bytes: model).graph()
            graph.name = Text(name)
            return graph
        default:
            guard let format = ModelFormat(rawValue: kind) else { throw MaxError(.unsupported, "a case of kind \(kind)") }
            return try format.read(model, name: Text(name))
        }
    }
}
