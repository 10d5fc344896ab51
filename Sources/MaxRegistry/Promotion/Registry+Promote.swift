import MaxIR

extension Registry {
    package struct Promotion: Sendable {
        package var verdict: Verdict
        /// The statement of the verdict.
        package var statement: BlobDigest
        /// The new pointer; nil when the verdict allowed none.
        package var pointer: AliasPointer?
    }

    /// Makes an alias stand for a version, if its policy allows it. The verdict is stored and logged either way.
    ///
    /// Evidence is read, judged and acted on while nobody else writes: of two promotions at once, the second sees the first.
    ///
    /// - Parameters:
    ///   - policy: the file's bytes.
    ///   - expected: the number that the alias's newest pointer must have, 0 for none; nil takes any.
    /// - Throws: `.untrusted` when the signer is no promoter; `.conflict` when the alias has another pointer than expected, or
    ///   a version has its name.
    package func promote(
        _ resolved: Resolved, to alias: String, policy bytes: [UInt8], signer: any Signer, trust: Trust, kind: Verdict.Kind = .promote,
        expected: Int64? = nil, time: Timestamp = .now
    ) throws(MaxError) -> Promotion {
        guard Text(alias).isModelName else {
            throw MaxError(.usage, "alias \(Text(alias).quoted), expected 1 to 128 of A-Z a-z 0-9 . _ - and no leading dot")
        }
        guard trust.holds(.promoter, signer.publicKey.fingerprint) else {
            throw MaxError(.untrusted, "the key \(signer.publicKey.fingerprint.prefix(12)) is no promoter of root \(trust.root.version)")
        }
        let policy = try Policy(bytes, place: "policy")
        // The slow part, before others have to wait.
        let signers = try ModelSignature.signers(
            embeddedIn: try bundle(of: try manifest(resolved.manifest)), keys: trust.keys(.builder))
        let sharing = try sharing()
        defer { withExtendedLifetime(sharing) {} }
        let policyDigest = try blobs.put(bytes)
        return try append(with: signer) { transaction throws(MaxError) in
            guard try version(alias, of: resolved.model) == nil else {
                throw MaxError(.conflict, "\(resolved.model)@\(alias): a version has this name")
            }
            let newest = try pointer(of: alias, model: resolved.model)
            if let expected, expected != newest?.record.sequence ?? 0 {
                throw MaxError(
                    .conflict,
                    "\(resolved.model)@\(alias): its pointer is number \(newest?.record.sequence ?? 0), expected \(expected): look again")
            }
            let candidate = try evidence(
                model: resolved.model, version: resolved.version, manifest: resolved.manifest, trust: trust, signers: signers)
            let promotion = PromotionCase(
                policy: policy, policyDigest: policyDigest, trust: trust, alias: alias, candidate: candidate,
                baselines: try baselines(policy, for: resolved, trust: trust),
                soakingSince: try standing(since: policy.soak?.from, model: resolved.model, manifest: resolved.manifest), time: time)
            guard let root = trust.root.statement else { throw MaxError(.internal, "a root without a statement") }
            let verdict = Verdict(
                kind: kind, promotion, origin: origin, root: root, revocations: try revocationReference()?.record.statement,
                gates: promotion.judge(kind))
            let statement = try blobs.put(try verdict.signed(with: signer))
            guard verdict.passed else {
                transaction.add(
                    LogRecord(
                        .refuse, time: time, actor: signer.publicKey.fingerprint, model: resolved.model, name: alias,
                        manifest: resolved.manifest, statement: statement))
                return Promotion(verdict: verdict, statement: statement, pointer: nil)
            }
            let made = AliasPointer(
                model: resolved.model, alias: alias, sequence: (newest?.record.sequence ?? 0) + 1, version: resolved.version,
                manifest: resolved.manifest, time: time, expires: policy.pointerLife.map { time.adding($0.seconds) },
                previous: newest?.record.statement, verdict: statement)
            transaction.add(
                LogRecord(
                    .point, time: time, actor: signer.publicKey.fingerprint, model: resolved.model, name: alias, sequence: made.sequence,
                    manifest: resolved.manifest, statement: try blobs.put(try made.signed(with: signer))))
            return Promotion(verdict: verdict, statement: statement, pointer: made)
        }
    }

