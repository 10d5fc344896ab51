import MaxFormats
import MaxIR
import MaxRuntime

/// What a bundle names as its origin: the program that made it, the model it was made of, the data it was trained on.
struct BundleSources {
    struct Part {
        enum Kind: String { case application, file, data }

        var kind: Kind
        var name: String
        var version: String?
        /// SHA-256 in lowercase hexadecimal; nil where none is recorded.
        var digest: String?

        var reference: String { "\(kind.rawValue):\(name)\(version.map { "@\($0)" } ?? "")\(digest.map { "#\($0)" } ?? "")" }

        func write(_ json: inout JSONWriter) {
            json.object { json in
                json.member("type", kind.rawValue)
                json.member("bom-ref", reference)
                json.member("name", name)
                if let version { json.member("version", version) }
                guard let digest else { return }
                json.member(
                    "hashes",
                    array: { json in
                        json.object {
                            $0.member("alg", "SHA-256")
                            $0.member("content", digest)
                        }
                    })
            }
        }
    }

    /// In the order program, source, data; each at most once.
    private(set) var parts: [Part] = []
    let provenance: Document?
    /// What maxai-train recorded; nil for models of other libraries.
    let training: Document?

    init(_ bundle: Bundle) throws(MaxError) {
        provenance = try ModelDiff.document(bundle, .provenance)
        training = provenance?["kind"]?.text == "training" ? provenance : provenance?["training"]
        let words = bundle.producer.string.split(separator: " ", maxSplits: 1).map(String.init)
        if let name = words.first { parts.append(Part(kind: .application, name: name, version: words.dropFirst().first)) }
        if let digest = Self.digest(provenance?["sourceSHA256"]) {
            parts.append(Part(kind: .file, name: provenance?["format"]?.text?.string ?? "source", digest: digest))
        }
        if let digest = Self.digest(training?["data"]?["sha256"]) {
            parts.append(Part(kind: .data, name: "training data", digest: digest))
        }
    }

    private static func digest(_ document: Document?) -> String? {
        guard let hex = document?.text?.string, Hexadecimal.bytes(hex)?.count == 32 else { return nil }
        return hex
    }
}
