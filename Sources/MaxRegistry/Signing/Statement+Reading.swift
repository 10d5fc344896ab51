import MaxFormats
import MaxIR

extension Statement {
    /// Reads a payload whose signature has been checked.
    ///
    /// - Throws: `.malformed` naming the member; `.unsupported` for digests and methods that are not there; `.limitExceeded`;
    ///   `.contentMismatch` when the subject has another digest than the resources.
    init(_ payload: [UInt8]) throws(MaxError) {
        try Nesting.check(payload, "statement")
        let root = Member(try JSONReader.read(payload), "statement")
        try root.onlyMembers(["_type", "subject", "predicateType", "predicate"])
        try root.member("_type").expect(Self.type)
        try root.member("predicateType").expect(Self.predicateType)
        let subjects = try root.member("subject").elements()
        guard subjects.count == 1 else { throw MaxError(.malformed, "statement: \(subjects.count) subjects, expected one") }
        try subjects[0].onlyMembers(["name", "digest"])
        let declared = try subjects[0].member("digest").member("sha256").text().string
        let predicate = try root.member("predicate")
        try predicate.onlyMembers(["resources", "serialization"])
        self.init(subject: try subjects[0].member("name").text(), resources: [])
        try readSerialization(try predicate.member("serialization"))
        try readResources(try predicate.member("resources").elements())
        guard self.root == declared else {
            throw MaxError(
                .contentMismatch, "statement: the resources have root digest \(self.root), the subject says \(Text(declared).quoted)")
        }
    }

    private mutating func readSerialization(_ serialization: Member) throws(MaxError) {
        try serialization.onlyMembers(["method", "hash_type", "allow_symlinks", "ignore_paths", "shard_size"])
        // Whether links were followed is told, and changes nothing: ours are never followed.
        _ = try serialization.member("allow_symlinks").bool()
        let method = try serialization.member("method").text()
        switch method {
        case "files":
            guard serialization.optional("shard_size") == nil else {
                throw MaxError(.malformed, "statement: shard_size goes with the method \"shards\" only")
            }
        case "shards":
            let member = try serialization.member("shard_size")
            // The reference implementation writes `5.0`.
            guard case .number(let number) = member.value, let size = number.double, let whole = Int(exactly: size), whole > 0 else {
                throw MaxError(.malformed, "\(member.place): found \(member.value.kind), expected a positive integer")
            }
            shardBytes = whole
        default: throw MaxError(.unsupported, "statement: method \(method.quoted), expected \"files\" or \"shards\"")
        }
        let type = try serialization.member("hash_type").text()
        guard let hash = ContentHash(rawValue: type.string) else {
            throw MaxError(.unsupported, "statement: hash_type \(type.quoted), expected \"sha256\" or \"blake2b\"")
        }
        self.hash = hash
        if let paths = serialization.optional("ignore_paths") {
            for element in try paths.elements() {
                let path = try element.text()
                guard path.isModelPath else { throw MaxError(.malformed, "\(element.place): \(path.quoted) is no path inside the model") }
                ignoredPaths.append(path)
            }
        }
    }

    private mutating func readResources(_ elements: [Member]) throws(MaxError) {
        guard elements.count <= Self.maximumResources else {
            throw MaxError(.limitExceeded, "statement: \(elements.count) resources, at most \(Self.maximumResources)")
        }
        var algorithms: Set<Text> = [Text(hash.rawValue)]
        // So the reference implementation calls it.
        if let shardBytes { algorithms.insert(Text("\(hash.rawValue)-sharded-\(shardBytes)")) }
        var seen = Set<Text>()
        resources.reserveCapacity(elements.count)
        for element in elements {
            try element.onlyMembers(["name", "digest", "algorithm"])
            let algorithm = try element.member("algorithm")
            guard algorithms.contains(try algorithm.text()) else {
                throw MaxError(.malformed, "\(algorithm.place): found \(try algorithm.text().quoted), expected \"\(hash.rawValue)\"")
            }
            let resource = Resource(name: try element.member("name").text(), digest: try element.member("digest").text().string)
            guard Hexadecimal.bytes(resource.digest)?.count == hash.byteCount else {
                throw MaxError(.malformed, "statement: a digest is not \(hash.byteCount * 2) lowercase hexadecimal digits")
            }
            guard resource.name.isModelPath || (resource.name == ModelSignature.singleFile && elements.count == 1) else {
                throw MaxError(.malformed, "\(element.place): \(resource.name.quoted) is no path inside the model")
            }
            guard seen.insert(resource.name).inserted else {
                throw MaxError(.malformed, "statement: resource \(resource.name.quoted) is listed twice")
            }
            resources.append(resource)
        }
        guard !resources.isEmpty else { throw MaxError(.malformed, "statement: lists no resource") }
    }
}

extension Text {
    /// Whether this names a file inside a model: relative, components between single `/`, none of them `.` or `..`, UTF-8
    /// without NUL, at most 4096 bytes.
    var isModelPath: Bool {
        guard (1...4096).contains(utf8.count), isValidUTF8, !utf8.contains(0) else { return false }
        return utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false).allSatisfy {
            !$0.isEmpty && !$0.elementsEqual(".".utf8) && !$0.elementsEqual("..".utf8)
        }
    }

    /// Whether this path is one of `others`, or inside one of them.
    func isAtOrInside(_ others: [Text]) -> Bool {
        others.contains { utf8.starts(with: $0.utf8) && (utf8.count == $0.utf8.count || utf8[$0.utf8.count] == UInt8(ascii: "/")) }
    }
}

/// How deep arrays and objects may be nested in what strangers send.
enum Nesting {
    static let maximum = 32

    /// - Throws: `.limitExceeded`, before anything is parsed.
    static func check(_ json: [UInt8], _ place: String) throws(MaxError) {
        var (depth, inText, escaped) = (0, false, false)
        for byte in json {
            if inText {
                if escaped {
                    escaped = false
                } else if byte == UInt8(ascii: "\\") {
                    escaped = true
                } else if byte == UInt8(ascii: "\"") {
                    inText = false
                }
                continue
            }
            switch byte {
            case UInt8(ascii: "\""): inText = true
            case UInt8(ascii: "{"), UInt8(ascii: "["):
                depth += 1
                guard depth <= maximum else { throw MaxError(.limitExceeded, "\(place): nested deeper than \(maximum)") }
            case UInt8(ascii: "}"), UInt8(ascii: "]"): depth -= 1
            default: break
            }
        }
    }
}
