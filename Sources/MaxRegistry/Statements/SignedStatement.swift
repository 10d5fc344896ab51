import MaxFormats
import MaxIR

/// An in-toto statement in a DSSE envelope, in a Sigstore bundle: the one form of everything that somebody says in a
/// registry. Evidence, approvals, pointers, verdicts and trust roots differ in their predicate only.
///
/// Nothing of the payload is looked at before a trusted key has been found to have signed it.
package struct SignedStatement: Sendable {
    /// Of the file.
    package let digest: BlobDigest
    package let bytes: [UInt8]
    /// Whose signatures are good, among the keys that were asked about; never empty.
    package let signers: [PublicKey]
    package let subjectName: Text
    package let subject: BlobDigest
    package let predicateType: String
    let predicate: Member

    static let maximumBytes = 4 << 20

    /// - Parameters:
    ///   - keys: whose signatures count.
    ///   - place: for messages.
    /// - Throws: `.untrusted` when no signature is by one of `keys`; `.signatureInvalid` when the hint names one of them and
    ///   its signature is bad; `.malformed`, `.limitExceeded`.
    package init(_ bytes: [UInt8], keys: [PublicKey], place: String) throws(MaxError) {
        do throws(MaxError) {
            guard bytes.count <= Self.maximumBytes else {
                throw MaxError(.limitExceeded, "\(bytes.count) bytes, at most \(Self.maximumBytes)")
            }
            let envelope = try SignatureBundle(bytes)
            let message = SignatureBundle.authenticated(envelope.payload)
            // Keys are counted, never signatures: one key that signs twice is one signer.
            signers = keys.filter { key in envelope.signatures.contains { key.verifies($0, of: message) } }
            guard !signers.isEmpty else {
                if let hint = envelope.hint, keys.contains(where: { $0.fingerprint == hint }) {
                    throw MaxError(.signatureInvalid, "the signature of \(hint.prefix(12)) does not verify")
                }
                let named = envelope.hint.map { "it names \(Text(String($0.prefix(12))).quoted)" } ?? "it names no key"
                throw MaxError(.untrusted, "signed by none of the \(keys.count) keys that may: \(named)")
            }
            self.bytes = bytes
            digest = BlobDigest(of: bytes)
            let root = Member(try JSONReader.read(envelope.payload), "statement")
            try root.member("_type").expect(Statement.type)
            let subjects = try root.member("subject").elements()
            guard subjects.count == 1 else { throw MaxError(.malformed, "statement: \(subjects.count) subjects, expected one") }
            subjectName = try subjects[0].optional("name")?.text() ?? ""
            subject = try subjects[0].member("digest").digestSet()
            predicateType = try root.member("predicateType").text().string
            predicate = try root.member("predicate")
        } catch {
            throw error.inside(place)
        }
    }

    /// - Throws: `.malformed` when the statement says something of another kind: an attestation is no approval.
    package func expect(_ type: String) throws(MaxError) {
        guard predicateType == type else {
            throw MaxError(.malformed, "statement \(digest.hex.prefix(12)): is a \(Text(predicateType).quoted), expected \"\(type)\"")
        }
    }

    /// The bytes of a new statement: compact JSON in a fixed order of members, so that equal statements are equal payloads.
    package static func sign(
        _ subject: BlobDigest, name: Text, type: String, with keys: [any Signer], predicate: (inout JSONWriter) -> Void
    ) throws(MaxError) -> [UInt8] {
        var json = JSONWriter()
        json.object(predicate)
        return try sign(subject, name: name, type: type, predicate: json.bytes, with: keys)
    }

    /// `predicate` is one JSON value, and stands as it is.
    package static func sign(_ subject: BlobDigest, name: Text, type: String, predicate: [UInt8], with keys: [any Signer]) throws(MaxError)
        -> [UInt8]
    {
        var json = JSONWriter()
        json.object { json in
            json.member("_type", Statement.type)
            json.member(
                "subject",
                array: { json in
                    json.object { json in
                        json.key("name")
                        json.value(name)
                        json.member("digest", object: { $0.member("sha256", subject.hex) })
                    }
                })
            json.member("predicateType", type)
            json.member("predicate", json: predicate)
        }
        return try sign(payload: json.bytes, with: keys)
    }

    /// The same payload with one more signature; one by the same key is replaced.
    ///
    /// - Throws: `.malformed`, `.limitExceeded`.
    package static func adding(_ signer: any Signer, to bytes: [UInt8], place: String) throws(MaxError) -> [UInt8] {
        do throws(MaxError) {
            var envelope = try SignatureBundle(bytes)
            let message = SignatureBundle.authenticated(envelope.payload)
            envelope.signatures.removeAll { signer.publicKey.verifies($0, of: message) }
            guard envelope.signatures.count < SignatureBundle.maximumSignatures else {
                throw MaxError(.limitExceeded, "\(envelope.signatures.count) signatures, at most \(SignatureBundle.maximumSignatures)")
            }
            envelope.signatures.append(try signer.sign(message))
            return envelope.bytes
        } catch {
            throw error.inside(place)
        }
    }

    private static func sign(payload: [UInt8], with keys: [any Signer]) throws(MaxError) -> [UInt8] {
        let message = SignatureBundle.authenticated(payload)
        var signatures: [[UInt8]] = []
        for key in keys { signatures.append(try key.sign(message)) }
        return SignatureBundle(hint: keys.first?.publicKey.fingerprint, payload: payload, signatures: signatures).bytes
    }
}

/// The kinds of statement, by their predicate types.
package enum PredicateType {
    /// OpenSSF Model Signing 1.0.
    package static let modelSignature = Statement.predicateType
    package static let provenance = "https://slsa.dev/provenance/v1"
    package static let verdict = "https://slsa.dev/verification_summary/v1"
    package static let materials = "https://cyclonedx.org/bom"
    package static let evaluation = "urn:maxai:evaluation:v1"
    package static let drift = "urn:maxai:drift:v1"
    package static let parity = "urn:maxai:parity:v1"
    package static let latency = "urn:maxai:latency:v1"
    package static let rebuild = "urn:maxai:rebuild:v1"
    package static let approval = "urn:maxai:approval:v1"
    package static let waiver = "urn:maxai:waiver:v1"
    package static let push = "urn:maxai:push:v1"
    package static let pointer = "urn:maxai:alias:v1"
    package static let revocations = "urn:maxai:revocations:v1"
    package static let root = "urn:maxai:root:v1"

    /// What may be attached to a version, by its short name.
    package static let evidence: [String: String] = [
        "provenance": provenance, "bom": materials, "evaluation": evaluation, "drift": drift, "parity": parity, "latency": latency,
        "rebuild": rebuild, "approval": approval, "waiver": waiver,
    ]

    /// The short name of a kind of evidence; the type itself for others.
    package static func shortName(_ type: String) -> String { evidence.first { $0.value == type }?.key ?? type }
}
