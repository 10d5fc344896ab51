import MaxIR

/// Whose signatures count, and how many are asked for.
public struct SignatureTrust: Sendable {
    /// Keys that are trusted by themselves.
    public var keys: TrustStore
    /// Distinct keys that must have signed; a key that signs twice counts once.
    public var threshold: Int

    /// Authorities whose certificates make a key trusted.
    public var authorities: [Certificate] = []
    /// When given, the list of the signer's issuer must be among them.
    public var revocations: [CertificateRevocations] = []
    /// Authorities whose time stamps count; when given, every signature needs one.
    public var timestampAuthorities: [Certificate] = []
    /// When certificates must be valid, unless a time stamp says when the signature was there.
    package var time = Timestamp.now

    public init(keys: TrustStore = TrustStore([]), threshold: Int = 1) {
        self.keys = keys
        self.threshold = threshold
    }

    /// A key that signed, with the time that an authority gave its signature.
    struct Signed {
        let key: PublicKey
        let time: Timestamp?
    }

    /// Finds who signed, and has the content checked against each statement of theirs.
    ///
    /// - Parameter check: the content's digest; throws unless the content is what the statement says.
    /// - Throws: the first failure when nobody signed; `.untrusted` when too few did; what `check` throws.
    func report(on signatures: [[UInt8]], check: (Statement) throws(MaxError) -> String) throws(MaxError) -> ModelSignature.Report {
        guard threshold >= 1 else { throw MaxError(.usage, "threshold \(threshold), expected at least 1") }
        var signed: [Signed] = []
        var digest = ""
        var failure: MaxError?
        for bytes in signatures {
            let bundle = try SignatureBundle(bytes)
            let found: [Signed]
            do throws(MaxError) { found = try signers(of: bundle) } catch {
                failure = failure ?? error
                continue
            }
            digest = try check(try Statement(bundle.payload))
            for one in found where !signed.contains(where: { $0.key.fingerprint == one.key.fingerprint }) { signed.append(one) }
        }
        guard !signed.isEmpty else { throw failure ?? MaxError(.unsigned, "there is no signature") }
        guard signed.count >= threshold else {
            let reason = failure.map { ": \($0.message)" } ?? ""
            throw MaxError(.untrusted, "signed by \(signed.count) trusted keys, asked for are \(threshold)\(reason)")
        }
        return ModelSignature.Report(signers: signed.map(\.key.fingerprint), digest: digest, time: signed.compactMap(\.time).max())
    }

    /// The distinct trusted keys that made signatures of an envelope; never empty. The payload is not looked at.
    ///
    /// - Throws: `.untrusted` when the hint names a key that is not trusted; `.signatureInvalid` when none verifies; `.expired` and
    ///   `.revoked` of certificates; `.evidenceMissing` without a time stamp where one is asked for.
    func signers(of bundle: SignatureBundle) throws(MaxError) -> [Signed] {
        let message = SignatureBundle.authenticated(bundle.payload)
        var found: [Signed] = []
        var failure: MaxError?
        for key in keys.keys where !found.contains(where: { $0.key.fingerprint == key.fingerprint }) {
            guard let signature = bundle.signatures.first(where: { key.verifies($0, of: message) }) else { continue }
            do throws(MaxError) { found.append(Signed(key: key, time: try timestamp(of: signature, bundle))) } catch { failure = error }
        }
        if !bundle.certificates.isEmpty, !authorities.isEmpty {
            do throws(MaxError) {
                let signed = try certified(bundle, message)
                if !found.contains(where: { $0.key.fingerprint == signed.key.fingerprint }) { found.append(signed) }
            } catch { failure = error }
        }
        guard found.isEmpty else { return found }
        if let failure { throw failure }
        guard bundle.certificates.isEmpty else {
            throw MaxError(.untrusted, "signed with a certificate: name the authorities to trust")
        }
        let trusted = keys.keys.map { String($0.fingerprint.prefix(12)) }.joined(separator: ", ")
        if let hint = bundle.hint, !keys.keys.contains(where: { $0.fingerprint == hint }) {
            throw MaxError(
                .untrusted, "no trusted key made the signature: it names \(Text(String(hint.prefix(12))).quoted), trusted are \(trusted)")
        }
        throw MaxError(.signatureInvalid, "the signature does not verify with any trusted key (\(trusted))")
    }

    private func certified(_ bundle: SignatureBundle, _ message: [UInt8]) throws(MaxError) -> Signed {
        let chain = try CertificateChain(der: bundle.certificates)
        guard let signature = bundle.signatures.first(where: { chain.key.verifies($0, of: message) }) else {
            throw MaxError(
                .signatureInvalid, "the signature does not verify with the key of the certificate of \(chain.leaf.subject.quoted)")
        }
        let stamped = try timestamp(of: signature, bundle)
        try chain.verify(anchors: authorities, revocations: revocations, at: stamped ?? time, now: time)
        return Signed(key: chain.key, time: stamped)
    }

    /// The earliest time that a trusted authority gave a signature; nil when nobody asks.
    private func timestamp(of signature: [UInt8], _ bundle: SignatureBundle) throws(MaxError) -> Timestamp? {
        guard !timestampAuthorities.isEmpty else { return nil }
        var found: [Timestamp] = []
        var failure = MaxError(.evidenceMissing, "the signature has no time stamp")
        for token in bundle.timestamps {
            do throws(MaxError) {
                found.append(try TimestampToken.verify(token, over: signature, anchors: timestampAuthorities, now: time))
            } catch { failure = error }
        }
        guard let earliest = found.min() else { throw failure }
        return earliest
    }
}
