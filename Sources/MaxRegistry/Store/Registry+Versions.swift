import MaxIR
import MaxRuntime

extension Registry {
    /// What a reference stands for.
    package struct Resolved: Sendable {
        package var model: String
        package var version: String
        package var manifest: BlobDigest
        /// The entry of the version.
        package var pushed: Reference
        /// The pointer that led here, for an alias.
        package var pointer: Reference?

        package var text: String { "\(model)@\(version)" }
    }

    /// - Throws: `.notFound`.
    package func resolve(_ reference: ModelReference) throws(MaxError) -> Resolved {
        let model = reference.model
        func resolved(_ pushed: Reference, _ pointer: Reference? = nil) throws(MaxError) -> Resolved {
            guard let manifest = pushed.record.manifest else { throw MaxError(.malformed, "\(reference.text): an entry without manifest") }
            return Resolved(model: model, version: pushed.record.name, manifest: manifest, pushed: pushed, pointer: pointer)
        }
        switch reference.target {
        case .name(let name):
            if let pushed = try version(name, of: model) { return try resolved(pushed) }
            if let pointer = try pointer(of: name, model: model) {
                for pushed in try versions(of: model) where pushed.record.manifest == pointer.record.manifest {
                    return try resolved(pushed, pointer)
                }
                throw MaxError(
                    .notFound, "\(reference.text): points to \(pointer.record.manifest?.name ?? "nothing"), which was never pushed")
            }
        case .manifest(let digest):
            for pushed in try versions(of: model) where pushed.record.manifest == digest { return try resolved(pushed) }
        }
        throw MaxError(.notFound, "\(reference.text): \(folder.path) has no such model, version or alias")
    }

    package func manifest(_ digest: BlobDigest) throws(MaxError) -> ModelManifest {
        try ModelManifest(try blobs.read(digest, limit: ModelManifest.maximumBytes))
    }

    /// The bundle of a version, every digest compared.
    ///
    /// - Throws: `.contentMismatch` when its bytes are not those that the manifest names.
    package func bundle(of manifest: ModelManifest) throws(MaxError) -> Bundle {
        let blob = manifest.bundle
        guard let size = try folder.size(BlobStore.path(blob.digest)) else {
            throw MaxError(.notFound, "\(folder.path): blob \(blob.digest.name) is missing")
        }
        guard size == blob.size else {
            throw MaxError(.contentMismatch, "blob \(blob.digest.name): \(size) bytes, the manifest says \(blob.size)")
        }
        let file = try FileBytes(path: blobs.location(blob.digest))
        let found = file.withBytes { SHA256.hash($0) }.hex
        guard found == blob.digest.hex else {
            throw MaxError(.contentMismatch, "blob \(blob.digest.name) holds bytes of sha256:\(found)")
        }
        return try Bundle(file)
    }

    /// A version with what was said of it by keys that are trusted.
    ///
    /// - Parameters:
    ///   - statements: which evidence to take; nil takes what the registry has now.
    ///   - signers: who signed the model, where that is known.
    package func evidence(
        model: String, version: String, manifest digest: BlobDigest, trust: Trust, statements: [BlobDigest]? = nil, signers: [String]? = nil
    ) throws(MaxError) -> PromotionCase.Version {
        let manifest = try manifest(digest)
        guard manifest.model == model, manifest.version == version else {
            throw MaxError(.contentMismatch, "\(model)@\(version): its manifest is of \(manifest.model)@\(manifest.version)")
        }
        let modelSigners: [String]
        if let signers {
            modelSigners = signers
        } else {
            modelSigners = try ModelSignature.signers(embeddedIn: try bundle(of: manifest), keys: trust.keys(.builder))
        }
        var found: [SignedStatement] = []
        let names: [BlobDigest]
        if let statements { names = statements } else { names = try evidence(for: digest, of: model).map(\.record.statement) }
        let keys = trust.root.allKeys(revoked: trust.revocations.keys)
        for name in names {
            let bytes = try blobs.read(name, limit: SignedStatement.maximumBytes)
            do throws(MaxError) {
                let statement = try SignedStatement(bytes, keys: keys, place: name.name)
                guard statement.subject == digest else {
                    throw MaxError(.contentMismatch, "\(name.name) is about sha256:\(statement.subject.hex), not \(digest.name)")
                }
                found.append(statement)
            } catch  where error.code == .untrusted || error.code == .signatureInvalid {
                // Its key was revoked since, or has left the root: it says nothing any more.
                guard statements == nil else { throw error }
            }
        }
        return PromotionCase.Version(
            model: model, version: version, manifest: digest, modelSigners: modelSigners, statements: found)
    }
}

extension ModelSignature {
    /// Fingerprints of the keys, among `keys`, that signed the content of a bundle.
    ///
    /// - Throws: `.unsigned` when the bundle holds no signature; `.contentMismatch` when it is of other bytes.
    package static func signers(embeddedIn bundle: Bundle, keys: [PublicKey]) throws(MaxError) -> [String] {
        guard let bytes = try bundle.section(.signatures) else { throw MaxError(.unsigned, "the bundle holds no signature") }
        let envelope = try SignatureBundle(bytes)
        let message = SignatureBundle.authenticated(envelope.payload)
        let signers = keys.filter { key in envelope.signatures.contains { key.verifies($0, of: message) } }
        guard let first = signers.first else { return [] }
        _ = try verify(embeddedIn: bundle, trust: TrustStore([first]))
        return signers.map(\.fingerprint)
    }
}
