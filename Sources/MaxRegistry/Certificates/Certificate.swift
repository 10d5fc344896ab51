import COpenSSL
import MaxIR

/// An X.509 certificate.
public final class Certificate: @unchecked Sendable {
    // Sendable: read-only once read; what OpenSSL caches in it is under its lock.
    let pointer: OpaquePointer
    package let der: [UInt8]

    private init(_ pointer: OpaquePointer) {
        self.pointer = pointer
        der = DER.write { i2d_X509(pointer, $0) }
    }

    deinit { X509_free(pointer) }

    /// - Throws: `.malformed` unless `der` is one certificate and nothing more.
    convenience init(der: [UInt8], place: String) throws(MaxError) {
        guard let found = DER.read(der, { d2i_X509(nil, $0, $1) }, X509_free) else {
            throw MaxError(.malformed, "\(place): not a certificate in DER")
        }
        self.init(found)
    }

    /// All certificates of a text, in its order.
    ///
    /// - Throws: `.malformed` when there is none, or one that cannot be read.
    public static func list(pem: [UInt8], place: String) throws(MaxError) -> [Certificate] {
        try PEM.list(pem, "a certificate", place) { PEM_read_bio_X509($0, nil, nil, nil) }.map { Certificate($0) }
    }

    /// - Throws: `.untrusted` for keys that OMS does not know, and for curves that are given by their parameters.
    func publicKey(_ place: String) throws(MaxError) -> PublicKey {
        defer { ERR_clear_error() }
        guard let key = X509_get_pubkey(pointer) else {
            throw MaxError(.untrusted, "\(place): the certificate has a key that is not known")
        }
        return try PublicKey(key, place)
    }

    var subject: Text {
        var name = [CChar](repeating: 0, count: 256)
        _ = X509_NAME_oneline(X509_get_subject_name(pointer), &name, Int32(name.count))
        return Text(utf8: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) })
    }
}

/// A list of certificates that were revoked, signed by who issued them.
public final class CertificateRevocations: @unchecked Sendable {
    // Sendable: as Certificate.
    let pointer: OpaquePointer

    private init(_ pointer: OpaquePointer) { self.pointer = pointer }

    deinit { X509_CRL_free(pointer) }

    /// - Throws: `.malformed` when there is none, or one that cannot be read.
    public static func list(pem: [UInt8], place: String) throws(MaxError) -> [CertificateRevocations] {
        try PEM.list(pem, "a revocation list", place) { PEM_read_bio_X509_CRL($0, nil, nil, nil) }.map { CertificateRevocations($0) }
    }
}

enum DER {
    /// nil unless all of `bytes` is one value.
    static func read(
        _ bytes: [UInt8], _ body: (UnsafeMutablePointer<UnsafePointer<UInt8>?>, Int) -> OpaquePointer?, _ free: (OpaquePointer?) -> Void
    ) -> OpaquePointer? {
        defer { ERR_clear_error() }
        guard !bytes.isEmpty, bytes.count <= 1 << 20 else { return nil }
        return bytes.withUnsafeBufferPointer { buffer in
            var position = buffer.baseAddress
            guard let found = body(&position, buffer.count) else { return nil }
            guard position == buffer.baseAddress.map({ $0 + buffer.count }) else {
                free(found)
                return nil
            }
            return found
        }
    }

    static func write(_ body: (UnsafeMutablePointer<UnsafeMutablePointer<UInt8>?>?) -> Int32) -> [UInt8] {
        let count = body(nil)
        guard count > 0 else { return [] }
        return [UInt8](unsafeUninitializedCapacity: Int(count)) { buffer, written in
            var position = buffer.baseAddress
            written = max(0, Int(body(&position)))
        }
    }
}

extension PEM {
    static let maximumEntries = 1000

    static func list(_ bytes: [UInt8], _ what: String, _ place: String, _ read: (OpaquePointer) -> OpaquePointer?) throws(MaxError)
        -> [OpaquePointer]
    {
        guard !bytes.isEmpty, bytes.count <= 16 << 20 else { throw MaxError(.malformed, "\(place): not \(what) in PEM") }
        defer { ERR_clear_error() }
        var found: [OpaquePointer] = []
        let isWhole = bytes.withUnsafeBytes { raw in
            guard let bio = BIO_new_mem_buf(raw.baseAddress, Int32(raw.count)) else { return false }
            defer { BIO_free(bio) }
            ERR_clear_error()
            while found.count < maximumEntries {
                guard let next = read(bio) else { return ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE }
                found.append(next)
            }
            return true
        }
        guard isWhole, !found.isEmpty else { throw MaxError(.malformed, "\(place): not \(what) in PEM") }
        return found
    }
}
