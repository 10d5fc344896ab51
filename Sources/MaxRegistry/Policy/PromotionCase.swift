import MaxIR

/// Everything that a policy is judged by, and nothing else: the same case gives the same verdict, today and in ten years.
package struct PromotionCase: Sendable {
    /// A version with what was said of it.
    package struct Version: Sendable {
        package var model: String
        package var version: String
        package var manifest: BlobDigest
        /// Fingerprints of the keys that signed the model itself.
        package var modelSigners: [String]
        /// Evidence, each signed by a key of the root.
        package var statements: [SignedStatement]

        package init(model: String, version: String, manifest: BlobDigest, modelSigners: [String], statements: [SignedStatement]) {
            self.model = model
            self.version = version
            self.manifest = manifest
            self.modelSigners = modelSigners
            self.statements = statements
        }
    }

    package var policy: Policy
    package var policyDigest: BlobDigest
    package var trust: Trust
    package var alias: String
    package var candidate: Version
    /// What aliases that the policy compares with stand for.
    package var baselines: [String: Version]
    /// When the candidate came to the alias of the soak rule, if it is still there.
    package var soakingSince: Timestamp?
    package var time: Timestamp

    package init(
        policy: Policy, policyDigest: BlobDigest, trust: Trust, alias: String, candidate: Version, baselines: [String: Version],
        soakingSince: Timestamp?, time: Timestamp
    ) {
        self.policy = policy
        self.policyDigest = policyDigest
        self.trust = trust
        self.alias = alias
        self.candidate = candidate
        self.baselines = baselines
        self.soakingSince = soakingSince
        self.time = time
    }

    /// The results of all gates, in a fixed order. Missing evidence fails; what cannot be told is an error; neither passes.
    package func judge() -> [GateResult] {
        var results = [standing()]
        results += policy.signatures.map { signatures($0) }
        results += policy.attestations.map { attestation($0) }
        results += policy.metrics.map { metric($0) }
        if let rule = policy.drift { results.append(drift(rule)) }
        if let rule = policy.parity { results.append(parity(rule)) }
        if policy.requiresRebuild { results.append(rebuild()) }
        if let rule = policy.latency { results.append(latency(rule)) }
        if let rule = policy.soak { results.append(soak(rule)) }
        return results.map { waive($0) }
    }

    /// The newest statement of a kind by a key of the role; what the newest says holds, whatever older ones said.
    func newest(_ type: String, by role: TrustRoot.Role, of version: Version? = nil) -> SignedStatement? {
        (version ?? candidate).statements.last { statement in
            statement.predicateType == type && statement.signers.contains { trust.holds(role, $0.fingerprint) }
        }
    }

    /// A gate that reads evidence: an error where the evidence cannot be read.
    func gate(_ id: String, _ body: () throws(MaxError) -> (Bool, String)) -> GateResult {
        do throws(MaxError) {
            let (passes, message) = try body()
            return GateResult(id: id, state: passes ? .pass : .fail, message: message)
        } catch {
            return GateResult(id: id, state: .error, message: error.message)
        }
    }

    private func standing() -> GateResult {
        gate("standing") { () throws(MaxError) in
            if let entry = trust.revocations.entry(artifact: candidate.manifest) {
                return (false, "revoked at \(entry.time.text): \(entry.reason.string)")
            }
            if let model = policy.model, model != candidate.model {
                return (false, "the policy is for \(model), this is \(candidate.model)")
            }
            if let alias = policy.alias, alias != self.alias { return (false, "the policy is for \(alias), this is \(self.alias)") }
            if let wanted = trust.root.policies[alias], wanted != policyDigest {
                return (false, "\(alias) obeys policy \(wanted.name) by root \(trust.root.version), this is \(policyDigest.name)")
            }
            return (true, "not revoked, and the policy is the one that \(alias) obeys")
        }
    }

    /// A waiver names the gate, the manifest and the alias, is signed by an approver, and ends.
    private func waive(_ result: GateResult) -> GateResult {
        guard result.state == .fail || result.state == .error, result.id != "standing", !result.id.hasPrefix("signatures/") else {
            return result
        }
        for statement in candidate.statements.reversed() where statement.predicateType == PredicateType.waiver {
            guard statement.signers.contains(where: { trust.holds(.approver, $0.fingerprint) }),
                let waiver = try? Waiver(statement), waiver.gate == result.id, waiver.alias == alias, time <= waiver.expires
            else { continue }
            return GateResult(
                id: result.id, state: .waived,
                message:
                    "\(result.message); waived until \(waiver.expires.text) by \(names(statement)): \(waiver.reason.string)")
        }
        return result
    }

    func names(_ statement: SignedStatement) -> String { statement.signers.map { trust.name(of: $0.fingerprint) }.joined(separator: ", ") }
}

/// A signed, expiring statement that a gate may fail.
package struct Waiver: Sendable, Equatable {
    package var gate: String
    package var alias: String
    package var expires: Timestamp
    package var reason: Text

    package init(gate: String, alias: String, expires: Timestamp, reason: Text) {
        self.gate = gate
        self.alias = alias
        self.expires = expires
        self.reason = reason
    }

    init(_ statement: SignedStatement) throws(MaxError) {
        let predicate = statement.predicate
        gate = try predicate.member("gate").text().string
        alias = try predicate.member("alias").name()
        expires = try predicate.member("expires").timestamp()
        reason = try predicate.member("reason").text()
    }
}
