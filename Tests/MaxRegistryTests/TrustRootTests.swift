import MaxFormats
import MaxIR
import MaxRegistry
import Testing

@Suite struct TrustRootTests {
    let (ann, bob, cid, dan): (PrivateKey, PrivateKey, PrivateKey, PrivateKey)

    init() throws {
        (ann, bob) = (try PrivateKey.generate(.p256), try PrivateKey.generate(.p384))
        (cid, dan) = (try PrivateKey.generate(.p521), try PrivateKey.generate(.p256))
    }

    private func root(_ version: Int64, keys: [PrivateKey], threshold: Int, origin: Text = "test.example") -> TrustRoot {
        TrustRoot(
            version: version, origin: origin, expires: RegistryFixture.time.adding(1000), keys: keys.map { ("k", $0.publicKey) },
            roles: [.root: .init(keys: keys.map(\.publicKey.fingerprint), threshold: threshold)])
    }

    private func code(_ body: () throws -> Void) -> MaxError.Code? { RegistryFixture.code(body) }

    @Test func `the next root needs both thresholds`() throws {
        let first = try TrustRoot.first(try root(1, keys: [ann, bob], threshold: 2).signed(with: [ann, bob]), place: "1")
        let next = root(2, keys: [cid, dan], threshold: 1)
        func taken(_ signers: [PrivateKey]) -> MaxError.Code? { code { _ = try first.next(try next.signed(with: signers), place: "2") } }
        #expect(taken([ann, bob, cid]) == nil)
        #expect(taken([ann, bob]) == .untrusted)
        #expect(taken([ann, cid]) == .untrusted)
        #expect(taken([ann, ann, cid]) == .untrusted)
        #expect(taken([cid, dan]) == .untrusted)
        #expect(code { _ = try first.next(try root(3, keys: [cid], threshold: 1).signed(with: [ann, bob, cid]), place: "3") } == .rollback)
        let elsewhere = root(2, keys: [cid], threshold: 1, origin: "other.example")
        #expect(code { _ = try first.next(try elsewhere.signed(with: [ann, bob, cid]), place: "2") } == .rollback)
    }

    @Test func `a signature can be added by somebody else`() throws {
        let bytes = try root(1, keys: [ann, bob], threshold: 2).signed(with: [ann])
        #expect(code { _ = try TrustRoot.first(bytes, place: "1") } == .untrusted)
        let both = try SignedStatement.adding(bob, to: bytes, place: "1")
        _ = try TrustRoot.first(both, place: "1")
        // Who signs again signs once.
        let again = try SignedStatement.adding(bob, to: both, place: "1")
        #expect(try SignedStatement(again, keys: [ann.publicKey, bob.publicKey], place: "1").signers.count == 2)
    }

    @Test(arguments: [
        #""version":0"#, #""version":1.5"#, #""version":1e0"#, #""version":-1"#, #""expires":"tomorrow""#, #""origin":"""#,
        #""origin":"a b""#, #""origin":"a\nb""#, #""keys":{}"#, #""roles":{"king":{"threshold":1,"keys":[]}}"#, #""roles":{}"#,
        #""roles":{"root":{"threshold":2,"keys":["@@"]}}"#, #""roles":{"root":{"threshold":1,"keys":["@@","@@"]}}"#,
        #""policies":{"../x":"sha256:"}"#, #""policies":{"prod":"sha256:AA"}"#, #""more":1"#,
    ])
    func `roots that make no sense`(member: String) throws {
        let key = ann.publicKey
        var members = [
            "version": "1", "origin": #""test.example""#, "expires": #""2030-01-01T00:00:00Z""#,
            "keys": #"[{"name":"ann","fingerprint":"\#(key.fingerprint)","pem":"\#(key.pem.replacing("\n", with: "\\n"))"}]"#,
            "roles": #"{"root":{"threshold":1,"keys":["@@"]}}"#, "policies": "{}",
        ]
        func code(_ members: [String: String]) throws -> MaxError.Code? {
            let text = "{" + members.map { "\"\($0.key)\":\($0.value)" }.sorted().joined(separator: ",") + "}"
            let predicate = Array(text.replacing("@@", with: key.fingerprint).utf8)
            let bytes = try SignedStatement.sign(
                BlobDigest(of: Array("test.example".utf8)), name: "r", type: PredicateType.root, predicate: predicate, with: [ann])
            return RegistryFixture.code { _ = try TrustRoot.first(bytes, place: "root") }
        }
        #expect(try code(members) == nil)
        let colon = try #require(member.firstIndex(of: ":"))
        members[String(member[..<colon].dropFirst().dropLast())] = String(member[member.index(after: colon)...])
        #expect(try code(members) == .malformed)
    }

    @Test(arguments: [
        "2026-11-27T16:00:00", "2026-11-27 16:00:00Z", "2026-02-29T00:00:00Z", "2026-13-01T00:00:00Z", "2026-00-01T00:00:00Z",
        "2026-04-31T00:00:00Z", "2026-01-01T24:00:00Z", "2026-01-01T00:60:00Z", "1969-12-31T23:59:59Z", "2026-01-01T00:00:00+00:00", "",
        "20260-1-01T00:00:00Z",
    ])
    func `times that are none`(text: String) {
        #expect(code { _ = try Timestamp(Text(text)) } == .malformed)
    }

    @Test func `times are read as they are written`() throws {
        for seconds: Int64 in [0, 951_782_400, 951_868_799, 1_709_164_800, 4_107_542_400, 253_402_300_799] {
            let time = try #require(Timestamp(seconds: seconds))
            #expect(try Timestamp(Text(time.text)) == time)
        }
        #expect(try #require(Timestamp(seconds: 951_782_400)).text == "2000-02-29T00:00:00Z")
        #expect(Timestamp(seconds: -1) == nil && Timestamp(seconds: 253_402_300_800) == nil)
        #expect(RegistryFixture.time.adding(.max).text == "9999-12-31T23:59:59Z")
        #expect(try Period("P1DT2H3M4S").seconds == 93784)
        for text in ["", "P", "PT", "1D", "P1H", "PT1D", "P1.5D", "P-1D", "P1D1D", "PT1S1M", "P1DT", "P9999999999D"] {
            #expect([.malformed, .limitExceeded].contains(code { _ = try Period(Text(text)) }), "\(text)")
        }
    }
}
