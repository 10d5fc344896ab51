import MaxFormats
import MaxIR
import MaxRuntime

extension Registry {
    package struct Pushed: Sendable {
        package var model: String
        package var version: String
        package var manifest: BlobDigest
        /// Whether it was there already, with the same bytes.
        package var wasThere: Bool
    }

    /// Stores a signed bundle as a version, which then never changes.
    ///
    /// - Parameters:
    ///   - file: the bundle's bytes.
    ///   - version: instead of the one in the bundle.
    ///   - signer: a builder, who signs for the push.
    /// - Throws: `.unsigned`, `.untrusted` unless builders signed the bundle; `.conflict` when the version exists with other
    ///   bytes, or an alias has its name; `.contentMismatch` when the bundle's packed graph is not its graph.
    package func push(_ file: FileBytes, version: String? = nil, signer: any Signer, trust: Trust, time: Timestamp = .now) throws(MaxError)
        -> Pushed
    {
        let bundle = try Bundle(file)
        try bundle.checkPacked()
        let model = bundle.info.name.string
        let version = version ?? bundle.info.version.string
        for (what, name) in [("model", model), ("version", version)] where !Text(name).isModelName {
            throw MaxError(.malformed, "\(what) \(Text(name).quoted), expected 1 to 128 of A-Z a-z 0-9 . _ - and no leading dot")
        }
        let builders = trust.keys(.builder)
        guard builders.contains(where: { $0.fingerprint == signer.publicKey.fingerprint }) else {
            throw MaxError(.untrusted, "the key \(signer.publicKey.fingerprint.prefix(12)) is no builder of root \(trust.root.version)")
        }
        guard try !ModelSignature.signers(embeddedIn: bundle, keys: builders).isEmpty else {
            throw MaxError(.untrusted, "\(model): no builder of root \(trust.root.version) signed the bundle: maxai-registry sign")
        }
        let sharing = try sharing()
        defer { withExtendedLifetime(sharing) {} }
        let layer = try blobs.put(file)
        let configuration = ModelManifest.configuration(model: model, version: version, bundle: layer.digest)
        let manifest = ModelManifest(
            model: model, version: version,
            config: ModelManifest.Blob(try blobs.put(configuration), configuration.count),
            bundle: ModelManifest.Blob(layer.digest, layer.size))
        let digest = try blobs.put(manifest.bytes)
        let statement = try blobs.put(
            try SignedStatement.sign(digest, name: Text("\(model)@\(version)"), type: PredicateType.push, with: [signer]) { json in
                json.member("model", model)
                json.member("version", version)
                json.member("bundle", layer.digest.name)
                json.member("time", time.text)
            })
        return try append(with: signer) { transaction throws(MaxError) in
            if let there = try self.version(version, of: model) {
                guard there.record.manifest == digest else {
                    throw MaxError(
                        .conflict,
                        "\(model)@\(version): exists as \(there.record.manifest?.name ?? ""), these bytes are \(digest.name): versions never change"
                    )
                }
                return Pushed(model: model, version: version, manifest: digest, wasThere: true)
            }
            guard try pointer(of: version, model: model) == nil else {
                throw MaxError(.conflict, "\(model)@\(version): an alias has this name")
            }
            transaction.add(
                LogRecord(
                    .push, time: time, actor: signer.publicKey.fingerprint, model: model, name: version, manifest: digest,
                    statement: statement))
            return Pushed(model: model, version: version, manifest: digest, wasThere: false)
        }
    }

    /// Stores evidence about a version.
    ///
    /// - Parameter bytes: a signed statement whose subject is the version's manifest.
    /// - Throws: `.untrusted` unless a key of the root signed it; `.contentMismatch` when it is about something else.
    @discardableResult
    package func attest(_ resolved: Resolved, _ bytes: [UInt8], signer: any Signer, trust: Trust, time: Timestamp = .now) throws(MaxError)
        -> BlobDigest
    {
        let keys = trust.root.allKeys(revoked: trust.revocations.keys)
        let statement = try SignedStatement(bytes, keys: keys, place: "statement")
        guard statement.subject == resolved.manifest else {
            throw MaxError(
                .contentMismatch, "the statement is about sha256:\(statement.subject.hex), \(resolved.text) is \(resolved.manifest.name)")
        }
        let reserved = [PredicateType.push, PredicateType.pointer, PredicateType.verdict, PredicateType.root, PredicateType.revocations]
        guard !reserved.contains(statement.predicateType) else {
            throw MaxError(.malformed, "a statement of type \(Text(statement.predicateType).quoted) is no evidence")
        }
        let sharing = try sharing()
        defer { withExtendedLifetime(sharing) {} }
        let digest = try blobs.put(bytes)
        let kind = PredicateType.shortName(statement.predicateType)
        try append(with: signer) { transaction throws(MaxError) in
            let there = try evidence(for: resolved.manifest, of: resolved.model)
            guard !there.contains(where: { $0.record.statement == digest }) else { return }
            transaction.add(
                LogRecord(
                    .attest, time: time, actor: signer.publicKey.fingerprint, model: resolved.model,
                    name: Text(kind).isModelName ? kind : "other", manifest: resolved.manifest, statement: digest))
        }
        return digest
    }
}
