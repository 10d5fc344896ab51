import MaxFormats
import MaxIR
import MaxRuntime

/// A signed statement as an OCI artifact that refers to a version: how registries of images keep signatures.
///
/// Source: sigstore/cosign specs/BUNDLE_SPEC.md; opencontainers/image-spec 1.1, "subject".
enum StatementManifest {
    private static let empty: [UInt8] = Array("{}".utf8)
    private static let emptyType = "application/vnd.oci.empty.v1+json"

    /// The manifest of the statement `bytes` about `subject`.
    static func bytes(_ bytes: [UInt8], type: String, subject: ModelManifest.Blob) -> [UInt8] {
        var json = JSONWriter()
        json.object { json in
            json.member("schemaVersion", 2)
            json.member("mediaType", ModelManifest.mediaType)
            json.member("artifactType", SignatureBundle.mediaType)
            json.member(
                "config", object: { ModelManifest.describe(&$0, emptyType, ModelManifest.Blob(BlobDigest(of: empty), empty.count)) })
            json.member(
                "layers",
                array: { json in
                    json.object {
                        ModelManifest.describe(&$0, SignatureBundle.mediaType, ModelManifest.Blob(BlobDigest(of: bytes), bytes.count))
                    }
                })
            json.member("subject", object: { ModelManifest.describe(&$0, ModelManifest.mediaType, subject) })
            json.member(
                "annotations",
                object: { json in
                    json.member("dev.sigstore.bundle.content", "dsse-envelope")
                    json.member("dev.sigstore.bundle.predicateType", type)
                })
        }
        return json.bytes
    }

    static func store(_ bytes: [UInt8], type: String, subject: ModelManifest.Blob, in blobs: BlobStore) throws(MaxError) -> BlobDigest {
        try blobs.put(empty)
        try blobs.put(bytes)
        return try blobs.put(self.bytes(bytes, type: type, subject: subject))
    }
}

extension Registry {
    /// Makes, in the registry's own blobs, the manifests by which other registries keep what was said of a version: the model's
    /// signature, the push, and all evidence. Nothing in the log leads to them: hold the store's lock until they are sent.
    package func statementManifests(of resolved: Resolved, trust: Trust) throws(MaxError) -> [BlobDigest] {
        guard let size = try folder.size(BlobStore.path(resolved.manifest)) else {
            throw MaxError(.notFound, "\(resolved.text): its manifest is missing")
        }
        let subject = ModelManifest.Blob(resolved.manifest, size)
        var made: [BlobDigest] = []
        if let signature = try bundle(of: try manifest(resolved.manifest)).section(.signatures) {
            made.append(try StatementManifest.store(signature, type: PredicateType.modelSignature, subject: subject, in: blobs))
        }
        let pushed = try blobs.read(resolved.pushed.record.statement, limit: SignedStatement.maximumBytes)
        made.append(try StatementManifest.store(pushed, type: PredicateType.push, subject: subject, in: blobs))
        let found = try evidence(model: resolved.model, version: resolved.version, manifest: resolved.manifest, trust: trust, signers: [])
        for statement in found.statements {
            made.append(try StatementManifest.store(statement.bytes, type: statement.predicateType, subject: subject, in: blobs))
        }
        return made
    }

    /// What another registry gave: a version whose model and push builders signed, without this registry's log. A copy that left
    /// the push behind is taken where the bundle has the names that the manifest gives it.
    ///
    /// - Parameter statements: the files that came as referrers of `manifest`.
    /// - Throws: `.unsigned` when no push statement came and the names differ; `.untrusted`, `.contentMismatch`.
    package static func verifyReceived(
        _ manifestBytes: [UInt8], bundle: Bundle, bundleDigest: BlobDigest, statements: [[UInt8]], trust: Trust
    ) throws(MaxError) -> (manifest: ModelManifest, signers: [String]) {
        let manifest = try ModelManifest(manifestBytes)
        guard manifest.bundle.digest == bundleDigest else {
            throw MaxError(.contentMismatch, "the bundle is \(bundleDigest.name), the manifest names \(manifest.bundle.digest.name)")
        }
        let digest = BlobDigest(of: manifestBytes)
        if let entry = trust.revocations.entry(artifact: digest) {
            throw MaxError(.revoked, "\(manifest.model)@\(manifest.version): revoked at \(entry.time.text): \(entry.reason.string)")
        }
        let builders = trust.keys(.builder)
        var wasPushed = false
        for bytes in statements {
            guard let statement = try? SignedStatement(bytes, keys: builders, place: "statement"),
                statement.predicateType == PredicateType.push, statement.subject == digest
            else { continue }
            wasPushed = true
        }
        // Without the push, the names must be those that the model's own signature covers.
        guard wasPushed || (Text(manifest.model) == bundle.info.name && Text(manifest.version) == bundle.info.version) else {
            throw MaxError(
                .unsigned,
                "\(manifest.model)@\(manifest.version): no builder of root \(trust.root.version) signed that it was pushed, and the bundle calls itself \(bundle.info.name.string)@\(bundle.info.version.string)"
            )
        }
        let signers = try ModelSignature.signers(embeddedIn: bundle, keys: builders)
        guard signers.count >= trust.root.threshold(.builder) else {
            throw MaxError(
                .untrusted, "\(manifest.model)@\(manifest.version): signed by \(signers.count) builders of root \(trust.root.version)")
        }
        return (manifest, signers)
    }
}
