import MaxFormats
import MaxIR

/// What is no longer trusted: keys, and artifacts by the digest of their manifest. Each list replaces the one before and has a
/// version that only grows, so that a client who has seen version N refuses an older one.
///
/// A revoked key's signatures count for nothing, whenever they were made: without a trusted time there is no telling.
package struct RevocationList: Sendable, Equatable {
    package struct Entry: Sendable, Equatable {
        package enum Kind: String, Sendable { case key, artifact }

        package var kind: Kind
        /// A key's fingerprint, or the hexadecimal digest of a manifest.
        package var identifier: String
        package var reason: Text
        package var time: Timestamp

        package init(kind: Kind, identifier: String, reason: Text, time: Timestamp) {
            self.kind = kind
            self.identifier = identifier
            self.reason = reason
            self.time = time
        }
    }

    package var version: Int64
    package var expires: Timestamp?
    package var entries: [Entry]

    static let maximumEntries = 1 << 16

    package static let none = RevocationList(version: 0, expires: nil, entries: [])

    package init(version: Int64, expires: Timestamp?, entries: [Entry]) {
        self.version = version
        self.expires = expires
        self.entries = entries
    }

    package var keys: Set<String> { Set(entries.filter { $0.kind == .key }.map(\.identifier)) }

    package func entry(artifact: BlobDigest) -> Entry? { entries.first { $0.kind == .artifact && $0.identifier == artifact.hex } }

    package func write(_ json: inout JSONWriter) {
        json.member("version", version)
        if let expires { json.member("expires", expires.text) }
        json.member(
            "revoked",
            array: { json in
                for entry in entries {
                    json.object { json in
                        json.member("kind", entry.kind.rawValue)
                        json.member("id", entry.identifier)
                        json.key("reason")
                        json.value(entry.reason)
                        json.member("time", entry.time.text)
                    }
                }
            })
    }

    /// - Throws: `.malformed`, `.limitExceeded`.
    init(_ predicate: Member) throws(MaxError) {
        try predicate.onlyMembers(["version", "expires", "revoked"])
        version = try predicate.member("version").integer(from: 1)
        expires = try predicate.optional("expires")?.timestamp()
        entries = []
        let members = try predicate.member("revoked").elements()
        guard members.count <= Self.maximumEntries else {
            throw MaxError(.limitExceeded, "revocations: \(members.count) entries, at most \(Self.maximumEntries)")
        }
        for member in members {
            try member.onlyMembers(["kind", "id", "reason", "time"])
            guard let kind = Entry.Kind(rawValue: try member.member("kind").text().string),
                let digest = BlobDigest(hex: try member.member("id").text().string)
            else { throw MaxError(.malformed, "revocations: \(member.place): expected a key or an artifact by 64 hexadecimal digits") }
            entries.append(
                Entry(
                    kind: kind, identifier: digest.hex, reason: try member.member("reason").text(),
                    time: try member.member("time").timestamp()))
        }
    }

    /// - Throws: `.expired`: whoever hides a newer list hides what was revoked since.
    package func checkNotExpired(at time: Timestamp) throws(MaxError) {
        if let expires, time > expires {
            throw MaxError(.expired, "revocation list \(version) expired at \(expires.text), it is \(time.text): have a new one signed")
        }
    }
}
