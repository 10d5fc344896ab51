import COpenSSL
import CPKCS11
import Glibc
import MaxIR
import MaxRuntime
import Synchronization

/// A key that stays in a PKCS #11 token: a security module, a card, or SoftHSM.
public final class TokenKey: Signer {
    public let publicKey: PublicKey
    private let token: Mutex<Token>

    /// - Parameters:
    ///   - address: as `TokenURI` reads it.
    ///   - known: the public key, for tokens that do not keep it.
    /// - Throws: `.usage`, `.notFound` for a library, token or key that is not there, `.io` with the token's own code.
    public init(address: String, publicKey known: PublicKey? = nil) throws(MaxError) {
        let address = try TokenURI(address)
        let token = try Token(address)
        if let known { publicKey = known } else { publicKey = try token.publicKey(address) }
        self.token = Mutex(token)
    }

    public func sign(_ message: [UInt8]) throws(MaxError) -> [UInt8] {
        var digest = [UInt8](repeating: 0, count: 64)
        var count: UInt32 = 0
        guard EVP_Digest(message, message.count, &digest, &count, publicKey.curve.digest, nil) == 1 else {
            throw MaxError(.internal, "openssl: cannot hash")
        }
        let hashed = Array(digest.prefix(Int(count)))
        let outcome: Result<[UInt8], MaxError> = token.withLock { token in
            do throws(MaxError) { return .success(try token.sign(hashed)) } catch { return .failure(error) }
        }
        let signature = Self.der(try outcome.get())
        guard publicKey.verifies(signature, of: message) else {
            throw MaxError(.signatureInvalid, "token: its signature does not verify with its public key")
        }
        return signature
    }

    /// `SEQUENCE { r, s }` of two numbers of equal length, one behind the other.
    static func der(_ raw: [UInt8]) -> [UInt8] {
        func integer(_ bytes: ArraySlice<UInt8>) -> [UInt8] {
            var digits = Array(bytes.drop { $0 == 0 })
            if digits.first.map({ $0 >= 0x80 }) ?? true { digits.insert(0, at: 0) }
            return [2, UInt8(truncatingIfNeeded: digits.count)] + digits
        }
        let body = integer(raw.prefix(raw.count / 2)) + integer(raw.suffix(raw.count / 2))
        return DER.tagged(0x30, body)
    }
}

extension DER {
    /// A value of less than 64 KiB with its tag and length.
    static func tagged(_ tag: UInt8, _ body: [UInt8]) -> [UInt8] {
        switch body.count {
        case ..<0x80: [tag, UInt8(body.count)] + body
        case ..<0x100: [tag, 0x81, UInt8(body.count)] + body
        default: [tag, 0x82, UInt8(truncatingIfNeeded: body.count >> 8), UInt8(truncatingIfNeeded: body.count)] + body
        }
    }
}

/// A session with a token in which its owner is logged in, and the private key.
private final class Token: @unchecked Sendable {
    // Sendable: used under the lock of the key that holds it.
    private let functions: CK_FUNCTION_LIST
    private var session: CK_ULONG = 0
    private var key: CK_ULONG = 0
    private static let maximumSlots = 256

