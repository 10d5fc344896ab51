import MaxIR
import MaxRegistry
import MaxRuntime
import Testing

/// The reference vector: a signature that OpenSSL and the reference implementation accept.
private let vectorKey = """
    -----BEGIN PUBLIC KEY-----
    MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEmt8ZOoJd+obPzPZGA3NWBUFkD2fL
    5VmEu5Gq9s74DN6D4M8So77MsWFTTiWHqRNfqnPRfM57Xqqve6FVPbnv6Q==
    -----END PUBLIC KEY-----

    """

@Suite struct KeyTests {
    @Test func aKeyIsNamedByTheDigestOfItsPEM() throws {
        let key = try PublicKey(pem: Array(vectorKey.utf8), place: "vector")
        #expect(key.fingerprint == "a71c9b31c17892e0579e4762b7cc46af6d6da2ddb0bcec35766dbc600f06e3b5")
        #expect(key.pem == vectorKey)
    }

    @Test func theVectorVerifiesAndItsNeighboursDoNot() throws {
        let key = try PublicKey(pem: Array(vectorKey.utf8), place: "vector")
        let payload =
            #"{"_type":"https://in-toto.io/Statement/v1","subject":[{"name":"m","digest":{"sha256":"614aeb9872d08ed1ed6388d2b4f92d0e5a247cc4637c85d1546a5d4da661f217"}}],"predicateType":"https://model_signing/signature/v1.0","predicate":{"resources":[{"name":"a.bin","digest":"63c1dd951ffedf6f7fd968ad4efa39b8ed584f162f46e715114ee184f8de9201","algorithm":"sha256"},{"name":"b/c.json","digest":"44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a","algorithm":"sha256"}],"serialization":{"method":"files","hash_type":"sha256","allow_symlinks":false,"ignore_paths":["model.sig"]}}}"#
        let message = Array("DSSEv1 28 application/vnd.in-toto+json \(payload.utf8.count) \(payload)".utf8)
        let text = "MEQCIE+K4+B0+fTxl1SXuHrCsWTa+ve9PSchDQFXBFCaTT+DAiASlZ92q0epDC2j+1l06seR+ZrCJh9aADrnkYGAvGq4cQ=="
        let der = try #require(Data64.decode(text))
        #expect(key.verifies(der, of: message))
        for position in der.indices {
            var changed = der
            changed[position] ^= 1
            #expect(!key.verifies(changed, of: message), "signature byte \(position)")
        }
        #expect(!key.verifies(der + [0], of: message))
        #expect(!key.verifies(der, of: message + [0]))
    }

    @Test(arguments: Curve.allCases)
    func aKeySurvivesItsPEM(curve: Curve) throws {
        let key = try PrivateKey.generate(curve)
        let again = try PrivateKey(pem: Array(key.pem().utf8), place: "key")
        #expect(again.publicKey.fingerprint == key.publicKey.fingerprint)
        let secret = Array("correct horse".utf8)
        let sealed = Array(key.pem(passphrase: secret).utf8)
        #expect(String(decoding: sealed, as: UTF8.self).contains("ENCRYPTED"))
        #expect(try PrivateKey(pem: sealed, passphrase: secret, place: "key").publicKey.fingerprint == key.publicKey.fingerprint)
        #expect(throws: MaxError.self) { try PrivateKey(pem: sealed, place: "key") }
        #expect(throws: MaxError.self) { try PrivateKey(pem: sealed, passphrase: Array("wrong".utf8), place: "key") }
    }

    @Test(arguments: ["", "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n", "\u{0}\u{1}"])
    func whatIsNoKeyIsRefused(text: String) {
        let error = #expect(throws: MaxError.self) { try PublicKey(pem: Array(text.utf8), place: "x") }
        #expect(error?.code == .malformed)
    }
}

/// Base64 for the vectors, by table look-up.
enum Data64 {
    static func decode(_ text: String) -> [UInt8]? {
        let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")
        var bits = 0
        var word = 0
        var out: [UInt8] = []
        for character in text where character != "=" {
            guard let value = alphabet.firstIndex(of: character) else { return nil }
            word = (word << 6 | value) & 0xffff
            bits += 6
            if bits >= 8 {
                bits -= 8
                out.append(UInt8(truncatingIfNeeded: word >> bits))
            }
        }
        return out
    }
}
