import COpenSSL
import MaxIR
import MaxRegistry
import MaxRuntime
import Testing

/// A statement whose every member may be wrong, and a signature over it that is right.
private struct Forged: Sendable {
    var type = "https://in-toto.io/Statement/v1"
    var predicateType = "https://model_signing/signature/v1.0"
    var subjects = 1
    /// nil for the right one.
    var root: String?
    var resources: [(name: String, digest: String, algorithm: String)]
    var extra = ""

    static let content = Array("the model".utf8)
    static let digest = content.withUnsafeBytes { SHA256.hash($0) }.hex

    init() { resources = [(".", Self.digest, "sha256")] }

    var statement: String {
        let concatenated = resources.flatMap { Self.bytes($0.digest) }
        let right = concatenated.withUnsafeBytes { SHA256.hash($0) }.hex
        let subject = #"{"name":"m","digest":{"sha256":"\#(root ?? right)"}}"#
        let list = resources.map { #"{"name":"\#($0.name)","digest":"\#($0.digest)","algorithm":"\#($0.algorithm)"}"# }
        return #"{"_type":"\#(type)","subject":[\#(Array(repeating: subject, count: subjects).joined(separator: ","))],"#
            + #""predicateType":"\#(predicateType)","predicate":{"resources":[\#(list.joined(separator: ","))],"#
            + #""serialization":{"method":"files","hash_type":"sha256","allow_symlinks":false,"ignore_paths":[]}\#(extra)}}"#
    }

    private static func bytes(_ hex: String) -> [UInt8] {
        let digits = Array(hex.lowercased().utf8)
        return stride(from: 0, to: digits.count - 1, by: 2).compactMap {
            UInt8(String(decoding: digits[$0..<$0 + 2], as: UTF8.self), radix: 16)
        }
    }

    /// The file, signed by `key`.
    func signed(by key: PrivateKey, hint: String? = nil) throws -> [UInt8] {
        let payload = Array(statement.utf8)
        return SignatureBundle(
            hint: hint ?? key.publicKey.fingerprint, payload: payload, signatures: [try key.sign(SignatureBundle.authenticated(payload))]
        ).bytes
    }
}

@Suite struct HostileSignatureTests {
    private let key: PrivateKey
    private let other: PrivateKey

    init() throws {
        key = try PrivateKey.generate(.p256)
        other = try PrivateKey.generate(.p256)
    }

    private func verify(_ signature: [UInt8], _ trust: [PublicKey]? = nil) throws -> ModelSignature.Report {
        let trust = TrustStore(trust ?? [key.publicKey])
        return try Forged.content.withUnsafeBytes { try ModelSignature.verify($0, fileName: "m.bin", signature: signature, trust: trust) }
    }

    private func bundle(_ signatures: [[UInt8]]) -> [UInt8] {
        SignatureBundle(hint: nil, payload: Array(Forged().statement.utf8), signatures: signatures).bytes
    }

    private func good(_ key: PrivateKey) throws -> [UInt8] { try key.sign(SignatureBundle.authenticated(Array(Forged().statement.utf8))) }

