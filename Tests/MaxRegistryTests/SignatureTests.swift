import MaxIR
import MaxRegistry
import MaxRuntime
import Testing

private func sample() throws -> [UInt8] {
    var builder = GraphBuilder(name: "sum")
    let a = try builder.input("a", TensorType(.f32, [.rows]), missing: .nan)
    builder.output("twice", try builder.add(Ops.add, [a, a]))
    return try BundleWriter.bytes(of: BundleContent(info: ModelInfo(name: "sum"), producer: "test", graph: try builder.finish()))
}

private func verify(_ content: [UInt8], _ signature: [UInt8], _ trust: TrustStore) throws -> ModelSignature.Report {
    try content.withUnsafeBytes { try ModelSignature.verify($0, fileName: "m.bin", signature: signature, trust: trust) }
}

private func replacing(_ bytes: [UInt8], _ old: String, _ new: String) -> [UInt8] {
    let text = String(decoding: bytes, as: UTF8.self)
    guard let range = text.firstRange(of: old) else { return bytes }
    return Array(text.replacingCharacters(in: range, with: new).utf8)
}

extension String {
    fileprivate func replacingCharacters(in range: Range<String.Index>, with new: String) -> String {
        self[..<range.lowerBound] + new + self[range.upperBound...]
    }
}

@Suite struct SignatureTests {
    let key: PrivateKey
    let trust: TrustStore
    let content = Array("the model".utf8)
    let signature: [UInt8]

    init() throws {
        key = try PrivateKey.generate(.p256)
        trust = TrustStore([key.publicKey])
        let key = key
        signature = try content.withUnsafeBytes { try ModelSignature.sign($0, name: "m.bin", with: key) }
    }

    @Test func whatWasSignedVerifies() throws {
        let report = try verify(content, signature, trust)
        #expect(report.signer == key.publicKey.fingerprint)
    }

    @Test func otherContentIsAMismatch() {
        let error = #expect(throws: MaxError.self) { try verify(Array("the mode1".utf8), signature, trust) }
        #expect(error?.code == .contentMismatch)
    }

    @Test func anotherKeyIsUntrusted() throws {
        let other = TrustStore([try PrivateKey.generate(.p256).publicKey])
        let error = #expect(throws: MaxError.self) { try verify(content, signature, other) }
        #expect(error?.code == .untrusted)
        let none = #expect(throws: MaxError.self) { try verify(content, signature, TrustStore([])) }
        #expect(none?.code == .untrusted)
    }

    @Test(arguments: [
        (#""payloadType":"application/vnd.in-toto+json""#, #""payloadType":"text/plain""#),
        ("sigstore.bundle.v0.3+json", "sigstore.bundle.v0.2+json"),
        (#"{"mediaType""#, #"{"extra":1,"mediaType""#),
        (#"{"mediaType""#, #"{"mediaType":"x","mediaType""#),
        (#""signatures":[{"#, #""signatures":[],"x":[{"#),
        (#""keyid":"""#, #""keyid":"","more":1"#),
        (#""publicKey":{"#, #""certificate":{"#),
        (#""sig":""#, #""sig":" "#),
    ])
    func aBundleOfAnotherShapeIsRefused(old: String, new: String) {
        let changed = replacing(signature, old, new)
        #expect(changed != signature)
        let error = #expect(throws: MaxError.self) { try verify(content, changed, trust) }
        #expect(error?.code == .malformed || error?.code == .unsupported)
    }

    @Test func everyChangedByteIsRefused() {
        for position in signature.indices {
            var changed = signature
            changed[position] ^= 1
            // The hint alone says nothing: it only chooses the message.
            guard let report = try? verify(content, changed, trust) else { continue }
            #expect(report.signer == key.publicKey.fingerprint)
            let hint = Array(key.publicKey.fingerprint.utf8)
            #expect(signature[max(0, position - 64)...].prefix(200).contains(hint[0]), "byte \(position)")
        }
    }

    @Test func aSignedBundleKeepsItsContentAndTellsItsSigner() throws {
        let unsigned = try Bundle(bytes: try sample())
        let missing = #expect(throws: MaxError.self) { try ModelSignature.verify(embeddedIn: unsigned, trust: trust) }
        #expect(missing?.code == .unsigned)
        let signed = try ModelSignature.embed(in: unsigned, with: key)
        let bundle = try Bundle(bytes: signed)
        #expect(bundle.root == unsigned.root)
        #expect(try ModelSignature.verify(embeddedIn: bundle, trust: trust).signer == key.publicKey.fingerprint)
        for position in stride(from: 0, to: signed.count, by: 3) {
            var changed = signed
            changed[position] ^= 0x10
            #expect(throws: MaxError.self, "byte \(position)") {
                _ = try ModelSignature.verify(embeddedIn: try Bundle(bytes: changed), trust: trust)
            }
        }
    }

    @Test func theSignatureOfOneBundleIsNotThatOfAnother() throws {
        let signed = try Bundle(bytes: try ModelSignature.embed(in: try Bundle(bytes: try sample()), with: key))
        let moved = try #require(try signed.section(.signatures))
        var builder = GraphBuilder(name: "other")
        let a = try builder.input("a", TensorType(.f32, [.rows]), missing: .nan)
        builder.output("same", try builder.add(Ops.identity, [a]))
        let other = try BundleWriter.bytes(of: BundleContent(info: ModelInfo(name: "sum"), producer: "test", graph: try builder.finish()))
        let forged = try Bundle(bytes: try BundleWriter.embed(signatures: moved, in: try Bundle(bytes: other)))
        let error = #expect(throws: MaxError.self) { try ModelSignature.verify(embeddedIn: forged, trust: trust) }
        #expect(error?.code == .contentMismatch)
    }
}
