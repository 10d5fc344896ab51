import MaxIR

/// Whose signatures count, and how many are asked for.
public struct SignatureTrust: Sendable {
    /// Keys that are trusted by themselves.
    public var keys: TrustStore
    /// Distinct keys that must have signed; a key that signs twice counts once.
    public var threshold: Int

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
    /// - Throws: `.untrusted` when the hint names a key that is not trusted; `.signatureInvalid` when none verifies.
    func signers(of bundle: SignatureBundle) throws(MaxError) -> [Signed] {
        let message = SignatureBundle.authenticated(bundle.payload)
        var found: [Signed] = []
        for key in keys.keys where !found.contains(where: { $0.key.fingerprint == key.fingerprint }) {
            if bundle.signatures.contains(where: { key.verifies($0, of: message) }) { found.append(Signed(key: key, time: nil)) }
        }
        guard found.isEmpty else { return found }
        let trusted = keys.keys.map { String($0.fingerprint.prefix(12)) }.joined(separator: ", ")
        guard bundle.certificates.isEmpty else {
            throw MaxError(.untrusted, "signed with a certificate: name the authorities to trust")
        }
        if let hint = bundle.hint, !keys.keys.contains(where: { $0.fingerprint == hint }) {
            throw MaxError(
                .untrusted, "no trusted key made the signature: it names \(Text(String(hint.prefix(12))).quoted), trusted are \(trusted)")
        }
        throw MaxError(.signatureInvalid, "the signature does not verify with any trusted key (\(trusted))")
    }
}
