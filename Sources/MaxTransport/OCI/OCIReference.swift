import MaxIR

/// `oci://host[:port]/repository[:tag|@sha256:…]` (names as OCI distribution 1.1 has them).
package struct OCIReference: Hashable, Sendable {
    package enum Version: Hashable, Sendable {
        case tag(String)
        case digest(ContentDigest)

        /// As it stands in the path of a manifest.
        package var text: String {
            switch self {
            case .tag(let tag): tag
            case .digest(let digest): digest.text
            }
        }
    }

    package var host: String
    package var port: UInt16?
    package var repository: String
    /// nil when the address names the repository alone.
    package var version: Version?

    /// - Throws: `.usage`.
    package init(_ text: String) throws(MaxError) {
        func wrong(_ what: String) -> MaxError { MaxError(.usage, "address \(Text(String(text.prefix(300))).quoted): \(what)") }
        let bytes = Array(text.utf8)
        guard bytes.starts(with: "oci://".utf8), bytes.count <= 1024 else { throw wrong("expected oci://host/repository[:tag|@sha256:…]") }
        let rest = bytes[6...]
        guard let slash = rest.firstIndex(of: UInt8(ascii: "/")), let (host, port) = WebAddress.authority(rest[..<slash]) else {
            throw wrong("expected oci://host[:port]/repository")
        }
        (self.host, self.port) = (host, port)
        var name = rest[(slash + 1)...]
        if let at = name.firstIndex(of: UInt8(ascii: "@")) {
            do { version = .digest(try ContentDigest(Text(utf8: Array(name[(at + 1)...])))) } catch { throw wrong(error.message) }
            name = name[..<at]
        } else if let colon = name.firstIndex(of: UInt8(ascii: ":")) {
            let tag = String(decoding: name[(colon + 1)...], as: UTF8.self)
            guard Self.isTag(tag) else { throw wrong("a tag is a letter, digit or _, then at most 127 of those and . and -") }
            version = .tag(tag)
            name = name[..<colon]
        }
        guard Self.isRepository(name) else {
            throw wrong("a repository is lowercase letters and digits, parted by single . _ / or by __ or dashes")
        }
        repository = String(decoding: name, as: UTF8.self)
    }

    package var text: String {
        let server = "oci://\(host)\(port.map { ":\($0)" } ?? "")/\(repository)"
        return switch version {
        case .tag(let tag): "\(server):\(tag)"
        case .digest(let digest): "\(server)@\(digest)"
        case nil: server
        }
    }

    package static func isTag(_ text: String) -> Bool {
        let bytes = text.utf8
        guard (1...128).contains(bytes.count), let first = bytes.first, ASCII.isAlphanumeric(first) || first == UInt8(ascii: "_") else {
            return false
        }
        return bytes.allSatisfy { ASCII.isAlphanumeric($0) || "._-".utf8.contains($0) }
    }

    /// `[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*`, several of them with slashes between.
    static func isRepository(_ name: ArraySlice<UInt8>) -> Bool {
        guard (1...255).contains(name.count) else { return false }
        return name.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false).allSatisfy(isComponent)
    }

    private static func isComponent(_ part: ArraySlice<UInt8>) -> Bool {
        func isPlain(_ byte: UInt8) -> Bool { ASCII.isDigit(byte) || ASCII.isLowercase(byte) }
        guard let first = part.first, let last = part.last, isPlain(first), isPlain(last) else { return false }
        return part.split(omittingEmptySubsequences: true, whereSeparator: isPlain).allSatisfy { separator in
            separator.elementsEqual(".".utf8) || separator.elementsEqual("_".utf8) || separator.elementsEqual("__".utf8)
                || separator.allSatisfy { $0 == UInt8(ascii: "-") }
        }
    }
}
