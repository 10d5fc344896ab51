import MaxIR

extension PromotionCase {
    /// Distinct keys of a role that vouch for the candidate: builders by signing the model, evaluators by signing evidence,
    /// approvers by an approval of this version for this alias.
    func vouching(_ role: TrustRoot.Role) -> Set<String> {
        switch role {
        case .builder: return Set(candidate.modelSigners.filter { trust.holds(.builder, $0) })
        case .evaluator:
            let statements = candidate.statements.filter {
                [PredicateType.evaluation, PredicateType.drift, PredicateType.latency].contains($0.predicateType)
            }
            return Set(statements.flatMap(\.signers).map(\.fingerprint).filter { trust.holds(.evaluator, $0) })
        case .approver:
            var signers = Set<String>()
            for statement in candidate.statements where statement.predicateType == PredicateType.approval {
                // An approval for another alias, or one that has ended, is none.
                guard let alias = try? statement.predicate.member("alias").name(), alias == self.alias else { continue }
                if let end = statement.predicate.optional("expires") {
                    guard let end = try? end.timestamp(), time <= end else { continue }
                }
                signers.formUnion(statement.signers.map(\.fingerprint).filter { trust.holds(.approver, $0) })
            }
            return signers
        case .root, .promoter: return []
        }
    }

    func signatures(_ rule: Policy.SignatureRule) -> GateResult {
        gate("signatures/\(rule.role.rawValue)") { () throws(MaxError) in
            var signers = vouching(rule.role)
            for other in rule.distinctFrom { signers.subtract(vouching(other)) }
            let named = signers.sorted().map { trust.name(of: $0) }.joined(separator: ", ")
            let apart = rule.distinctFrom.isEmpty ? "" : " who are not \(rule.distinctFrom.map(\.rawValue).joined(separator: " or ")) of it"
            let found = "\(signers.count) of \(rule.threshold) \(rule.role.rawValue)s\(apart)"
            return (signers.count >= rule.threshold, signers.isEmpty ? "\(found) signed" : "\(found) signed: \(named)")
        }
    }

    func attestation(_ rule: Policy.AttestationRule) -> GateResult {
        let name = PredicateType.shortName(rule.predicateType)
        return gate("attestation/\(name)") { () throws(MaxError) in
            guard let statement = newest(rule.predicateType, by: rule.role) else {
                return (false, "no \(name) signed by a key of the role \(rule.role.rawValue)")
            }
            let by = "\(name) signed by \(names(statement))"
            if !rule.builders.isEmpty {
                let builder = try statement.predicate.member("runDetails").member("builder").member("id").text()
                guard rule.builders.contains(builder) else {
                    return (false, "\(by): built by \(builder.quoted), allowed are \(rule.builders.map(\.quoted).joined(separator: ", "))")
                }
            }
            if let maximum = rule.maximumAge {
                let made = try Self.time(of: statement)
                let age = time.seconds - made.seconds
                guard age <= maximum.seconds else {
                    return (false, "\(by): from \(made.text), \(age / 3600) hours old, at most \(maximum.seconds / 3600)")
                }
            }
            return (true, by)
        }
    }

    /// When evidence says that it was made.
    static func time(of statement: SignedStatement) throws(MaxError) -> Timestamp {
        if statement.predicateType == PredicateType.provenance {
            return try statement.predicate.member("runDetails").member("metadata").member("finishedOn").timestamp()
        }
        return try statement.predicate.member("time").timestamp()
    }
}
