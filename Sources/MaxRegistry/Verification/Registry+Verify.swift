import MaxIR
import MaxRuntime

/// A version that may be used, and why.
package struct VerifiedVersion: Sendable {
    package var resolved: Registry.Resolved
    package var pointer: AliasPointer?
    package var bundle: Bundle
    /// Fingerprints of the builders who signed it.
    package var signers: [String]
    package var trust: Trust
}

/// Checks one after the other, each with its outcome; the first that fails ends the work.
package struct Verification: Sendable {
    package private(set) var gates: [GateResult] = []
    /// Of the first check that failed.
    package private(set) var failure: MaxError?

    package init() {}

    mutating func check<Value>(_ id: String, _ body: () throws(MaxError) -> (Value, String)) throws(MaxError) -> Value {
        do throws(MaxError) {
            let (value, message) = try body()
            gates.append(GateResult(id: id, state: .pass, message: message))
            return value
        } catch {
            gates.append(GateResult(id: id, state: .fail, message: error.message))
            failure = error
            throw error
        }
    }
}

extension Registry {
    /// Proves that a version may be used: the trust root leads back to one that was given and holds, the log is signed and
    /// extends what was seen before, alias and version stand in it as signed, nothing is revoked, and builders signed the
    /// bundle, whose bytes these are.
    ///
    /// - Parameters:
    ///   - state: what was seen before; what is seen now when this returns.
    ///   - checks: what was checked, also when this throws.
    /// - Throws: the first failure, with its code.
    package func verify(
        _ reference: ModelReference, pinned: TrustRoot, state: inout ClientState?, at time: Timestamp = .now,
        checks: inout Verification
    ) throws(MaxError) -> VerifiedVersion {
        var seen = state ?? ClientState(origin: origin)
        let trust = try checks.check("trust") { () throws(MaxError) -> (Trust, String) in
            let trust = try self.trust(pinned: pinned)
            try seen.see(trust)
            try trust.checkNotExpired(at: time)
            return (trust, "root \(trust.root.version) until \(trust.root.expires.text), revocation list \(trust.revocations.version)")
        }
        let log = try checks.check("log") { () throws(MaxError) -> (TileStore, String) in
            let log = try self.log()
            guard log.checkpoint.origin == origin else {
                throw MaxError(.rollback, "the log is of \(log.checkpoint.origin.quoted), the registry is \(origin.quoted)")
            }
            try log.checkpoint.verify(by: try noteKeys(trust))
            try seen.see(log)
            return (log, "\(log.checkpoint.size) entries, root hash \(log.checkpoint.root.base64)")
        }
        let resolved = try resolve(reference)
        var pointer: AliasPointer?
        if let entry = resolved.pointer {
            pointer = try checks.check("alias") { () throws(MaxError) -> (AliasPointer, String) in
                try prove(entry, in: log)
                let bytes = try blobs.read(entry.record.statement, limit: SignedStatement.maximumBytes)
                let statement = try SignedStatement(bytes, keys: trust.keys(.promoter), place: reference.text)
                let pointer = try AliasPointer(statement)
                guard pointer.model == resolved.model, .name(pointer.alias) == reference.target, pointer.manifest == resolved.manifest,
                    pointer.sequence == entry.record.sequence
                else { throw MaxError(.contentMismatch, "\(reference.text): the pointer says something else than the log") }
                try seen.see(pointer)
                try pointer.checkNotExpired(at: time)
                let by = statement.signers.map { trust.name(of: $0.fingerprint) }.joined(separator: ", ")
                return (pointer, "pointer \(pointer.sequence) to \(pointer.version) by \(by)")
            }
        }
        try checks.check("standing") { () throws(MaxError) -> (Void, String) in
            if let entry = trust.revocations.entry(artifact: resolved.manifest) {
                throw MaxError(.revoked, "\(resolved.text): revoked at \(entry.time.text): \(entry.reason.string)")
            }
            return ((), "not revoked")
        }
        let manifest = try checks.check("version") { () throws(MaxError) -> (ModelManifest, String) in
            try prove(resolved.pushed, in: log)
            let bytes = try blobs.read(resolved.pushed.record.statement, limit: SignedStatement.maximumBytes)
            let statement = try SignedStatement(bytes, keys: trust.keys(.builder), place: resolved.text)
            try statement.expect(PredicateType.push)
            let manifest = try self.manifest(resolved.manifest)
            guard statement.subject == resolved.manifest, manifest.model == resolved.model, manifest.version == resolved.version else {
                throw MaxError(.contentMismatch, "\(resolved.text): pushed was \(manifest.model)@\(manifest.version)")
            }
            let by = statement.signers.map { trust.name(of: $0.fingerprint) }.joined(separator: ", ")
            return (manifest, "pushed at \(resolved.pushed.record.time.text) by \(by)")
        }
        let (bundle, signers) = try checks.check("signature") { () throws(MaxError) -> ((Bundle, [String]), String) in
            let bundle = try self.bundle(of: manifest)
            let signers = try ModelSignature.signers(embeddedIn: bundle, keys: trust.keys(.builder))
            let needed = trust.root.threshold(.builder)
            guard signers.count >= needed else {
                throw MaxError(
                    .untrusted, "\(resolved.text): signed by \(signers.count) builders, root \(trust.root.version) asks for \(needed)")
            }
            return ((bundle, signers), "model signed by \(signers.map { trust.name(of: $0) }.joined(separator: ", "))")
        }
        state = seen
        return VerifiedVersion(resolved: resolved, pointer: pointer, bundle: bundle, signers: signers, trust: trust)
    }

    /// Any key of the root may sign checkpoints: whoever may write, appends.
    package func noteKeys(_ trust: Trust) throws(MaxError) -> [NoteKey] {
        var keys: [NoteKey] = []
        for key in trust.root.allKeys(revoked: trust.revocations.keys) { keys.append(try NoteKey(name: origin, key)) }
        return keys
    }

    /// - Throws: `.contentMismatch` unless the log has at this place what the reference says.
    func prove(_ reference: Reference, in log: TileStore) throws(MaxError) {
        guard reference.index < log.checkpoint.size else {
            throw MaxError(.rollback, "log entry \(reference.index) is beyond the log's \(log.checkpoint.size) entries")
        }
        guard try log.entry(at: reference.index) == reference.record.bytes else {
            throw MaxError(.contentMismatch, "log entry \(reference.index) is not what the reference says")
        }
    }
}
