import MaxIR

/// Whom a client believes, at one time: a root that leads back to one it was given, and what was revoked since.
package struct Trust: Sendable {
    package var root: TrustRoot
    package var revocations: RevocationList

    package init(root: TrustRoot, revocations: RevocationList) {
        self.root = root
        self.revocations = revocations
    }

    /// The keys of a role, without those that are revoked.
    package func keys(_ role: TrustRoot.Role) -> [PublicKey] { root.keys(role, revoked: revocations.keys) }

    package func holds(_ role: TrustRoot.Role, _ fingerprint: String) -> Bool { keys(role).contains { $0.fingerprint == fingerprint } }

    /// What a person is called, where the root says.
    package func name(of fingerprint: String) -> String {
        root.name(of: fingerprint).map { "\($0) (\(fingerprint.prefix(12)))" } ?? String(fingerprint.prefix(12))
    }

    /// - Throws: `.expired` for the root or the list of revocations.
    package func checkNotExpired(at time: Timestamp) throws(MaxError) {
        try root.checkNotExpired(at: time)
        try revocations.checkNotExpired(at: time)
    }
}

extension Registry {
    /// The newest root and revocations that lead back to `pinned`.
    ///
    /// - Parameter pinned: a root that was obtained by a trusted way; nil takes the registry's first at its word.
    /// - Throws: `.rollback` when the registry's roots end before the pinned one; `.untrusted` when it has another of that
    ///   version, or a root is not signed by the one before.
    package func trust(pinned: TrustRoot? = nil) throws(MaxError) -> Trust {
        var root: TrustRoot?
        for reference in try rootReferences() {
            let bytes = try blobs.read(reference.record.statement, limit: SignedStatement.maximumBytes)
            let place = "root \(reference.record.name)"
            if let current = root {
                root = try current.next(bytes, place: place)
            } else if let pinned {
                guard reference.record.name == String(pinned.version) else { continue }
                guard reference.record.statement == pinned.statement else {
                    throw MaxError(.untrusted, "\(place) of \(folder.path) is not the one you trust: another registry, or a forged one")
                }
                root = pinned
            } else {
                root = try TrustRoot.first(bytes, place: place)
            }
        }
        guard let root else {
            let wanted = pinned.map { "version \($0.version), which you trust" } ?? "any"
            throw MaxError(.rollback, "\(folder.path): has no root of \(wanted)")
        }
        guard root.origin == origin else {
            throw MaxError(.untrusted, "\(folder.path): calls itself \(origin.quoted), its root is of \(root.origin.quoted)")
        }
        return Trust(root: root, revocations: try revocations(root))
    }

    private func revocations(_ root: TrustRoot) throws(MaxError) -> RevocationList {
        guard let reference = try revocationReference() else { return .none }
        let bytes = try blobs.read(reference.record.statement, limit: SignedStatement.maximumBytes)
        let statement = try SignedStatement(bytes, keys: root.keys(.promoter) + root.keys(.root), place: "revocations")
        try statement.expect(PredicateType.revocations)
        let list = try RevocationList(statement.predicate)
        guard String(list.version) == reference.record.name else {
            throw MaxError(.malformed, "revocations: version \(list.version), the log says \(reference.record.name)")
        }
        return list
    }
}
