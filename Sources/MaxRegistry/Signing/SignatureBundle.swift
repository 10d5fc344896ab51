import MaxFormats
import MaxIR

/// A Sigstore bundle (v0.3) around a DSSE envelope: the file that `model_signing` calls `model.sig`.
package struct SignatureBundle {
    static let mediaType = "application/vnd.dev.sigstore.bundle.v0.3+json"
    static let maximumBytes = 64 << 20
    static let maximumSignatures = 16

    /// Lowercase hexadecimal SHA-256 of the signer's key in PEM; a hint, never trusted. nil when there is none.
    var hint: String?
    /// The bytes that were signed, exactly.
    var payload: [UInt8]
    /// DER.
    var signatures: [[UInt8]]

    /// Dead Simple Signing Envelope, pre-authentication encoding v1.
    package static func authenticated(_ payload: [UInt8]) -> [UInt8] {
        let type = Statement.payloadType
        return Array("DSSEv1 \(type.utf8.count) \(type) \(payload.count) ".utf8) + payload
    }

    package init(hint: String?, payload: [UInt8], signatures: [[UInt8]]) {
        self.hint = hint
        self.payload = payload
        self.signatures = signatures
    }

    init(signing statement: Statement, with key: PrivateKey) throws(MaxError) {
        hint = key.publicKey.fingerprint
        payload = statement.payload
        signatures = [try key.sign(Self.authenticated(payload))]
    }

    package var bytes: [UInt8] {
        var json = JSONWriter()
        json.object { json in
            json.member("mediaType", Self.mediaType)
            json.member(
                "verificationMaterial",
                object: { json in
                    json.member("publicKey", object: { $0.member("hint", hint ?? "") })
                    json.member("tlogEntries", array: { _ in })
                })
            json.member(
                "dsseEnvelope",
                object: { json in
                    json.member("payload", Base64.encode(payload))
                    json.member("payloadType", Statement.payloadType)
                    json.member(
                        "signatures",
                        array: { json in
                            for signature in signatures {
                                json.object {
                                    $0.member("sig", Base64.encode(signature))
                                    $0.member("keyid", "")
                                }
                            }
                        })
                })
        }
        return json.bytes
    }

    /// Checks the shape; says nothing of who signed. The payload is not parsed.
    ///
    /// - Throws: `.malformed`, `.limitExceeded`, and `.unsupported` for certificates and keyless material.
    init(_ bytes: [UInt8]) throws(MaxError) {
        guard bytes.count <= Self.maximumBytes else {
            throw MaxError(.limitExceeded, "signature: \(bytes.count) bytes, at most \(Self.maximumBytes)")
        }
        let root = Member(try JSONReader.read(bytes), "signature")
        try root.onlyMembers(["mediaType", "verificationMaterial", "dsseEnvelope"])
        try root.member("mediaType").expect(Self.mediaType)
        let material = try root.member("verificationMaterial")
        try material.onlyMembers(["publicKey", "x509CertificateChain", "certificate", "tlogEntries", "timestampVerificationData"])
        guard let key = material.optional("publicKey") else {
            throw MaxError(.unsupported, "signature: made with a certificate; keys are supported")
        }
        let named = try key.optional("hint")?.text().string ?? ""
        hint = named.isEmpty ? nil : named
        let envelope = try root.member("dsseEnvelope")
        try envelope.onlyMembers(["payload", "payloadType", "signatures"])
        try envelope.member("payloadType").expect(Statement.payloadType)
        payload = try Self.decoded(try envelope.member("payload"))
        signatures = []
        let entries = try envelope.member("signatures").elements()
        guard (1...Self.maximumSignatures).contains(entries.count) else {
            throw MaxError(.malformed, "signature: \(entries.count) signatures, expected 1 to \(Self.maximumSignatures)")
        }
        for entry in entries {
            try entry.onlyMembers(["sig", "keyid"])
            signatures.append(try Self.decoded(try entry.member("sig")))
        }
    }

    private static func decoded(_ member: Member) throws(MaxError) -> [UInt8] {
        guard let bytes = Base64.decode(try member.text().utf8) else { throw MaxError(.malformed, "\(member.place): not base64") }
        return bytes
    }

    /// The trusted key that made one of the signatures, and the statement that it signed. Nothing of the payload is
    /// looked at before a signature over it has been found good.
    ///
    /// - Throws: `.untrusted` when the hint names a key that is not trusted; `.signatureInvalid` when none verifies.
    func verified(by trust: TrustStore) throws(MaxError) -> (PublicKey, Statement) {
        let message = Self.authenticated(payload)
        for key in trust.keys {
            for signature in signatures where key.verifies(signature, of: message) { return (key, try Statement(payload)) }
        }
        let trusted = trust.keys.map { String($0.fingerprint.prefix(12)) }.joined(separator: ", ")
        if let hint, !trust.keys.contains(where: { $0.fingerprint == hint }) {
            throw MaxError(
                .untrusted, "no trusted key made the signature: it names \(Text(String(hint.prefix(12))).quoted), trusted are \(trusted)")
        }
        throw MaxError(.signatureInvalid, "the signature does not verify with any trusted key (\(trusted))")
    }
}