    init(_ address: TokenURI) throws(MaxError) {
        guard let library = dlopen(address.modulePath, RTLD_NOW | RTLD_LOCAL), let symbol = dlsym(library, "C_GetFunctionList") else {
            let reason = dlerror().map { String(cString: $0) } ?? "not a PKCS #11 library"
            throw MaxError(.notFound, "token: cannot load \(address.modulePath): \(reason)")
        }
        var list: UnsafeMutablePointer<CK_FUNCTION_LIST>?
        let status = unsafeBitCast(
            symbol, to: (@convention(c) (UnsafeMutablePointer<UnsafeMutablePointer<CK_FUNCTION_LIST>?>?) -> CK_ULONG).self)(
                &list)
        guard status == 0, let list, list.pointee.version.major >= 2 else {
            throw MaxError(.io, "token: \(address.modulePath) gives no functions (\(status))")
        }
        functions = list.pointee
        let started = functions.C_Initialize?(nil) ?? 1
        guard started == 0 || started == CK_ULONG(CKR_CRYPTOKI_ALREADY_INITIALIZED) else { throw Self.failure("start", started) }
        let slot = try slot(address)
        // Serial, for reading: no object is made.
        try check("open a session", functions.C_OpenSession?(slot, CK_ULONG(CKF_SERIAL_SESSION), nil, nil, &session))
        if let path = address.pinPath {
            var pin = Array(try FileBytes(path: path, limit: 1 << 12).array.prefix { $0 != 10 && $0 != 13 })
            defer { for index in pin.indices { pin[index] = 0 } }
            let status = functions.C_Login?(session, CK_ULONG(CKU_USER), &pin, CK_ULONG(pin.count)) ?? 1
            guard status == 0 || status == CK_ULONG(CKR_USER_ALREADY_LOGGED_IN) else { throw Self.failure("log in", status) }
        }
        guard let key = try find(CK_ULONG(CKO_PRIVATE_KEY), address) else {
            throw MaxError(.notFound, "token: has no such private elliptic key, or shows it to its owner only (pin-source)")
        }
        self.key = key
    }

    deinit { _ = functions.C_CloseSession?(session) }

    /// The one slot whose token is called so.
    private func slot(_ address: TokenURI) throws(MaxError) -> CK_ULONG {
        var slots = [CK_ULONG](repeating: 0, count: Self.maximumSlots)
        var count = CK_ULONG(slots.count)
        try check("list slots", functions.C_GetSlotList?(1, &slots, &count))
        var found: [CK_ULONG] = []
        for slot in slots.prefix(Int(min(count, CK_ULONG(slots.count)))) {
            var info = CK_TOKEN_INFO()
            guard functions.C_GetTokenInfo?(slot, &info) == 0 else { continue }
            let label = withUnsafeBytes(of: info.label) { Self.trimmed($0) }
            let serial = withUnsafeBytes(of: info.serial) { Self.trimmed($0) }
            if address.token.map({ $0 == label }) ?? true, address.serial.map({ $0 == serial }) ?? true { found.append(slot) }
        }
        guard found.count == 1, let slot = found.first else {
            throw MaxError(found.isEmpty ? .notFound : .usage, "token: \(found.count) tokens are called so, expected one")
        }
        return slot
    }

    private static func trimmed(_ padded: UnsafeRawBufferPointer) -> [UInt8] {
        var bytes = Array(padded)
        while bytes.last == 0x20 || bytes.last == 0 { bytes.removeLast() }
        return bytes
    }

