import MaxFormats
import MaxIR

/// A signed statement that an alias now stands for a version. Its subject is the version's manifest.
///
/// Pointers of one alias are numbered from 1 without gaps; the number is what makes two promotions at once one success and
/// one conflict, and what a client remembers so that nobody shows it an older one. It expires, so that nobody shows it
/// the same one for ever.
package struct AliasPointer: Sendable, Equatable {
    package var model: String
    package var alias: String
    package var sequence: Int64
    package var version: String
    /// The manifest.
    package var manifest: BlobDigest
    package var time: Timestamp
    package var expires: Timestamp?
    /// The statement of the pointer before; nil for the first.
    package var previous: BlobDigest?
    /// The statement of the verdict that allowed it.
    package var verdict: BlobDigest

    package init(
        model: String, alias: String, sequence: Int64, version: String, manifest: BlobDigest, time: Timestamp, expires: Timestamp?,
        previous: BlobDigest?, verdict: BlobDigest
    ) {
        self.model = model
        self.alias = alias
        self.sequence = sequence
        self.version = version
        self.manifest = manifest
        self.time = time
        self.expires = expires
        self.previous = previous
        self.verdict = verdict
    }

    package func signed(with signer: any Signer) throws(MaxError) -> [UInt8] {
        try SignedStatement.sign(manifest, name: Text("\(model)@\(version)"), type: PredicateType.pointer, with: [signer]) { json in
            json.member("model", model)
            json.member("alias", alias)
            json.member("sequence", sequence)
            json.member("version", version)
            json.member("time", time.text)
            if let expires { json.member("expires", expires.text) }
            if let previous { json.member("previous", previous.name) }
            json.member("verdict", verdict.name)
        }
    }

    /// - Throws: `.malformed`.
    package init(_ statement: SignedStatement) throws(MaxError) {
        try statement.expect(PredicateType.pointer)
        let predicate = statement.predicate
        try predicate.onlyMembers(["model", "alias", "sequence", "version", "time", "expires", "previous", "verdict"])
        model = try predicate.member("model").name()
        alias = try predicate.member("alias").name()
        sequence = try predicate.member("sequence").integer(from: 1)
        version = try predicate.member("version").name()
        manifest = statement.subject
        time = try predicate.member("time").timestamp()
        expires = try predicate.optional("expires")?.timestamp()
        previous = try predicate.optional("previous")?.digest()
        verdict = try predicate.member("verdict").digest()
    }

    /// - Throws: `.expired`: whoever shows an old pointer hides what came after it.
    package func checkNotExpired(at time: Timestamp) throws(MaxError) {
        if let expires, time > expires {
            throw MaxError(
                .expired, "\(model)@\(alias): pointer \(sequence) expired at \(expires.text), it is \(time.text): promote it again")
        }
    }
}
