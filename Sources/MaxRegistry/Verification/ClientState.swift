import MaxFormats
import MaxIR
import MaxRuntime

/// What a client has seen of a registry, so that nobody shows it less later: the newest root, list of revocations and
/// pointers, and the newest checkpoint of the log.
package struct ClientState: Sendable, Equatable {
    package var origin: Text
    package var root: Int64 = 0
    package var revocations: Int64 = 0
    /// As it was signed.
    package var checkpoint: [UInt8]?
    /// The number of the newest pointer by `MODEL@ALIAS`.
    package var pointers: [Text: Int64] = [:]

    static let maximumBytes = 4 << 20

    package init(origin: Text) { self.origin = origin }

    /// - Throws: `.malformed`.
    package init(_ bytes: [UInt8], place: String) throws(MaxError) {
        do throws(MaxError) {
            let root = Member(try JSONReader.read(bytes), "state")
            try root.member("schema").expect("maxai.client/1")
            origin = try TrustRoot.origin(try root.member("origin").text())
            self.root = try root.member("root").integer()
            revocations = try root.member("revocations").integer()
            checkpoint = try root.optional("checkpoint")?.text().utf8
            for (name, member) in try root.member("pointers").members() { pointers[name] = try member.integer(from: 1) }
        } catch {
            throw error.inside(place)
        }
    }

    package var bytes: [UInt8] {
        var json = JSONWriter()
        json.object { json in
            json.member("schema", "maxai.client/1")
            json.key("origin")
            json.value(origin)
            json.member("root", root)
            json.member("revocations", revocations)
            if let checkpoint {
                json.key("checkpoint")
                json.value(Text(utf8: checkpoint))
            }
            json.member(
                "pointers",
                object: { json in
                    for (name, sequence) in pointers.sorted(by: { $0.key < $1.key }) { json.member(name.string, sequence) }
                })
        }
        return json.bytes
    }

    /// - Throws: `.rollback` when `trust` is older than what was seen.
    package mutating func see(_ trust: Trust) throws(MaxError) {
        guard trust.root.origin == origin else {
            throw MaxError(.rollback, "the registry is \(trust.root.origin.quoted), what was seen before is of \(origin.quoted)")
        }
        guard trust.root.version >= root else {
            throw MaxError(.rollback, "root version \(trust.root.version), version \(root) was seen before: somebody hides the newer one")
        }
        guard trust.revocations.version >= revocations else {
            throw MaxError(
                .rollback,
                "revocation list \(trust.revocations.version), list \(revocations) was seen before: somebody hides the newer one")
        }
        (root, revocations) = (trust.root.version, trust.revocations.version)
    }

    /// - Throws: `.rollback` when the log does not extend the one that was seen.
    package mutating func see(_ log: TileStore) throws(MaxError) {
        if let checkpoint { try log.verify(extends: try Checkpoint(checkpoint)) }
        checkpoint = log.checkpoint.bytes
    }

    /// - Throws: `.rollback` for a pointer that is older than one that was seen.
    package mutating func see(_ pointer: AliasPointer) throws(MaxError) {
        let name = Text("\(pointer.model)@\(pointer.alias)")
        if let seen = pointers[name], pointer.sequence < seen {
            throw MaxError(
                .rollback, "\(name.string): pointer \(pointer.sequence), pointer \(seen) was seen before: somebody hides the newer one")
        }
        pointers[name] = pointer.sequence
    }
}
