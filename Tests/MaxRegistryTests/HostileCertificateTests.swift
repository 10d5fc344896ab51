import COpenSSL
import MaxIR
import MaxRegistry
import Testing

/// Cases 77 to 79: each is refused with its own code, and the sound one is not.
@Suite(.serialized) struct HostileCertificateTests {
    private static let content = Array("the model".utf8)
    private let root: Authority

    init() throws { root = try Authority("root") }

    /// Signs by the first of `chain`, and verifies.
    private func verify(_ chain: [Authority], _ trust: SignatureTrust) throws -> ModelSignature.Report {
        let signer = Vouched(key: try #require(chain.first).key, certificates: try chain.map { try $0.der })
        return try Self.content.withUnsafeBytes { content in
            let signature = try ModelSignature.sign(content, name: "m", with: signer)
            return try ModelSignature.verify(content, fileName: "m", signatures: [signature], trust: trust)
        }
    }

    private func trust(_ authority: Authority? = nil, at time: String = "2026-06-01T00:00:00Z") throws -> SignatureTrust {
        var found = SignatureTrust()
        found.authorities = try (authority ?? root).trusted
        found.time = try Timestamp(Text(time))
        return found
    }

    private func refused(_ code: MaxError.Code, _ message: String, _ chain: [Authority], _ trust: SignatureTrust) {
        let error = #expect(throws: MaxError.self, "\(message)") { try verify(chain, trust) }
        #expect(error?.code == code, "\(message): \(error?.message ?? "")")
        #expect(error?.message.contains(message) == true, "\(error?.message ?? "")")
    }

    @Test func aSoundChainIsTrusted() throws {
        let middle = try Authority("middle", issuer: root)
        let leaf = try Authority("leaf", Authority.leaf, issuer: middle)
        #expect(try verify([leaf, middle], try trust()).signer == leaf.key.publicKey.fingerprint)
        let coder = try Authority("coder", [(NID_ext_key_usage, "codeSigning")], issuer: root)
        #expect(try verify([coder], try trust()).signer == coder.key.publicKey.fingerprint)
    }

    /// 77.
    @Test func timesAndUsesOfTheLeaf() throws {
        let leaf = try Authority("leaf", Authority.leaf, issuer: root)
        refused(.expired, "has expired", [leaf], try trust(at: "2036-01-01T00:00:00Z"))
        refused(.expired, "not yet valid", [leaf], try trust(at: "2023-01-01T00:00:00Z"))
        refused(.untrusted, "neither", [try Authority("plain", [], issuer: root)], try trust())
        refused(.untrusted, "neither", [try Authority("tls", [(NID_ext_key_usage, "serverAuth")], issuer: root)], try trust())
        let authority = try Authority(
            "ca", [(NID_basic_constraints, "CA:TRUE"), (NID_key_usage, "digitalSignature,keyCertSign")], issuer: root)
        refused(.untrusted, "an authority's", [authority], try trust())
    }

    /// 77.
    @Test func whatAnAuthorityMayNotSign() throws {
        let short = try Authority("short", [(NID_basic_constraints, "critical,CA:TRUE,pathlen:0"), Authority.ca[1]])
        let middle = try Authority("middle", issuer: short)
        refused(
            .untrusted, "path length", [try Authority("leaf", Authority.leaf, issuer: middle), middle], try trust(short))
        let narrow = try Authority("narrow", Authority.ca + [(NID_name_constraints, "critical,permitted;DNS:example.com")])
        let outside = try Authority("leaf", Authority.leaf + [(NID_subject_alt_name, "DNS:example.org")], issuer: narrow)
        refused(.untrusted, "permitted subtree", [outside], try trust(narrow))
        let inside = try Authority("leaf", Authority.leaf + [(NID_subject_alt_name, "DNS:example.com")], issuer: narrow)
        #expect(throws: Never.self) { try verify([inside], try trust(narrow)) }
        let person = try Authority("person", Authority.leaf, issuer: root)
        refused(.untrusted, "certificate", [try Authority("leaf", Authority.leaf, issuer: person), person], try trust())
    }

    /// 78. A root that came with the signature is no anchor, though it has the name of one.
    @Test func aRootInTheBundleIsNoAnchor() throws {
        let other = try Authority("root")
        let leaf = try Authority("leaf", Authority.leaf, issuer: other)
        refused(.untrusted, "certificate", [leaf, other], try trust())
        let lonely = try Authority("self", Authority.leaf)
        refused(.untrusted, "self-signed", [lonely], try trust())
        var none = try trust()
        none.authorities = []
        refused(.untrusted, "name the authorities", [leaf], none)
    }

    /// 79.
    @Test func revocationListsAreLookedAt() throws {
        let leaf = try Authority("leaf", Authority.leaf, issuer: root)
        var trust = try trust()
        trust.revocations = try root.list([])
        #expect(throws: Never.self) { try verify([leaf], trust) }
        trust.revocations = try root.list([leaf])
        refused(.revoked, "revoked", [leaf], trust)
        trust.revocations = try root.list([], to: Authority.from + 86400)
        refused(.expired, "CRL has expired", [leaf], trust)
        trust.revocations = try Authority("another").list([])
        refused(.untrusted, "CRL", [leaf], trust)
        let forger = try Authority("root")
        trust.revocations = try forger.list([])
        refused(.untrusted, "CRL", [leaf], trust)
        let middle = try Authority("middle", issuer: root)
        trust.revocations = try root.list([middle]) + middle.list([])
        refused(.revoked, "revoked", [try Authority("leaf", Authority.leaf, issuer: middle), middle], trust)
    }

    @Test func nineCertificatesAreTooMany() throws {
        let leaf = try Authority("leaf", Authority.leaf, issuer: root)
        refused(.limitExceeded, "9, expected 1 to 8", Array(repeating: leaf, count: 9), try trust())
    }

    @Test func aSignatureByAnotherKeyThanTheCertificatesIsInvalid() throws {
        let leaf = try Authority("leaf", Authority.leaf, issuer: root)
        let signer = Vouched(key: try PrivateKey.generate(.p256), certificates: [try leaf.der])
        let trust = try trust()
        let error = #expect(throws: MaxError.self) {
            try Self.content.withUnsafeBytes {
                try ModelSignature.verify(
                    $0, fileName: "m", signatures: [try ModelSignature.sign($0, name: "m", with: signer)], trust: trust)
            }
        }
        #expect(error?.code == .signatureInvalid)
    }

    /// 80. Without a time stamp where one is asked for, and with something else in its place.
    @Test func aTimestampThatIsMissingOrNoneIsRefused() throws {
        let leaf = try Authority("leaf", Authority.leaf, issuer: root)
        var trust = try trust()
        trust.timestampAuthorities = try root.trusted
        refused(.evidenceMissing, "no time stamp", [leaf], trust)
        let error = #expect(throws: MaxError.self) {
            try Self.content.withUnsafeBytes {
                try ModelSignature.attach(timestamp: [0x30, 0], to: try ModelSignature.sign($0, name: "m", with: leaf.key))
            }
        }
        #expect(error?.code == .malformed)
    }
}
