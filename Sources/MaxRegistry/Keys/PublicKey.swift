import COpenSSL
import MaxIR
import MaxRuntime

/// A key that signatures are checked with.
public final class PublicKey: @unchecked Sendable {
    // Sendable: OpenSSL keys are immutable once read, and their reference count is atomic.
    let key: OpaquePointer
    public let curve: Curve
    /// The SubjectPublicKeyInfo in PEM: 64 characters a line, LF.
    public let pem: String
    /// Lowercase hexadecimal SHA-256 of `pem`: how OMS names a key.
    public let fingerprint: String

    init(_ key: OpaquePointer, _ place: String) throws(MaxError) {
        guard let curve = Curve(of: key) else {
            EVP_PKEY_free(key)
            throw MaxError(.untrusted, "\(place): not a key on P-256, P-384 or P-521")
        }
        self.key = key
        self.curve = curve
        let pem = PEM.write { PEM_write_bio_PUBKEY($0, key) }
        self.pem = pem
        fingerprint = Array(pem.utf8).withUnsafeBytes { SHA256.hash($0) }.hex
    }

    deinit { EVP_PKEY_free(key) }

    /// - Throws: `.malformed` when the text holds no public key in PEM; `.untrusted` for a curve that is not allowed.
    public convenience init(pem: [UInt8], place: String) throws(MaxError) {
        guard let key = PEM.read(pem, { PEM_read_bio_PUBKEY($0, nil, nil, nil) }) else {
            throw MaxError(.malformed, "\(place): not a public key in PEM")
        }
        try self.init(key, place)
    }

    /// Whether `signature` (DER) over `message` was made with this key's private half.
    public func verifies(_ signature: [UInt8], of message: [UInt8]) -> Bool {
        guard let context = EVP_MD_CTX_new() else { return false }
        defer { EVP_MD_CTX_free(context) }
        defer { ERR_clear_error() }
        return EVP_DigestVerifyInit(context, nil, curve.digest, nil, key) == 1
            && EVP_DigestVerify(context, signature, signature.count, message, message.count) == 1
    }
}

enum PEM {
    static func read(_ bytes: [UInt8], _ body: (OpaquePointer) -> OpaquePointer?) -> OpaquePointer? {
        guard !bytes.isEmpty, bytes.count <= 1 << 20 else { return nil }
        defer { ERR_clear_error() }
        return bytes.withUnsafeBytes { raw in
            guard let bio = BIO_new_mem_buf(raw.baseAddress, Int32(raw.count)) else { return nil }
            defer { BIO_free(bio) }
            return body(bio)
        }
    }

    static func write(_ body: (OpaquePointer) -> Int32) -> String {
        guard let bio = BIO_new(BIO_s_mem()) else { return "" }
        defer { BIO_free(bio) }
        guard body(bio) == 1 else { return "" }
        var bytes = [UInt8](repeating: 0, count: 1 << 14)
        let count = BIO_read(bio, &bytes, Int32(bytes.count))
        return String(decoding: bytes.prefix(Int(max(count, 0))), as: UTF8.self)
    }
}