    private static let statements:
        [(number: Int, what: String, code: MaxError.Code?, message: String, change: @Sendable (inout Forged) -> Void)] = [
            (0, "a sound statement", nil, "", { _ in }),
            (67, "another predicate", .malformed, "predicateType", { $0.predicateType = "https://slsa.dev/provenance/v1" }),
            (67, "another kind of statement", .malformed, "_type", { $0.type = "https://in-toto.io/Statement/v0.1" }),
            (
                68, "the digest of another model", .contentMismatch, "signed was",
                { $0.resources[0].digest = String(repeating: "0", count: 64) }
            ),
            (68, "two subjects", .malformed, "2 subjects", { $0.subjects = 2 }),
            (81, "no resources", .malformed, "lists no resource", { $0.resources = [] }),
            (82, "a digest in upper case", .malformed, "lowercase", { $0.resources[0].digest = Forged.digest.uppercased() }),
            (82, "a digest that is too short", .malformed, "64 lowercase", { $0.resources[0].digest = String(Forged.digest.dropLast(2)) }),
            (82, "a digest of an odd length", .malformed, "64 lowercase", { $0.resources[0].digest = String(Forged.digest.dropLast()) }),
            (82, "another algorithm", .malformed, "algorithm", { $0.resources[0].algorithm = "md5" }),
            (83, "the name of the file", nil, "", { $0.resources[0].name = "m.bin" }),
            (83, "a name above the model", .malformed, "no path inside", { $0.resources[0].name = "../m.bin" }),
            (
                83, "a model that is a file, and another file", .malformed, "no path inside",
                { $0.resources.append(("b", Forged.digest, "sha256")) }
            ),
            (
                84, "a file more", .contentMismatch, "of 2 files",
                { $0.resources = [("m.bin", Forged.digest, "sha256"), ("more", Forged.digest, "sha256")] }
            ),
            (
                84, "a file listed twice", .malformed, "listed twice",
                { $0.resources = Array(repeating: ("m.bin", Forged.digest, "sha256"), count: 2) }
            ),
            (85, "a root over another order", .contentMismatch, "root digest", { $0.root = Forged.digest }),
            (
                86, "100,000 resources", .contentMismatch, "of 100000 files",
                { forged in
                    forged.resources[0].name = "f0"
                    for index in 1..<100_000 { forged.resources.append(("f\(index)", Forged.digest, "sha256")) }
                }
            ),
            (57, "a member twice", .malformed, "twice", { $0.extra = #","resources":[]"# }),
            (0, "a member more", .malformed, "not allowed", { $0.extra = #","more":1"# }),
        ]

    @Test(arguments: statements.indices)
    func aStatementIsReadStrictlyThoughItsSignatureIsGood(index: Int) throws {
        let (number, what, code, message, change) = Self.statements[index]
        var forged = Forged()
        change(&forged)
        let signature = try forged.signed(by: key)
        guard let code else {
            #expect(try verify(signature).signer == key.publicKey.fingerprint)
            return
        }
        let error = #expect(throws: MaxError.self) { try verify(signature) }
        #expect(error?.code == code, "\(number) \(what): \(error?.message ?? "")")
        #expect(error?.message.contains(message) == true, "\(number) \(what): \(error?.message ?? "")")
    }

    /// 66. The type is part of what is signed: another one is another message.
    @Test func aSignatureOverAnotherPayloadTypeIsNone() throws {
        let payload = Array(Forged().statement.utf8)
        let signature = try key.sign(Array("DSSEv1 10 text/plain \(payload.count) ".utf8) + payload)
        let error = #expect(throws: MaxError.self) { try verify(bundle([signature])) }
        #expect(error?.code == .signatureInvalid)
    }

    /// 69.
    @Test func aThousandSignaturesAreTooMany() throws {
        let error = #expect(throws: MaxError.self) { try verify(bundle(Array(repeating: try good(key), count: 1000))) }
        #expect(error?.code == .malformed)
        #expect(error?.message.contains("1000 signatures, expected 1 to 16") == true)
    }

    /// 70 and 71. One good signature of a trusted key counts, wherever it stands; more of the same key say no more.
    @Test func theOrderOfSignaturesDoesNotMatter() throws {
        let (mine, foreign, broken) = (try good(key), try good(other), [UInt8](repeating: 7, count: 70))
        for signatures in [[mine, mine], [broken, mine], [mine, broken], [foreign, mine]] {
            #expect(try verify(bundle(signatures)).signer == key.publicKey.fingerprint)
        }
        let error = #expect(throws: MaxError.self) { try verify(bundle([foreign, broken])) }
        #expect(error?.code == .signatureInvalid)
    }

    /// 73. Only DER as it is written by the rules is a signature. The integers are r and s of the good one.
    @Test func encodingsThatAreNotDERAreRefused() throws {
        let der = try good(key)
        try #require(der.count > 8 && der[0] == 0x30 && Int(der[1]) == der.count - 2)
        let r = Array(der[2..<4 + Int(der[3])])
        let s = Array(der[(4 + Int(der[3]))...])
        func sequence(_ parts: [UInt8]...) -> [UInt8] { [0x30, UInt8(parts.reduce(0) { $0 + $1.count })] + parts.flatMap { $0 } }
        #expect(throws: Never.self) { try verify(bundle([sequence(r, s)])) }
        let order: [UInt8] = [
            0x02, 0x21, 0x00, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xbc, 0xe6, 0xfa, 0xad,
            0xa7,
            0x17, 0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51,
        ]
        let hostile: [(String, [UInt8])] = [
            ("nothing", []), ("a byte", [0x30]), ("a byte behind it", der + [0]), ("a byte in the sequence", sequence(r, s, [0])),
            ("r of 0", sequence([2, 1, 0], s)), ("s of 0", sequence(r, [2, 1, 0])), ("a negative r", sequence([2, 1, 0xff], s)),
            ("s of the order of the curve", sequence(r, order)), ("no s", sequence(r)),
            ("a length in the long form", [0x30, 0x81, UInt8(der.count - 2)] + der.dropFirst(2)),
            ("a length without an end", [0x30, 0x80] + der.dropFirst(2) + [0, 0]),
            ("zeros before r", sequence([2, UInt8(r.count), 0, 0] + r.dropFirst(2).prefix(r.count - 4) + r.suffix(2), s)),
            ("r and s in the other order", sequence(s, r)),
        ]
        for (what, signature) in hostile {
            let error = #expect(throws: MaxError.self, "\(what)") { try verify(bundle([signature])) }
            #expect(error?.code == .signatureInvalid, "\(what): \(error?.message ?? "")")
        }
    }

    /// 74. The hint is a hint: it neither makes a signature good nor bad.
    @Test func theHintDecidesNothing() throws {
        #expect(try verify(try Forged().signed(by: key, hint: other.publicKey.fingerprint)).signer == key.publicKey.fingerprint)
        let error = #expect(throws: MaxError.self) { try verify(try Forged().signed(by: other, hint: key.publicKey.fingerprint)) }
        #expect(error?.code == .signatureInvalid)
    }

    /// A chain without certificates is none; a keyless certificate needs a log that is not there.
    @Test(arguments: [("certificate", MaxError.Code.unsupported), ("x509CertificateChain", .malformed)])
    func materialOtherThanAKeyOrAChainIsRefused(material: String, code: MaxError.Code) throws {
        let text = String(decoding: try Forged().signed(by: key), as: UTF8.self)
        let changed = text.split(separator: #""publicKey""#, maxSplits: 1).joined(separator: "\"\(material)\"")
        let error = #expect(throws: MaxError.self) { try verify(Array(changed.utf8)) }
        #expect(error?.code == code)
    }

    /// 86. The bound comes before the first byte is parsed.
    @Test func aFileAboveTheLimitIsNotParsed() throws {
        let error = #expect(throws: MaxError.self) { try verify([UInt8](repeating: 0x5b, count: (64 << 20) + 1)) }
        #expect(error?.code == .limitExceeded)
    }
}

@Suite struct HostileKeyTests {
    /// The public key in PEM, of a new key; `group` for elliptic ones.
    private static func pem(_ algorithm: String, group: String? = nil, encoding: String? = nil) throws -> [UInt8] {
        let context = try #require(EVP_PKEY_CTX_new_from_name(nil, algorithm, nil))
        defer { EVP_PKEY_CTX_free(context) }
        try #require(EVP_PKEY_keygen_init(context) == 1)
        if let group { try #require(EVP_PKEY_CTX_set_group_name(context, group) == 1) }
        var key: OpaquePointer?
        try #require(EVP_PKEY_generate(context, &key) == 1)
        defer { EVP_PKEY_free(key) }
        if let encoding { try #require(EVP_PKEY_set_utf8_string_param(key, "encoding", encoding) == 1) }
        let bio = try #require(BIO_new(BIO_s_mem()))
        defer { BIO_free(bio) }
        try #require(PEM_write_bio_PUBKEY(bio, key) == 1)
        var bytes = [UInt8](repeating: 0, count: 1 << 14)
        let count = BIO_read(bio, &bytes, Int32(bytes.count))
        return Array(bytes.prefix(Int(count)))
    }

    /// 75 and 76.
    @Test(
        arguments: [
            ("EC", "secp224r1", nil), ("EC", "secp256k1", nil), ("EC", "brainpoolP256r1", nil), ("RSA", nil, nil), ("ED25519", nil, nil),
            ("X25519", nil, nil), ("EC", "prime256v1", "explicit"),
        ] as [(String, String?, String?)])
    func keysOfOtherKindsAreNotTrusted(algorithm: String, group: String?, encoding: String?) throws {
        let pem = try Self.pem(algorithm, group: group, encoding: encoding)
        let error = #expect(throws: MaxError.self) { try PublicKey(pem: pem, place: "key") }
        #expect(error?.code == .untrusted, "\(error?.message ?? "")")
        #expect(error?.message == "key: not a key on P-256, P-384 or P-521")
    }

    @Test func aKeyOfTheRightKindIsRead() throws {
        #expect(try PublicKey(pem: try Self.pem("EC", group: "prime256v1"), place: "key").curve == .p256)
    }
}
