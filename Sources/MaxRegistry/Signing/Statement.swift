import MaxFormats
import MaxIR
import MaxRuntime

/// What OpenSSF Model Signing 1.0 signs: an in-toto statement that lists the files of a model with their digests.
///
/// Source: ossf/model-signing-spec, v1.0; in-toto Statement v1.
struct Statement: Equatable {
    static let type = "https://in-toto.io/Statement/v1"
    static let predicateType = "https://model_signing/signature/v1.0"
    static let payloadType = "application/vnd.in-toto+json"

    /// The name of the model; informational.
    var subject: Text
    var resources: [Resource]

    struct Resource: Equatable {
        var name: Text
        /// Lowercase hexadecimal SHA-256.
        var digest: String
    }

    /// SHA-256 over the concatenated digests, in the listed order.
    var root: String {
        let digest = SHA256()
        for resource in resources { digest.update(Hexadecimal.bytes(resource.digest) ?? []) }
        return digest.finish().hex
    }

    /// Compact JSON in a fixed order of members: equal statements are equal bytes.
    var payload: [UInt8] {
        var json = JSONWriter()
        json.object { json in
            json.member("_type", Self.type)
            json.member(
                "subject",
                array: { json in
                    json.object { json in
                        json.key("name")
                        json.value(subject)
                        json.member("digest", object: { $0.member("sha256", root) })
                    }
                })
            json.member("predicateType", Self.predicateType)
            json.member(
                "predicate",
                object: { json in
                    json.member(
                        "resources",
                        array: { json in
                            for resource in resources {
                                json.object { json in
                                    json.key("name")
                                    json.value(resource.name)
                                    json.member("digest", resource.digest)
                                    json.member("algorithm", "sha256")
                                }
                            }
                        })
                    json.member(
                        "serialization",
                        object: { json in
                            json.member("method", "files")
                            json.member("hash_type", "sha256")
                            json.member("allow_symlinks", false)
                            json.member("ignore_paths", array: { _ in })
                        })
                })
        }
        return json.bytes
    }

    init(subject: Text, resources: [Resource]) {
        self.subject = subject
        self.resources = resources
    }

    /// Reads a payload whose signature has been checked.
    ///
    /// - Throws: `.malformed` naming the member; `.unsupported` for shards and other digests.
    init(_ payload: [UInt8]) throws(MaxError) {
        let root = Member(try JSONReader.read(payload), "statement")
        try root.onlyMembers(["_type", "subject", "predicateType", "predicate"])
        try root.member("_type").expect(Self.type)
        try root.member("predicateType").expect(Self.predicateType)
        let subjects = try root.member("subject").elements()
        guard subjects.count == 1 else { throw MaxError(.malformed, "statement: \(subjects.count) subjects, expected one") }
        try subjects[0].onlyMembers(["name", "digest"])
        subject = try subjects[0].member("name").text()
        let declared = try subjects[0].member("digest").member("sha256").text().string
        let predicate = try root.member("predicate")
        try predicate.onlyMembers(["resources", "serialization"])
        let serialization = try predicate.member("serialization")
        try serialization.onlyMembers(["method", "hash_type", "allow_symlinks", "ignore_paths", "shard_size"])
        for (name, expected) in [("method", "files"), ("hash_type", "sha256")] {
            let found = try serialization.member(name).text()
            guard found == Text(expected) else {
                throw MaxError(.unsupported, "statement: \(name) \(found.quoted), expected \"\(expected)\"")
            }
        }
        resources = []
        var seen = Set<Text>()
        for element in try predicate.member("resources").elements() {
            try element.onlyMembers(["name", "digest", "algorithm"])
            try element.member("algorithm").expect("sha256")
            let resource = Resource(name: try element.member("name").text(), digest: try element.member("digest").text().string)
            guard Hexadecimal.bytes(resource.digest)?.count == 32 else {
                throw MaxError(.malformed, "statement: a digest is not 64 lowercase hexadecimal digits")
            }
            guard seen.insert(resource.name).inserted else {
                throw MaxError(.malformed, "statement: resource \(resource.name.quoted) is listed twice")
            }
            resources.append(resource)
        }
        guard !resources.isEmpty else { throw MaxError(.malformed, "statement: lists no resource") }
        guard self.root == declared else {
            throw MaxError(
                .contentMismatch, "statement: the resources have root digest \(self.root), the subject says \(Text(declared).quoted)")
        }
    }
}

enum Hexadecimal {
    /// nil unless `text` is pairs of lowercase hexadecimal digits.
    static func bytes(_ text: String) -> [UInt8]? {
        let digits = Array(text.utf8)
        guard digits.count % 2 == 0 else { return nil }
        var out: [UInt8] = []
        for index in stride(from: 0, to: digits.count, by: 2) {
            guard let high = value(digits[index]), let low = value(digits[index + 1]) else { return nil }
            out.append(high << 4 | low)
        }
        return out
    }

    private static func value(_ digit: UInt8) -> UInt8? {
        switch digit {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): digit - 48
        case UInt8(ascii: "a")...UInt8(ascii: "f"): digit - 87
        default: nil
        }
    }
}

/// A value of a JSON document with its place, for messages.
struct Member {
    let value: Document
    let place: String

    init(_ value: Document, _ place: String) {
        self.value = value
        self.place = place
    }

    private func wrong(_ expected: String) -> MaxError { MaxError(.malformed, "\(place): found \(value.kind), expected \(expected)") }

    func member(_ name: String) throws(MaxError) -> Member {
        guard case .object(let object) = value else { throw wrong("an object") }
        guard let found = object[Text(name)] else { throw MaxError(.malformed, "\(place): '\(name)' is missing") }
        return Member(found, "\(place).\(name)")
    }

    func optional(_ name: String) -> Member? {
        guard case .object(let object) = value, let found = object[Text(name)] else { return nil }
        if case .null = found { return nil }
        return Member(found, "\(place).\(name)")
    }

    func onlyMembers(_ names: Set<String>) throws(MaxError) {
        guard case .object(let object) = value else { throw wrong("an object") }
        for (key, _) in object.members where !names.contains(key.string) {
            throw MaxError(.malformed, "\(place): member \(key.quoted) is not allowed")
        }
    }

    func elements() throws(MaxError) -> [Member] {
        guard case .array(let list) = value else { throw wrong("an array") }
        return list.enumerated().map { Member($1, "\(place)[\($0)]") }
    }

    func text() throws(MaxError) -> Text {
        guard case .string(let text) = value else { throw wrong("a text") }
        return text
    }

    func expect(_ expected: String) throws(MaxError) {
        let found = try text()
        guard found == Text(expected) else { throw MaxError(.malformed, "\(place): found \(found.quoted), expected \"\(expected)\"") }
    }
}
