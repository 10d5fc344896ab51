import MaxFormats
import MaxIR

/// What it takes for a version to become what an alias stands for (formats/registry.md, §7). A policy is a file, named by its
/// digest; the trust root may say which one an alias obeys.
package struct Policy: Sendable, Equatable {
    static let schema = "maxai.policy/1"
    static let maximumBytes = 1 << 20
    static let maximumRules = 256

    /// The model that it is for; nil for any.
    package var model: String?
    /// The alias that it is for; nil for any.
    package var alias: String?
    package var signatures: [SignatureRule] = []
    package var attestations: [AttestationRule] = []
    package var metrics: [MetricRule] = []
    package var drift: DriftRule?
    package var latency: LatencyRule?
    package var parity: ParityRule?
    package var requiresRebuild = false
    package var soak: SoakRule?
    /// How long a pointer made under this policy holds; nil: for ever.
    package var pointerLife: Period?

    package struct SignatureRule: Sendable, Equatable {
        package var role: TrustRoot.Role
        package var threshold: Int
        /// Roles whose signers do not count: who built it does not approve it.
        package var distinctFrom: [TrustRoot.Role]
    }

    package struct AttestationRule: Sendable, Equatable {
        package var predicateType: String
        package var role: TrustRoot.Role
        /// For provenance: the builders that may have made it; empty for any.
        package var builders: [Text]
        package var maximumAge: Period?
    }

    package struct MetricRule: Sendable, Equatable {
        package enum Limit: Sendable, Equatable {
            case value(Double)
            /// The metric of whatever this alias of the same model stands for, and what is added to it.
            case baseline(alias: String, delta: Double)
        }

        package var id: Text
        package var comparison: Comparison
        package var limit: Limit
        /// The data that it must have been measured on.
        package var dataset: BlobDigest?
    }

    package enum Comparison: String, Sendable, CaseIterable {
        case atLeast = ">="
        case atMost = "<="
        case above = ">"
        case below = "<"

        func holds(_ a: Double, _ b: Double) -> Bool {
            switch self {
            case .atLeast: a >= b
            case .atMost: a <= b
            case .above: a > b
            case .below: a < b
            }
        }
    }

    package struct DriftRule: Sendable, Equatable {
        package var maximumPSI: Double?
        package var maximumColumnPSI: Double?
        package var minimumRows: Int64
    }

    package struct LatencyRule: Sendable, Equatable {
        /// The alias whose version it is compared with.
        package var against: String
        package var maximumRegressionPercent: Double
        package var alpha: Double
        /// At most this many microseconds, whatever the other takes.
        package var maximumMicroseconds: Double?
    }

    package struct ParityRule: Sendable, Equatable {
        package var maximumULP: Int64
    }

    package struct SoakRule: Sendable, Equatable {
        package var from: String
        package var period: Period
    }

    /// - Throws: `.malformed` naming the member, `.limitExceeded`.
    package init(_ bytes: [UInt8], place: String) throws(MaxError) {
        do throws(MaxError) {
            guard bytes.count <= Self.maximumBytes else {
                throw MaxError(.limitExceeded, "\(bytes.count) bytes, at most \(Self.maximumBytes)")
            }
            try self.init(Member(try JSONReader.read(bytes), "policy"))
        } catch {
            throw error.inside(place)
        }
    }

    private init(_ root: Member) throws(MaxError) {
        try root.onlyMembers(["schema", "model", "alias", "description", "require", "pointer"])
        try root.member("schema").expect(Self.schema)
        model = try root.optional("model")?.name()
        alias = try root.optional("alias")?.name()
        if let pointer = root.optional("pointer") {
            try pointer.onlyMembers(["life"])
            pointerLife = try pointer.member("life").period()
        }
        let require = try root.member("require")
        try require.onlyMembers(["signatures", "attestations", "metrics", "drift", "latency", "parity", "rebuild", "soak"])
        signatures = try Self.list(require, "signatures", SignatureRule.init)
        attestations = try Self.list(require, "attestations", AttestationRule.init)
        metrics = try Self.list(require, "metrics", MetricRule.init)
        drift = try require.optional("drift").map { member throws(MaxError) in try DriftRule(member) }
        latency = try require.optional("latency").map { member throws(MaxError) in try LatencyRule(member) }
        parity = try require.optional("parity").map { member throws(MaxError) in try ParityRule(member) }
        soak = try require.optional("soak").map { member throws(MaxError) in try SoakRule(member) }
        requiresRebuild = try require.optional("rebuild")?.bool() ?? false
    }

    private static func list<Rule>(_ member: Member, _ name: String, _ make: (Member) throws(MaxError) -> Rule) throws(MaxError) -> [Rule] {
        guard let list = member.optional(name) else { return [] }
        let elements = try list.elements()
        guard elements.count <= maximumRules else {
            throw MaxError(.limitExceeded, "\(list.place): \(elements.count) rules, at most \(maximumRules)")
        }
        var rules: [Rule] = []
        for element in elements { rules.append(try make(element)) }
        return rules
    }
}
