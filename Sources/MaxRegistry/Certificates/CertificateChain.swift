import COpenSSL
import MaxIR

/// The certificates that came with a signature: who signed, then who vouches for the one before. They prove nothing by
/// themselves; what is trusted comes from who verifies.
struct CertificateChain {
    let leaf: Certificate
    let issuers: [Certificate]
    let key: PublicKey

    /// - Throws: `.malformed`; `.untrusted` for a signer that is an authority, may not sign, or has a key that OMS does not know.
    init(der: [[UInt8]]) throws(MaxError) {
        var all: [Certificate] = []
        for (index, bytes) in der.enumerated() { all.append(try Certificate(der: bytes, place: "certificate \(index)")) }
        guard let leaf = all.first else { throw MaxError(.malformed, "signature: no certificate") }
        self.leaf = leaf
        issuers = Array(all.dropFirst())
        key = try leaf.publicKey("certificate 0")
        // A curve that the writer chose every parameter of says nothing, wherever it is in the chain.
        for issuer in issuers { try Self.checkKey(issuer) }
        let flags = X509_get_extension_flags(leaf.pointer)
        guard flags & UInt32(EXFLAG_CA) == 0 else {
            throw MaxError(.untrusted, "certificate of \(leaf.subject.quoted): an authority's, which signs certificates and no models")
        }
        let maySign = flags & UInt32(EXFLAG_KUSAGE) != 0 && X509_get_key_usage(leaf.pointer) & UInt32(KU_DIGITAL_SIGNATURE) != 0
        let signsCode = flags & UInt32(EXFLAG_XKUSAGE) != 0 && X509_get_extended_key_usage(leaf.pointer) & UInt32(XKU_CODE_SIGN) != 0
        guard maySign || signsCode else {
            throw MaxError(.untrusted, "certificate of \(leaf.subject.quoted): is for neither digitalSignature nor codeSigning")
        }
    }

    private static func checkKey(_ certificate: Certificate) throws(MaxError) {
        defer { ERR_clear_error() }
        guard let key = X509_get0_pubkey(certificate.pointer), EVP_PKEY_get_base_id(key) != EVP_PKEY_EC || Curve(of: key) != nil else {
            throw MaxError(.untrusted, "certificate of \(certificate.subject.quoted): its key is on a curve that is not allowed")
        }
    }

    /// - Parameters:
    ///   - anchors: the authorities that are trusted.
    ///   - revocations: of those and of the issuers; the signer's own must be there when there is any.
    ///   - time: when every certificate must be valid.
    ///   - now: when the revocation lists must be valid. A certificate that is listed is refused whatever `time` is.
    /// - Throws: `.untrusted`, `.expired`, `.revoked`.
    func verify(anchors: [Certificate], revocations: [CertificateRevocations], at time: Timestamp, now: Timestamp) throws(MaxError) {
        for anchor in anchors { try Self.checkKey(anchor) }
        try verify(anchors, [], at: time)
        if !revocations.isEmpty { try verify(anchors, revocations, at: now) }
    }

    private func verify(_ anchors: [Certificate], _ revocations: [CertificateRevocations], at time: Timestamp) throws(MaxError) {
        defer { ERR_clear_error() }
        guard let store = X509_STORE_new(), let context = X509_STORE_CTX_new(), let others = OPENSSL_sk_new_null() else {
            throw MaxError(.internal, "openssl: no memory")
        }
        defer {
            X509_STORE_CTX_free(context)
            OPENSSL_sk_free(others)
            X509_STORE_free(store)
        }
        for anchor in anchors { X509_STORE_add_cert(store, anchor.pointer) }
        for list in revocations { X509_STORE_add_crl(store, list.pointer) }
        for issuer in issuers { OPENSSL_sk_push(others, UnsafeRawPointer(issuer.pointer)) }
        guard X509_STORE_CTX_init(context, store, leaf.pointer, others) == 1, let options = X509_STORE_CTX_get0_param(context) else {
            throw MaxError(.internal, "openssl: cannot check certificates")
        }
        X509_VERIFY_PARAM_set_time(options, time_t(time.seconds))
        // 112 bits: no SHA-1, no RSA below 2048.
        X509_VERIFY_PARAM_set_auth_level(options, 2)
        X509_VERIFY_PARAM_set_depth(options, Int32(SignatureBundle.maximumCertificates))
        if !revocations.isEmpty {
            X509_VERIFY_PARAM_set_flags(options, UInt(X509_V_FLAG_CRL_CHECK | X509_V_FLAG_CRL_CHECK_ALL))
            X509_STORE_CTX_set_verify_cb(context) { passed, context in
                if passed == 1 { return 1 }
                switch X509_STORE_CTX_get_error(context) {
                // Judged at another time already.
                case X509_V_ERR_CERT_HAS_EXPIRED, X509_V_ERR_CERT_NOT_YET_VALID: return 1
                // Lists of authorities may be missing.
                case X509_V_ERR_UNABLE_TO_GET_CRL: return X509_STORE_CTX_get_error_depth(context) > 0 ? 1 : 0
                default: return 0
                }
            }
        }
        guard X509_verify_cert(context) == 1 else {
            let error = X509_STORE_CTX_get_error(context)
            let reason = X509_verify_cert_error_string(Int(error)).map { String(cString: $0) } ?? "error \(error)"
            throw MaxError(Self.code(error), "certificate of \(leaf.subject.quoted): \(reason) (at \(time.text))")
        }
    }

    private static func code(_ error: Int32) -> MaxError.Code {
        switch error {
        case X509_V_ERR_CERT_HAS_EXPIRED, X509_V_ERR_CERT_NOT_YET_VALID, X509_V_ERR_CRL_HAS_EXPIRED, X509_V_ERR_CRL_NOT_YET_VALID: .expired
        case X509_V_ERR_CERT_REVOKED: .revoked
        default: .untrusted
        }
    }
}

/// A key with the certificates that vouch for it.
public struct CertifiedSigner: Signer {
    private let signer: any Signer
    public let certificates: [[UInt8]]

    /// - Parameter chain: the signer's certificate first.
    /// - Throws: `.usage` when the certificate is of another key; `.limitExceeded`; `.untrusted` as when it is verified.
    public init(_ signer: any Signer, chain: [Certificate]) throws(MaxError) {
        guard chain.count <= SignatureBundle.maximumCertificates else {
            throw MaxError(.limitExceeded, "\(chain.count) certificates, at most \(SignatureBundle.maximumCertificates)")
        }
        certificates = chain.map(\.der)
        guard try CertificateChain(der: certificates).key.fingerprint == signer.publicKey.fingerprint else {
            throw MaxError(.usage, "the certificate is of another key than the one that signs")
        }
        self.signer = signer
    }

    public var publicKey: PublicKey { signer.publicKey }

    public func sign(_ message: [UInt8]) throws(MaxError) -> [UInt8] { try signer.sign(message) }
}