    private func find(_ kind: CK_ULONG, _ address: TokenURI) throws(MaxError) -> CK_ULONG? {
        var wanted: [(CK_ULONG, [UInt8])] = [
            (CK_ULONG(CKA_CLASS), Self.bytes(kind)), (CK_ULONG(CKA_KEY_TYPE), Self.bytes(CK_ULONG(CKK_EC))),
        ]
        if let object = address.object { wanted.append((CK_ULONG(CKA_LABEL), object)) }
        if let id = address.id { wanted.append((CK_ULONG(CKA_ID), id)) }
        // The standard has these pointers writable, and does not write.
        let copies = wanted.map { type, value in
            let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: max(value.count, 1), alignment: 8)
            copy.copyBytes(from: value)
            return CK_ATTRIBUTE(type: type, value: copy.baseAddress, count: CK_ULONG(value.count))
        }
        defer { for copy in copies { copy.value?.deallocate() } }
        var attributes = copies
        try check("look for keys", functions.C_FindObjectsInit?(session, &attributes, CK_ULONG(attributes.count)))
        defer { _ = functions.C_FindObjectsFinal?(session) }
        var objects: [CK_ULONG] = [0, 0]
        var count: CK_ULONG = 0
        try check("look for keys", functions.C_FindObjects?(session, &objects, 2, &count))
        guard count <= 1 else { throw MaxError(.usage, "token: several keys are called so: add the id") }
        return count == 1 ? objects[0] : nil
    }

    private static func bytes(_ value: CK_ULONG) -> [UInt8] { withUnsafeBytes(of: value) { Array($0) } }

    func publicKey(_ address: TokenURI) throws(MaxError) -> PublicKey {
        guard let object = try find(CK_ULONG(CKO_PUBLIC_KEY), address) else {
            throw MaxError(.notFound, "token: does not keep the public key: name it with --public-key")
        }
        let parameters = try attribute(CK_ULONG(CKA_EC_PARAMS), of: object)
        var point = try attribute(CK_ULONG(CKA_EC_POINT), of: object)
        // By the standard an OCTET STRING around the point; some tokens give the point.
        if point.first == 4, point.count > 2, point[1] == 0x81 ? Int(point[2]) == point.count - 3 : Int(point[1]) == point.count - 2 {
            point.removeFirst(point[1] == 0x81 ? 3 : 2)
        }
        guard parameters.first == 6, parameters.count < 32, point.first == 4, point.count < 256 else {
            throw MaxError(.untrusted, "token: its key is not on a named curve")
        }
        let ecPublicKey: [UInt8] = [6, 7, 0x2a, 0x86, 0x48, 0xce, 0x3d, 2, 1]
        let info = DER.tagged(0x30, DER.tagged(0x30, ecPublicKey + parameters) + DER.tagged(3, [0] + point))
        guard let key = DER.read(info, { d2i_PUBKEY(nil, $0, $1) }, EVP_PKEY_free) else {
            throw MaxError(.malformed, "token: its public key cannot be read")
        }
        return try PublicKey(key, "token")
    }

    private func attribute(_ type: CK_ULONG, of object: CK_ULONG) throws(MaxError) -> [UInt8] {
        var value = [UInt8](repeating: 0, count: 1024)
        var count: CK_ULONG = 0
        let status = value.withUnsafeMutableBytes { buffer in
            var attribute = CK_ATTRIBUTE(type: type, value: buffer.baseAddress, count: CK_ULONG(buffer.count))
            let status = functions.C_GetAttributeValue?(session, object, &attribute, 1)
            count = attribute.count
            return status
        }
        try check("read the public key", status)
        guard count <= CK_ULONG(value.count) else { throw MaxError(.malformed, "token: its public key cannot be read") }
        return Array(value.prefix(Int(count)))
    }

    /// r and s of the digest, one behind the other.
    func sign(_ digest: [UInt8]) throws(MaxError) -> [UInt8] {
        var mechanism = CK_MECHANISM(mechanism: CK_ULONG(CKM_ECDSA), parameter: nil, count: 0)
        try check("sign", functions.C_SignInit?(session, &mechanism, key))
        var digest = digest
        var signature = [UInt8](repeating: 0, count: 256)
        var count = CK_ULONG(signature.count)
        try check("sign", functions.C_Sign?(session, &digest, CK_ULONG(digest.count), &signature, &count))
        guard count > 0, count % 2 == 0, count <= CK_ULONG(signature.count) else {
            throw MaxError(.io, "token: cannot sign: gave \(count) bytes")
        }
        return Array(signature.prefix(Int(count)))
    }

    private func check(_ action: String, _ status: CK_ULONG?) throws(MaxError) {
        // nil: the library does not have the function.
        guard let status, status == 0 else { throw Self.failure(action, status ?? 0x54) }
    }

    private static func failure(_ action: String, _ status: CK_ULONG) -> MaxError {
        MaxError(.io, "token: cannot \(action): code 0x\(String(status, radix: 16)) (PKCS #11)")
    }
}
