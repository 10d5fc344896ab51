import COpenSSL
import MaxIR
import MaxRegistry
import MaxRuntime
import Testing

/// RFC 8032 §7.1, test 1.
private let seed: [UInt8] = Array(0..<32).map { index in
    let hex = Array("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60".utf8)
    return UInt8(String(decoding: hex[2 * index..<2 * index + 2], as: UTF8.self), radix: 16) ?? 0
}
private let logKey = "registry.example/log1+d240d598+AddamAGCsQq31Uv+08lkBzoO4XLz2qYjJa8CGmj3B1Ea"

private let vector = """
    c2sp.org/tlog-proof@v1
    index 2
    B1Bqhf2d0vEg62lPhgEeW7RmLlxBWmKRcDPUqWJEh+c=
    +sVCA+fMaWzw38tCySodnbr3CtnmIfS9jZhmLwDjwSU=
    a0eq8p7jwq+a+Im8H7klTavTEXfxYjLdaqsDXKOb9uQ=

    registry.example/log1
    8
    XcnaeacGWamtVZy3Ad7ZoqudgjqtL0lgz+Nw7/RgQyg=

    — registry.example/log1 0kDVmJ+eukoFgDseTzU/MPwoNDlZoL7AA6ni6TtSf86yG2tbV52+raCWXgJQg/sVFLC5VrRtZR1aEZIQ/dPTzXT0sww=

    """

private func ed25519(_ message: [UInt8]) -> [UInt8] {
    let key = EVP_PKEY_new_raw_private_key_ex(nil, "ED25519", nil, seed, seed.count)
    let context = EVP_MD_CTX_new()
    defer {
        EVP_MD_CTX_free(context)
        EVP_PKEY_free(key)
    }
    var signature = [UInt8](repeating: 0, count: 64)
    var count = 64
    guard EVP_DigestSignInit(context, nil, nil, nil, key) == 1,
        EVP_DigestSign(context, &signature, &count, message, message.count) == 1
    else { return [] }
    return signature
}

/// A witness's key (type 4) and its line for a text.
private func witness(_ name: String, time: UInt64, _ text: [UInt8]) throws -> (key: NoteKey, line: [UInt8]) {
    let raw = try #require(Data64.decode("11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo"))
    let id = Array((Array(name.utf8) + [0x0a, 4] + raw).withUnsafeBytes { SHA256.hash($0) }.prefix(4))
    let key = try NoteKey(verifierKey: "\(name)+\(id.hex)+\(Base64.encode([4] + raw))")
    let stamp = (0..<8).map { UInt8(truncatingIfNeeded: time >> UInt64(56 - 8 * $0)) }
    let signature = ed25519(Array("cosignature/v1\ntime \(time)\n".utf8) + text)
    return (key, Array("— \(name) \(Base64.encode(id + stamp + signature))\n".utf8))
}

@Suite struct LogCheckpointTests {
    let key: PrivateKey
    let origin: Text = "registry.example/log"
    let root = TreeHash.leaf([1])

    init() throws { key = try PrivateKey.generate(.p256) }

    private func checkpoint(_ key: PrivateKey? = nil) throws -> Checkpoint {
        let (key, origin) = (key ?? self.key, origin)
        return try Checkpoint(origin: origin, size: 1, root: root) { (text) throws(MaxError) in
            [try NoteSignature(signing: text, name: origin, with: key)]
        }
    }

    @Test func theVectorVerifies() throws {
        let proof = try LogProof(Array(vector.utf8))
        let key = try NoteKey(verifierKey: logKey)
        #expect(key.id == 0xd240_d598)
        #expect(try proof.verify(standardLeaves[2], keys: [key]).count == 1)
        #expect(proof.bytes == Array(vector.utf8))
        #expect(proof.inclusion.index == 2 && proof.checkpoint.size == 8 && proof.extra == nil)
        for other in standardLeaves.indices where other != 2 {
            let error = #expect(throws: MaxError.self) { try proof.verify(standardLeaves[other], keys: [key]) }
            #expect(error?.code == .contentMismatch)
        }
    }

