import COpenSSL
import MaxIR

/// The hashes of files that OpenSSF Model Signing names and OpenSSL has; `blake3` is not among them.
enum ContentHash: String, Sendable {
    case sha256
    /// BLAKE2b with a digest of 64 bytes.
    case blake2b

    var byteCount: Int { self == .sha256 ? 32 : 64 }

    /// The digest of what `body` passes to the closure it is given, piece by piece.
    func digest(_ body: ((UnsafeRawBufferPointer) -> Void) throws(MaxError) -> Void) throws(MaxError) -> [UInt8] {
        guard let context = EVP_MD_CTX_new() else { throw MaxError(.internal, "openssl: no memory") }
        defer { EVP_MD_CTX_free(context) }
        guard EVP_DigestInit_ex(context, self == .sha256 ? EVP_sha256() : EVP_blake2b512(), nil) == 1 else {
            throw MaxError(.unsupported, "openssl: has no \(rawValue)")
        }
        var failed = false
        try body { bytes in
            if bytes.count > 0, EVP_DigestUpdate(context, bytes.baseAddress, bytes.count) != 1 { failed = true }
        }
        var out = [UInt8](repeating: 0, count: byteCount)
        guard !failed, EVP_DigestFinal_ex(context, &out, nil) == 1 else { throw MaxError(.internal, "openssl: cannot hash") }
        return out
    }
}