    /// What a policy says of a verified version, without acting on it.
    package func judge(_ verified: VerifiedVersion, for alias: String, policy bytes: [UInt8], time: Timestamp) throws(MaxError)
        -> [GateResult]
    {
        let policy = try Policy(bytes, place: "policy")
        let resolved = verified.resolved
        return PromotionCase(
            policy: policy, policyDigest: BlobDigest(of: bytes), trust: verified.trust, alias: alias,
            candidate: try evidence(
                model: resolved.model, version: resolved.version, manifest: resolved.manifest, trust: verified.trust,
                signers: verified.signers),
            baselines: try baselines(policy, for: resolved, trust: verified.trust),
            soakingSince: try standing(since: policy.soak?.from, model: resolved.model, manifest: resolved.manifest), time: time
        ).judge()
    }

    /// What the aliases that a policy compares with stand for; a version is not compared with itself.
    private func baselines(_ policy: Policy, for candidate: Resolved, trust: Trust) throws(MaxError) -> [String: PromotionCase.Version] {
        let model = candidate.model
        var found: [String: PromotionCase.Version] = [:]
        for alias in policy.comparedAliases {
            guard let pointer = try pointer(of: alias, model: model) else { continue }
            let resolved = try resolve(ModelReference(model: model, target: .name(alias)))
            guard pointer.record.manifest == resolved.manifest, resolved.manifest != candidate.manifest else { continue }
            // Of what it is compared with, only the evidence counts.
            found[alias] = try evidence(model: model, version: resolved.version, manifest: resolved.manifest, trust: trust, signers: [])
        }
        return found
    }

    /// Since when an alias has stood for a manifest, without a break.
    private func standing(since alias: String?, model: String, manifest: BlobDigest) throws(MaxError) -> Timestamp? {
        guard let alias else { return nil }
        var since: Timestamp?
        for pointer in try pointers(of: alias, model: model).reversed() {
            guard pointer.record.manifest == manifest else { break }
            since = pointer.record.time
        }
        return since
    }

    /// The version that an alias stood for before the present one.
    ///
    /// - Throws: `.notFound`.
    package func previous(of alias: String, model: String) throws(MaxError) -> Resolved {
        let pointers = try pointers(of: alias, model: model)
        guard let now = pointers.last?.record.manifest else { throw MaxError(.notFound, "\(model)@\(alias): points to nothing") }
        guard let before = pointers.last(where: { $0.record.manifest != now })?.record.manifest else {
            throw MaxError(.notFound, "\(model)@\(alias): has stood for one version only")
        }
        return try resolve(ModelReference(model: model, target: .manifest(before)))
    }
}

extension Policy {
    /// Aliases whose versions rules compare with, each once.
    package var comparedAliases: [String] {
        var aliases: [String] = []
        for rule in metrics { if case .baseline(let alias, _) = rule.limit { aliases.append(alias) } }
        if let latency { aliases.append(latency.against) }
        return aliases.enumerated().filter { !aliases[..<$0.offset].contains($0.element) }.map(\.element)
    }
}

extension PromotionCase {
    /// A rollback leaves a version that may be broken: it is not held to being better than that one, nor to having waited.
    package func judge(_ kind: Verdict.Kind) -> [GateResult] {
        guard kind == .rollback else { return judge() }
        var judged = self
        judged.policy.metrics.removeAll { if case .baseline = $0.limit { true } else { false } }
        judged.policy.latency = nil
        judged.policy.soak = nil
        return judged.judge()
    }
}
