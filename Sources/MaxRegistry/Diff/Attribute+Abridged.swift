import MaxIR
import MaxRuntime

extension Attribute {
    /// The value in a few words; of what is long, the digest, so that different values read differently.
    var abridged: String {
        switch self {
        case .int(let value): "\(value)"
        case .float(let value): "\(value)"
        case .string(let value): value.utf8.count <= 64 ? value.quoted : "\(value.utf8.count) bytes, sha256 \(SHA256Text.of([value]))"
        case .ints(let values): Self.list(values.map { Text("\($0)") })
        case .floats(let values): Self.list(values.map { Text("\($0)") })
        case .strings(let values): ModelDiff.abridged(values)
        case .type(let type): type.rawValue
        case .tensor(let tensor): "\(tensor.type)"
        }
    }

    private static func list(_ values: [Text]) -> String {
        values.count <= 8 ? "[\(values.map(\.string).joined(separator: ", "))]" : "\(values.count) values, sha256 \(SHA256Text.of(values))"
    }
}

enum SHA256Text {
    /// The first 16 hexadecimal digits of the digest of texts with their lengths.
    static func of(_ texts: [Text]) -> String {
        let digest = SHA256()
        for text in texts {
            digest.update(Array("\(text.utf8.count):".utf8))
            digest.update(text.utf8)
        }
        return String(digest.finish().hex.prefix(16))
    }
}
