import MaxFormats
import MaxIR

/// A Sigstore bundle (v0.3) around a DSSE envelope: the file that `model_signing` calls `model.sig`.
package struct SignatureBundle {
    static let mediaType = "application/vnd.dev.sigstore.bundle.v0.3+json"
    static let maximumBytes = 64 << 20
    static let maximumSignatures = 16

    static let maximumCertificates = 8
    static let maximumTimestamps = 16

    /// Lowercase hexadecimal SHA-256 of the signer's key in PEM; a hint, never trusted. nil when there is none.
    var hint: String?
    /// DER: the signer's, then whose key signed it, and so on; empty when the signer is named by a key.
    var certificates: [[UInt8]] = []
    /// RFC 3161 responses over the bytes of one of the signatures each, DER.
    var timestamps: [[UInt8]] = []
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

    init(signing statement: Statement, with signer: any Signer) throws(MaxError) {
        payload = statement.payload
        signatures = [try signer.sign(Self.authenticated(payload))]
        certificates = signer.certificates
        hint = certificates.isEmpty ? signer.publicKey.fingerprint : nil
    }

    package var bytes: [UInt8] {
        var json = JSONWriter()
        json.object { json in
            json.member("mediaType", Self.mediaType)
            json.member(
                "verificationMaterial",
                object: { json in
                    if certificates.isEmpty {
                        json.member("publicKey", object: { $0.member("hint", hint ?? "") })
                    } else {
                        json.member(
                            "x509CertificateChain",
                            object: { $0.member("certificates", array: { Self.write(certificates, as: "rawBytes", &$0) }) })
                    }
                    json.member("tlogEntries", array: { _ in })
                    if !timestamps.isEmpty {
                        json.member(
                            "timestampVerificationData",
                            object: { $0.member("rfc3161Timestamps", array: { Self.write(timestamps, as: "signedTimestamp", &$0) }) })
                    }
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

    private static func write(_ list: [[UInt8]], as name: String, _ json: inout JSONWriter) {
        for bytes in list { json.object { $0.member(name, Base64.encode(bytes)) } }
    }

    /// Checks the shape; says nothing of who signed. The payload is not parsed.
    ///
    /// - Throws: `.malformed`, `.limitExceeded`, and `.unsupported` for keyless material.
    init(_ bytes: [UInt8]) throws(MaxError) {
        guard bytes.count <= Self.maximumBytes else {
            throw MaxError(.limitExceeded, "signature: \(bytes.count) bytes, at most \(Self.maximumBytes)")
        }
        try Nesting.check(bytes, "signature")
        let root = Member(try JSONReader.read(bytes), "signature")
        try root.onlyMembers(["mediaType", "verificationMaterial", "dsseEnvelope"])
        try root.member("mediaType").expect(Self.mediaType)
        let material = try root.member("verificationMaterial")
        try material.onlyMembers(["publicKey", "x509CertificateChain", "certificate", "tlogEntries", "timestampVerificationData"])
        let chain = material.optional("x509CertificateChain")
        if let key = material.optional("publicKey") {
            guard chain == nil else { throw MaxError(.malformed, "signature: names a key, and certificates too") }
            let named = try key.optional("hint")?.text().string ?? ""
            hint = named.isEmpty ? nil : named
        } else if let chain {
            try chain.onlyMembers(["certificates"])
            certificates = try Self.list(try chain.member("certificates"), "rawBytes", atMost: Self.maximumCertificates)
        } else {
            throw MaxError(
                .unsupported, "signature: made without a key of its own (keyless certificate); keys and certificate chains are read")
        }
        if let times = material.optional("timestampVerificationData")?.optional("rfc3161Timestamps"), !(try times.elements().isEmpty) {
            timestamps = try Self.list(times, "signedTimestamp", atMost: Self.maximumTimestamps)
        }
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

    private static func list(_ member: Member, _ name: String, atMost maximum: Int) throws(MaxError) -> [[UInt8]] {
        let elements = try member.elements()
        guard (1...maximum).contains(elements.count) else {
            throw MaxError(elements.isEmpty ? .malformed : .limitExceeded, "\(member.place): \(elements.count), expected 1 to \(maximum)")
        }
        var found: [[UInt8]] = []
        for element in elements {
            try element.onlyMembers([name])
            found.append(try decoded(try element.member(name)))
        }
        return found
    }
}
