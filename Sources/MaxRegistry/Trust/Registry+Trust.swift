import MaxIR

extension Registry {
    /// Appends the next trust root.
    ///
    /// - Throws: as `TrustRoot.next`; `.conflict` when somebody else came first.
    package func rotate(_ bytes: [UInt8], signer: any Signer, time: Timestamp = .now) throws(MaxError) -> TrustRoot {
        let sharing = try sharing()
        defer { withExtendedLifetime(sharing) {} }
        return try append(with: signer) { transaction throws(MaxError) in
            let next = try trust().root.next(bytes, place: "root")
            guard next.allKeys().contains(where: { $0.fingerprint == signer.publicKey.fingerprint }) else {
                throw MaxError(
                    .untrusted, "the key \(signer.publicKey.fingerprint.prefix(12)) is not in root \(next.version): it may not append it")
            }
            transaction.add(
                LogRecord(
                    .root, time: time, actor: signer.publicKey.fingerprint, name: String(next.version), statement: try blobs.put(bytes)))
            return next
        }
    }

    /// Revokes keys and artifacts: appends a list with what is revoked already and these.
    ///
    /// - Throws: `.untrusted` when the signer is neither promoter nor root.
    package func revoke(
        _ entries: [RevocationList.Entry], life: Period?, signer: any Signer, time: Timestamp = .now
    ) throws(MaxError) -> RevocationList {
        let sharing = try sharing()
        defer { withExtendedLifetime(sharing) {} }
        return try append(with: signer) { transaction throws(MaxError) in
            let trust = try trust()
            let fingerprint = signer.publicKey.fingerprint
            guard trust.holds(.promoter, fingerprint) || trust.holds(.root, fingerprint) else {
                throw MaxError(.untrusted, "the key \(fingerprint.prefix(12)) is neither promoter nor root of root \(trust.root.version)")
            }
            guard !entries.contains(where: { $0.kind == .key && $0.identifier == fingerprint }) else {
                throw MaxError(.usage, "a key does not revoke itself: the log would be signed by a revoked key: have another one do it")
            }
            let old = trust.revocations
            let new = entries.filter { entry in !old.entries.contains { $0.kind == entry.kind && $0.identifier == entry.identifier } }
            let list = RevocationList(
                version: old.version + 1, expires: life.map { time.adding($0.seconds) } ?? nil, entries: old.entries + new)
            let statement = try SignedStatement.sign(
                BlobDigest(of: origin.utf8), name: origin, type: PredicateType.revocations, with: [signer]
            ) { list.write(&$0) }
            transaction.add(
                LogRecord(
                    .revoke, time: time, actor: fingerprint, name: String(list.version), statement: try blobs.put(statement)))
            return list
        }
    }
}