    @Test func everyChangedByteOfTheVectorIsNoticed() throws {
        let key = try NoteKey(verifierKey: logKey)
        for position in vector.utf8.indices.map({ vector.utf8.distance(from: vector.utf8.startIndex, to: $0) }) {
            for change: UInt8 in [1, 0x20, 0x80] {
                var bytes = Array(vector.utf8)
                bytes[position] ^= change
                #expect(throws: MaxError.self, "byte \(position) ^ \(change)") {
                    try LogProof(bytes).verify(standardLeaves[2], keys: [key])
                }
            }
        }
    }

    @Test(arguments: Curve.allCases)
    func anECDSAKeySigns(curve: Curve) throws {
        let key = try PrivateKey.generate(curve)
        let read = try Checkpoint(try checkpoint(key).bytes)
        #expect(try read.verify(by: [self.key.publicKey, key.publicKey]).fingerprint == key.publicKey.fingerprint)
        let error = #expect(throws: MaxError.self) { try read.verify(by: [self.key.publicKey]) }
        #expect(error?.code == .untrusted)
    }

    @Test func ourNameWithAnotherKeyIsUntrusted() throws {
        let forged = try checkpoint(PrivateKey.generate(.p256))
        let error = #expect(throws: MaxError.self) { try forged.verify(by: [key.publicKey]) }
        #expect(error?.code == .untrusted)
    }

    @Test func aSignatureOverAnotherTextIsInvalid() throws {
        var text = String(decoding: try checkpoint().bytes, as: UTF8.self)
        text.replace("\n1\n", with: "\n2\n")
        let changed = try Checkpoint(Array(text.utf8))
        let error = #expect(throws: MaxError.self) { try changed.verify(by: [key.publicKey]) }
        #expect(error?.code == .signatureInvalid)
    }

    @Test func aWitnessAddsItsLineAndTouchesNoOther() throws {
        let before = try checkpoint()
        var cosigned = before
        let (witness, line) = try witness("witness.example/w1", time: 1_679_315_147, before.note.text)
        try cosigned.cosign(line: line)
        #expect(cosigned.bytes == before.bytes + line)
        let own = try NoteKey(name: origin, key.publicKey)
        #expect(try Checkpoint(cosigned.bytes).verify(by: [own, witness]).map(\.name) == [origin, "witness.example/w1"])
        let again = #expect(throws: MaxError.self) { try cosigned.cosign(line: line) }
        #expect(again?.code == .conflict)
        // The time is signed too.
        var late = before
        var other = try NoteSignature(line: line.dropLast())
        #expect(other.signature.count == 72)
        var bytes = try #require(Data64.decode(String(decoding: line.dropLast().split(separator: 0x20)[2], as: UTF8.self)))
        bytes[11] ^= 1
        other = try NoteSignature(line: Array("— witness.example/w1 \(Base64.encode(bytes))".utf8))
        try late.cosign(line: other.line)
        let error = #expect(throws: MaxError.self) { try late.verify(by: [own, witness]) }
        #expect(error?.code == .signatureInvalid)
    }

    @Test(
        arguments: [
            ("", .malformed), ("w", .malformed), ("w+d240d598", .malformed), ("w+d240d59+AAAA", .malformed), ("w+d240d598+A", .malformed),
            ("registry.example/log2+d240d598+AddamAGCsQq31Uv+08lkBzoO4XLz2qYjJa8CGmj3B1Ea", .untrusted),
            ("registry.example/log1+d240d599+AddamAGCsQq31Uv+08lkBzoO4XLz2qYjJa8CGmj3B1Ea", .untrusted),
            ("registry.example/log1+d240d598+Addam", .malformed), ("w w+d240d598+AQ==", .malformed), ("w+d240d598+AQ==", .malformed),
            ("w+d240d598+BQ==", .unsupported), ("+d240d598+AQ==", .malformed),
        ] as [(String, MaxError.Code)])
    func hostileVerifierKeysAreRefused(text: String, code: MaxError.Code) {
        let error = #expect(throws: MaxError.self) { try NoteKey(verifierKey: text) }
        #expect(error?.code == code, "\(error?.message ?? "")")
    }
}
