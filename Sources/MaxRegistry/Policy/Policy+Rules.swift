import MaxIR

extension Member {
    func role() throws(MaxError) -> TrustRoot.Role {
        let name = try text()
        guard let role = TrustRoot.Role(rawValue: name.string) else {
            let known = TrustRoot.Role.allCases.map(\.rawValue).joined(separator: ", ")
            throw MaxError(.malformed, "\(place): found \(name.quoted), expected one of \(known)")
        }
        return role
    }

    func nonNegative() throws(MaxError) -> Double {
        let value = try double()
        guard value >= 0 else { throw MaxError(.malformed, "\(place): found \(value), expected no negative number") }
        return value
    }
}

extension Policy.SignatureRule {
    init(_ member: Member) throws(MaxError) {
        try member.onlyMembers(["role", "threshold", "distinctFrom"])
        role = try member.member("role").role()
        guard role == .builder || role == .evaluator || role == .approver else {
            throw MaxError(.malformed, "\(member.place).role: \(role) signs no version, expected builder, evaluator or approver")
        }
        threshold = Int(try member.member("threshold").integer(from: 1))
        distinctFrom = []
        for other in try member.optional("distinctFrom")?.elements() ?? [] { distinctFrom.append(try other.role()) }
    }
}

extension Policy.AttestationRule {
    init(_ member: Member) throws(MaxError) {
        try member.onlyMembers(["type", "role", "builders", "maxAge"])
        let type = try member.member("type").text().string
        predicateType = PredicateType.evidence[type] ?? type
        guard predicateType.contains(":") else {
            let known = PredicateType.evidence.keys.sorted().joined(separator: ", ")
            throw MaxError(.malformed, "\(member.place).type: found \(Text(type).quoted), expected one of \(known), or a URI")
        }
        role = try member.optional("role")?.role() ?? (predicateType == PredicateType.provenance ? .builder : .evaluator)
        builders = []
        for builder in try member.optional("builders")?.elements() ?? [] { builders.append(try builder.text()) }
        maximumAge = try member.optional("maxAge")?.period()
    }
}

extension Policy.MetricRule {
    init(_ member: Member) throws(MaxError) {
        try member.onlyMembers(["id", "op", "value", "baseline", "delta", "dataset"])
        id = try member.member("id").text()
        let word = try member.member("op").text()
        guard let comparison = Policy.Comparison(rawValue: word.string) else {
            throw MaxError(.malformed, "\(member.place).op: found \(word.quoted), expected >=, <=, > or <")
        }
        self.comparison = comparison
        dataset = try member.optional("dataset")?.digest()
        switch (member.optional("value"), member.optional("baseline")) {
        case (let value?, nil):
            guard member.optional("delta") == nil else { throw MaxError(.malformed, "\(member.place): delta goes with baseline") }
            limit = .value(try value.double())
        case (nil, let baseline?):
            limit = .baseline(alias: try baseline.name(), delta: try member.optional("delta")?.double() ?? 0)
        default: throw MaxError(.malformed, "\(member.place): expected value or baseline, and one of them")
        }
    }
}

extension Policy.DriftRule {
    init(_ member: Member) throws(MaxError) {
        try member.onlyMembers(["psiMax", "columnPsiMax", "minRows"])
        maximumPSI = try member.optional("psiMax")?.nonNegative()
        maximumColumnPSI = try member.optional("columnPsiMax")?.nonNegative()
        minimumRows = try member.optional("minRows")?.integer() ?? 0
        guard maximumPSI != nil || maximumColumnPSI != nil else {
            throw MaxError(.malformed, "\(member.place): expected psiMax or columnPsiMax")
        }
    }
}

extension Policy.LatencyRule {
    init(_ member: Member) throws(MaxError) {
        try member.onlyMembers(["against", "maxRegressionPct", "alpha", "maxMicroseconds"])
        against = try member.member("against").name()
        maximumRegressionPercent = try member.member("maxRegressionPct").nonNegative()
        alpha = try member.optional("alpha")?.double() ?? 0.01
        guard alpha > 0, alpha < 0.5 else {
            throw MaxError(.malformed, "\(member.place).alpha: found \(alpha), expected between 0 and 0.5")
        }
        maximumMicroseconds = try member.optional("maxMicroseconds")?.nonNegative()
    }
}

extension Policy.ParityRule {
    init(_ member: Member) throws(MaxError) {
        try member.onlyMembers(["maxUlp"])
        maximumULP = try member.member("maxUlp").integer()
    }
}

extension Policy.SoakRule {
    init(_ member: Member) throws(MaxError) {
        try member.onlyMembers(["from", "period"])
        from = try member.member("from").name()
        period = try member.member("period").period()
    }
}
