import COpenSSL
import MaxIR
import MaxRegistry
import Testing

/// Certificates and revocation lists for tests, made with the names, times and extensions that a test asks for.
final class Authority {
    let certificate: OpaquePointer
    let evp: OpaquePointer
    let key: PrivateKey
    private nonisolated(unsafe) static var serial = 0

    static let ca: [(Int32, String)] = [(NID_basic_constraints, "critical,CA:TRUE"), (NID_key_usage, "critical,keyCertSign,cRLSign")]
    static let leaf: [(Int32, String)] = [(NID_basic_constraints, "CA:FALSE"), (NID_key_usage, "critical,digitalSignature")]
    /// 2024 to 2035.
    static let from = 1_704_067_200
    static let to = 2_051_222_400

    /// - Parameter issuer: nil for one that signs itself.
    init(
        _ name: String, _ extensions: [(Int32, String)] = ca, issuer: Authority? = nil, from: Int = from, to: Int = to,
        number: Int? = nil
    ) throws {
        let context = try #require(EVP_PKEY_CTX_new_from_name(nil, "EC", nil))
        defer { EVP_PKEY_CTX_free(context) }
        var made: OpaquePointer?
        try #require(EVP_PKEY_keygen_init(context) == 1 && EVP_PKEY_CTX_set_group_name(context, "P-256") == 1)
        try #require(EVP_PKEY_generate(context, &made) == 1)
        evp = try #require(made)
        certificate = try #require(X509_new())
        Self.serial += 1
        X509_set_version(certificate, 2)
        ASN1_INTEGER_set(X509_get_serialNumber(certificate), number ?? Self.serial)
        ASN1_TIME_set(X509_getm_notBefore(certificate), from)
        ASN1_TIME_set(X509_getm_notAfter(certificate), to)
        X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate), "CN", 0x1001, name, -1, -1, 0)
        X509_set_issuer_name(certificate, X509_get_subject_name(issuer?.certificate ?? certificate))
        X509_set_pubkey(certificate, evp)
        for (kind, value) in extensions {
            let made = try #require(X509V3_EXT_conf_nid(nil, nil, kind, value))
            X509_add_ext(certificate, made, -1)
            X509_EXTENSION_free(made)
        }
        try #require(X509_sign(certificate, issuer?.evp ?? evp, EVP_sha256()) > 0)
        let evp = evp
        let pem = Self.text { PEM_write_bio_PKCS8PrivateKey($0, evp, nil, nil, 0, nil, nil) }
        key = try PrivateKey(pem: pem, place: "key")
    }

    deinit {
        X509_free(certificate)
        EVP_PKEY_free(evp)
    }

    var trusted: [Certificate] {
        get throws { try Certificate.list(pem: Self.text { PEM_write_bio_X509($0, certificate) }, place: "ca") }
    }

    var der: [UInt8] {
        get throws { try #require(try trusted.first).der }
    }

    /// A list of this authority that holds the certificates.
    func list(_ revoked: [Authority], from: Int = from, to: Int = to) throws -> [CertificateRevocations] {
        let list = try #require(X509_CRL_new())
        defer { X509_CRL_free(list) }
        X509_CRL_set_version(list, 1)
        X509_CRL_set_issuer_name(list, X509_get_subject_name(certificate))
        let (start, end) = (ASN1_TIME_set(nil, from), ASN1_TIME_set(nil, to))
        defer {
            ASN1_TIME_free(start)
            ASN1_TIME_free(end)
        }
        X509_CRL_set1_lastUpdate(list, start)
        X509_CRL_set1_nextUpdate(list, end)
        for one in revoked {
            let entry = try #require(X509_REVOKED_new())
            X509_REVOKED_set_serialNumber(entry, X509_get_serialNumber(one.certificate))
            X509_REVOKED_set_revocationDate(entry, start)
            X509_CRL_add0_revoked(list, entry)
        }
        try #require(X509_CRL_sign(list, evp, EVP_sha256()) > 0)
        return try CertificateRevocations.list(pem: Self.text { PEM_write_bio_X509_CRL($0, list) }, place: "crl")
    }

    private static func text(_ body: (OpaquePointer) -> Int32) -> [UInt8] {
        guard let bio = BIO_new(BIO_s_mem()) else { return [] }
        defer { BIO_free(bio) }
        guard body(bio) == 1 else { return [] }
        var bytes = [UInt8](repeating: 0, count: 1 << 16)
        let count = BIO_read(bio, &bytes, Int32(bytes.count))
        return Array(bytes.prefix(Int(max(0, count))))
    }
}

/// A key with certificates that nobody has looked at.
struct Vouched: Signer {
    let key: PrivateKey
    let certificates: [[UInt8]]

    var publicKey: PublicKey { key.publicKey }

    func sign(_ message: [UInt8]) throws(MaxError) -> [UInt8] { try key.sign(message) }
}
