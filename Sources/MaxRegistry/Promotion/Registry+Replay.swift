import MaxIR

extension Registry {
    package struct Replay: Sendable {
        package var stored: Verdict
        package var signer: String
        /// What the gates came to now.
        package var gates: [GateResult]
        /// Whether that is, byte for byte, what was stored.
        package var isEqual: Bool
    }

    /// Reaches a verdict again from what is stored: the policy, the evidence, the root and the revocations of that time, and
    /// nothing else.
    ///
    /// - Throws: `.notFound` when evidence is gone; `.untrusted` when no promoter of that time signed it.
    package func replay(_ verdict: BlobDigest) throws(MaxError) -> Replay {
        let bytes = try blobs.read(verdict, limit: SignedStatement.maximumBytes)
        // The root that it names is one of the registry's, each signed by the one before.
        var roots = try rootChain()
        while let root = roots.popLast() {
            guard let statement = try? SignedStatement(bytes, keys: root.keys(.promoter), place: verdict.name) else { continue }
            let stored = try Verdict(statement, origin: origin)
            guard stored.root == root.statement else { continue }
            let trust = Trust(root: root, revocations: try revocationList(stored.revocations, root))
            let policyBytes = try blobs.read(stored.policy, limit: Policy.maximumBytes)
            let candidate = try version(stored.candidate, model: stored.model, trust: trust, signers: nil)
            var baselines: [String: PromotionCase.Version] = [:]
            for party in stored.baselines {
                guard let alias = party.alias else { continue }
                baselines[alias] = try version(party, model: stored.model, trust: trust, signers: [])
            }
            let promotion = PromotionCase(
                policy: try Policy(policyBytes, place: "policy"), policyDigest: stored.policy, trust: trust, alias: stored.alias,
                candidate: candidate, baselines: baselines, soakingSince: stored.soakingSince, time: stored.time)
            var again = stored
            again.gates = promotion.judge(stored.kind)
            return Replay(
                stored: stored, signer: statement.signers.first?.fingerprint ?? "", gates: again.gates,
                isEqual: again.outcome == stored.outcome)
        }
        throw MaxError(.untrusted, "\(verdict.name): signed by no promoter of the root that it names")
    }

    /// The statements of all verdicts about an alias, refusals too, in the order of the log.
    package func verdicts(of alias: String, model: String) throws(MaxError) -> [BlobDigest] {
        var found: [(UInt64, BlobDigest)] = try refusals(of: alias, model: model).map { ($0.index, $0.record.statement) }
        let keys = try rootChain().flatMap { $0.keys(.promoter) }
        for pointer in try pointers(of: alias, model: model) {
            let bytes = try blobs.read(pointer.record.statement, limit: SignedStatement.maximumBytes)
            let statement = try SignedStatement(bytes, keys: keys, place: pointer.record.statement.name)
            found.append((pointer.index, try AliasPointer(statement).verdict))
        }
        return found.sorted { $0.0 < $1.0 }.map(\.1)
    }

    private func version(_ party: Verdict.Party, model: String, trust: Trust, signers: [String]?) throws(MaxError) -> PromotionCase.Version
    {
        try evidence(
            model: model, version: party.version, manifest: party.manifest, trust: trust, statements: party.statements, signers: signers)
    }

    /// All roots, the first first.
    func rootChain() throws(MaxError) -> [TrustRoot] {
        var chain: [TrustRoot] = []
        for reference in try rootReferences() {
            let bytes = try blobs.read(reference.record.statement, limit: SignedStatement.maximumBytes)
            let place = "root \(reference.record.name)"
            if let last = chain.last {
                chain.append(try last.next(bytes, place: place))
            } else {
                chain.append(try TrustRoot.first(bytes, place: place))
            }
        }
        return chain
    }

    private func revocationList(_ digest: BlobDigest?, _ root: TrustRoot) throws(MaxError) -> RevocationList {
        guard let digest else { return .none }
        let bytes = try blobs.read(digest, limit: SignedStatement.maximumBytes)
        let statement = try SignedStatement(bytes, keys: root.keys(.promoter) + root.keys(.root), place: digest.name)
        try statement.expect(PredicateType.revocations)
        return try RevocationList(statement.predicate)
    }
}
