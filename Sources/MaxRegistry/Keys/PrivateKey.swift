import COpenSSL
import Glibc
import MaxIR

/// A key that signs.
public final class PrivateKey: @unchecked Sendable {
    // Sendable: as PublicKey.
    private let key: OpaquePointer
    public let publicKey: PublicKey

    private init(_ key: OpaquePointer, _ place: String) throws(MaxError) {
        EVP_PKEY_up_ref(key)
        do {
            publicKey = try PublicKey(key, place)
        } catch {
            EVP_PKEY_free(key)
            throw error
        }
        self.key = key
    }

    deinit { EVP_PKEY_free(key) }

    /// A new key.
    public static func generate(_ curve: Curve) throws(MaxError) -> PrivateKey {
        guard let context = EVP_PKEY_CTX_new_from_name(nil, "EC", nil) else { throw MaxError(.internal, "openssl: no EC keys") }
        defer { EVP_PKEY_CTX_free(context) }
        var key: OpaquePointer?
        guard EVP_PKEY_keygen_init(context) == 1, EVP_PKEY_CTX_set_group_name(context, curve.groupName) == 1,
            EVP_PKEY_generate(context, &key) == 1, let key
        else {
            throw MaxError(.internal, "openssl: cannot make a key on \(curve.rawValue)")
        }
        return try PrivateKey(key, "new key")
    }

    /// - Parameter passphrase: for an encrypted key.
    /// - Throws: `.malformed` when the text holds no private key in PEM, or the passphrase does not open it.
    public convenience init(pem: [UInt8], passphrase: [UInt8]? = nil, place: String) throws(MaxError) {
        // Without a callback OpenSSL would ask on the terminal.
        let secret = (passphrase ?? []) + [0]
        let found = secret.withUnsafeBytes { secret in
            PEM.read(pem) { PEM_read_bio_PrivateKey($0, nil, { _, _, _, _ in 0 }, nil) }
                ?? PEM.read(pem) { PEM_read_bio_PrivateKey($0, nil, nil, UnsafeMutableRawPointer(mutating: secret.baseAddress)) }
        }
        guard let found else {
            throw MaxError(.malformed, "\(place): not a private key in PEM, or encrypted with another passphrase")
        }
        try self.init(found, place)
    }

    /// PKCS#8 in PEM, encrypted with AES-256 when there is a passphrase.
    public func pem(passphrase: [UInt8]? = nil) -> String {
        PEM.write { bio in
            guard let passphrase else { return PEM_write_bio_PKCS8PrivateKey(bio, key, nil, nil, 0, nil, nil) }
            var secret = passphrase.map { CChar(bitPattern: $0) }
            return PEM_write_bio_PKCS8PrivateKey(bio, key, EVP_aes_256_cbc(), &secret, Int32(secret.count), nil, nil)
        }
    }

    /// ECDSA over `message` with the curve's digest, as DER.
    public func sign(_ message: [UInt8]) throws(MaxError) -> [UInt8] {
        guard let context = EVP_MD_CTX_new() else { throw MaxError(.internal, "openssl: no memory") }
        defer { EVP_MD_CTX_free(context) }
        var count = 0
        guard EVP_DigestSignInit(context, nil, publicKey.curve.digest, nil, key) == 1,
            EVP_DigestSign(context, nil, &count, message, message.count) == 1
        else { throw MaxError(.internal, "openssl: cannot sign") }
        var signature = [UInt8](repeating: 0, count: count)
        guard EVP_DigestSign(context, &signature, &count, message, message.count) == 1 else {
            throw MaxError(.internal, "openssl: cannot sign")
        }
        return Array(signature.prefix(count))
    }
}
