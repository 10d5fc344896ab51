import MaxFormats
import MaxIR

/// What a policy said of a version, with everything that it was judged by: a SLSA verification summary (v1).
///
/// `resourceUri` names the alias, so that a verdict for a test alias is none for production; `inputAttestations` lists all
/// evidence, so that the verdict can be reached again from what is stored.
package struct Verdict: Sendable {
    static let extensionName = "urn:maxai:promotion:v1"
    static let level = "MAXAI_POLICY"

    package enum Kind: String, Sendable {
        case promote, rollback
    }

    /// A version that took part, with its evidence.
    package struct Party: Sendable, Equatable {
        package var alias: String?
        package var version: String
        package var manifest: BlobDigest
        package var statements: [BlobDigest]
    }

    package var kind: Kind
    package var time: Timestamp
    package var origin: Text
    package var model: String
    package var alias: String
    package var policy: BlobDigest
    package var candidate: Party
    package var baselines: [Party]
    package var soakingSince: Timestamp?
    package var root: BlobDigest
    package var revocations: BlobDigest?
    package var gates: [GateResult]

    package var passed: Bool { gates.allSatisfy { $0.state == .pass || $0.state == .waived } }

    var resource: String { "maxai-registry://\(origin.string)/\(model)@\(alias)" }

    /// The outcome as bytes: what a replay must reach again.
    package var outcome: [UInt8] {
        var json = JSONWriter()
        json.array { json in
            for gate in gates {
                json.object {
                    $0.member("id", gate.id)
                    $0.member("state", gate.state.rawValue)
                    $0.member("message", gate.message)
                }
            }
        }
        return json.bytes
    }

    package func signed(with signer: any Signer) throws(MaxError) -> [UInt8] {
        try SignedStatement.sign(
            candidate.manifest, name: Text("\(model)@\(candidate.version)"), type: PredicateType.verdict, with: [signer]
        ) { json in
            json.member("verifier", object: { $0.member("id", "maxai-registry") })
            json.member("timeVerified", time.text)
            json.member("resourceUri", resource)
            json.member(
                "policy",
                object: { json in
                    json.member("uri", policy.name)
                    json.member("digest", object: { $0.member("sha256", policy.hex) })
                })
            json.member("inputAttestations", array: { json in Self.write(candidate.statements, &json) })
            json.member("verificationResult", passed ? "PASSED" : "FAILED")
            json.member("verifiedLevels", array: { json in if passed { json.value(Self.level) } })
            json.member(
                Self.extensionName,
                object: { json in
                    json.member("kind", kind.rawValue)
                    json.member("model", model)
                    json.member("version", candidate.version)
                    json.member("alias", alias)
                    json.member("root", root.name)
                    if let revocations { json.member("revocations", revocations.name) }
                    if let soakingSince { json.member("soakingSince", soakingSince.text) }
                    json.member(
                        "baselines",
                        array: { json in
                            for party in baselines {
                                json.object { json in
                                    json.member("alias", party.alias ?? "")
                                    json.member("version", party.version)
                                    json.member("manifest", party.manifest.name)
                                    json.member("attestations", array: { json in Self.write(party.statements, &json) })
                                }
                            }
                        })
                    json.member("gates", json: outcome)
                })
        }
    }

    private static func write(_ statements: [BlobDigest], _ json: inout JSONWriter) {
        for statement in statements {
            json.object { json in
                json.member("uri", statement.name)
                json.member("digest", object: { $0.member("sha256", statement.hex) })
            }
        }
    }

    package init(
        kind: Kind, _ promotion: PromotionCase, origin: Text, root: BlobDigest, revocations: BlobDigest?, gates: [GateResult]
    ) {
        self.kind = kind
        time = promotion.time
        self.origin = origin
        model = promotion.candidate.model
        alias = promotion.alias
        policy = promotion.policyDigest
        candidate = Self.party(promotion.candidate, nil)
        baselines = promotion.baselines.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }.map { Self.party($0.value, $0.key) }
        soakingSince = promotion.soakingSince
        self.root = root
        self.revocations = revocations
        self.gates = gates
    }

    private static func party(_ version: PromotionCase.Version, _ alias: String?) -> Party {
        Party(alias: alias, version: version.version, manifest: version.manifest, statements: version.statements.map(\.digest))
    }
}

extension Verdict {
    /// - Throws: `.malformed`, and when a part of it contradicts another.
    package init(_ statement: SignedStatement, origin: Text) throws(MaxError) {
        try statement.expect(PredicateType.verdict)
        let predicate = statement.predicate
        let own = try predicate.member(Self.extensionName)
        guard let kind = Kind(rawValue: try own.member("kind").text().string) else {
            throw MaxError(.malformed, "verdict: kind \(try own.member("kind").text().quoted)")
        }
        self.kind = kind
        self.origin = origin
        time = try predicate.member("timeVerified").timestamp()
        model = try own.member("model").name()
        alias = try own.member("alias").name()
        policy = try predicate.member("policy").member("digest").digestSet()
        candidate = Party(
            alias: nil, version: try own.member("version").name(), manifest: statement.subject,
            statements: try Self.statements(try predicate.member("inputAttestations")))
        baselines = []
        for member in try own.member("baselines").elements() {
            baselines.append(
                Party(
                    alias: try member.member("alias").name(), version: try member.member("version").name(),
                    manifest: try member.member("manifest").digest(), statements: try Self.statements(try member.member("attestations"))))
        }
        soakingSince = try own.optional("soakingSince")?.timestamp()
        root = try own.member("root").digest()
        revocations = try own.optional("revocations")?.digest()
        gates = []
        for member in try own.member("gates").elements() {
            guard let state = GateResult.State(rawValue: try member.member("state").text().string) else {
                throw MaxError(.malformed, "verdict: \(member.place): no state")
            }
            gates.append(
                GateResult(
                    id: try member.member("id").text().string, state: state, message: try member.member("message").text().string))
        }
        let found = try predicate.member("resourceUri").text()
        guard found == Text(resource) else {
            throw MaxError(.malformed, "verdict: is for \(found.quoted), its gates are for \"\(resource)\"")
        }
        try predicate.member("verificationResult").expect(passed ? "PASSED" : "FAILED")
    }

    private static func statements(_ member: Member) throws(MaxError) -> [BlobDigest] {
        var digests: [BlobDigest] = []
        for element in try member.elements() { digests.append(try element.member("digest").digestSet()) }
        return digests
    }
}
