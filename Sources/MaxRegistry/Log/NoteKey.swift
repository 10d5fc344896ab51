import COpenSSL
import MaxIR
import MaxRuntime

/// A key that signs notes under a name (C2SP signed-note, tlog-cosignature).
public struct NoteKey: Sendable {
    enum Algorithm: Sendable {
        /// Type 0x02: ECDSA over the text with the curve's digest, as DER.
        case ecdsa(PublicKey)
        /// Type 0x01, over the text: the 32 bytes of the key.
        case ed25519([UInt8])
        /// Type 0x04, over time and text, as witnesses sign: the 32 bytes of the key.
        case cosignature([UInt8])
    }

    public let name: Text
    /// With the name it tells which signature line to check; far too short to trust.
    public let id: UInt32
    let algorithm: Algorithm

    /// - Throws: `.malformed` for a name that no signature line can carry.
    public init(name: Text, _ key: PublicKey) throws(MaxError) {
        try SignedNote.checkName(name)
        self.name = name
        id = key.noteID
        algorithm = .ecdsa(key)
    }

    /// Reads `name+keyid+base64(type ‖ key)`, with the key id as 8 hexadecimal digits.
    ///
    /// - Throws: `.malformed`; `.unsupported` for a type other than Ed25519; `.untrusted` when the id is another key's.
    public init(verifierKey text: String) throws(MaxError) {
        let parts = Array(text.utf8).split(separator: UInt8(ascii: "+"), maxSplits: 2, omittingEmptySubsequences: false)
        let quoted = Text(String(text.prefix(120))).quoted
        guard parts.count == 3, parts[1].count == 8, parts[1].allSatisfy({ Self.isHexadecimal($0) }),
            let stated = UInt32(String(decoding: parts[1], as: UTF8.self), radix: 16),
            let encoded = Base64.decodeCanonical(Array(parts[2])), let type = encoded.first
        else { throw MaxError(.malformed, "verifier key \(quoted): expected name+keyid+base64") }
        name = Text(utf8: Array(parts[0]))
        try SignedNote.checkName(name)
        let key = Array(encoded.dropFirst())
        switch type {
        case 1: algorithm = .ed25519(key)
        case 4: algorithm = .cosignature(key)
        default: throw MaxError(.unsupported, "verifier key \(quoted): type \(type), expected 1 or 4 (Ed25519)")
        }
        guard key.count == 32 else { throw MaxError(.malformed, "verifier key \(quoted): \(key.count) bytes, expected 32") }
        id = PublicKey.noteID(name.utf8 + [0x0a] + encoded)
        guard id == stated else {
            throw MaxError(.untrusted, "verifier key \(quoted): the key's id is \(String(id, radix: 16)), not the one stated")
        }
    }

    private static func isHexadecimal(_ byte: UInt8) -> Bool {
        (0x30...0x39).contains(byte) || (0x61...0x66).contains(byte) || (0x41...0x46).contains(byte)
    }

    func verifies(_ signature: [UInt8], of text: [UInt8]) -> Bool {
        switch algorithm {
        case .ecdsa(let key): return key.verifies(signature, of: text)
        case .ed25519(let key): return Self.ed25519(key, signature, of: text)
        case .cosignature(let key):
            guard signature.count == 8 + 64 else { return false }
            let time = signature.prefix(8).reduce(0) { $0 << 8 | UInt64($1) }
            guard time <= UInt64(Int64.max) else { return false }
            return Self.ed25519(key, Array(signature.dropFirst(8)), of: Array("cosignature/v1\ntime \(time)\n".utf8) + text)
        }
    }

    private static func ed25519(_ bytes: [UInt8], _ signature: [UInt8], of message: [UInt8]) -> Bool {
        defer { ERR_clear_error() }
        guard let key = EVP_PKEY_new_raw_public_key_ex(nil, "ED25519", nil, bytes, bytes.count) else { return false }
        defer { EVP_PKEY_free(key) }
        guard let context = EVP_MD_CTX_new() else { return false }
        defer { EVP_MD_CTX_free(context) }
        return EVP_DigestVerifyInit(context, nil, nil, nil, key) == 1
            && EVP_DigestVerify(context, signature, signature.count, message, message.count) == 1
    }
}

extension PublicKey {
    /// The key's id in notes: the first four bytes of SHA-256 over the SubjectPublicKeyInfo in DER.
    public var noteID: UInt32 {
        var encoded: UnsafeMutablePointer<UInt8>?
        let count = i2d_PUBKEY(key, &encoded)
        defer { CRYPTO_free(encoded, nil, 0) }
        return Self.noteID(Array(UnsafeBufferPointer(start: encoded, count: Int(max(count, 0)))))
    }

    static func noteID(_ covered: [UInt8]) -> UInt32 {
        covered.withUnsafeBytes { SHA256.hash($0) }.prefix(4).reduce(0) { $0 << 8 | UInt32($1) }
    }
}
