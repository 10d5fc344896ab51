import COpenSSL
import MaxIR

/// The elliptic curves that OpenSSF Model Signing 1.0 knows, each with its digest.
public enum Curve: String, Sendable, CaseIterable {
    case p256 = "P-256"
    case p384 = "P-384"
    case p521 = "P-521"

    /// As OpenSSL calls the group.
    var groupName: String {
        switch self {
        case .p256: "prime256v1"
        case .p384: "secp384r1"
        case .p521: "secp521r1"
        }
    }

    var digest: OpaquePointer? {
        switch self {
        case .p256: EVP_sha256()
        case .p384: EVP_sha384()
        case .p521: EVP_sha512()
        }
    }

    /// The curve of a key; nil for another curve, for explicit parameters and for keys that are not elliptic.
    init?(of key: OpaquePointer) {
        guard EVP_PKEY_get_base_id(key) == EVP_PKEY_EC else { return nil }
        var name = [CChar](repeating: 0, count: 64)
        var length = 0
        guard EVP_PKEY_get_group_name(key, &name, name.count, &length) == 1 else { return nil }
        let group = String(decoding: name.prefix(length).map(UInt8.init(bitPattern:)), as: UTF8.self)
        guard let found = Curve.allCases.first(where: { $0.groupName == group }) else { return nil }
        // A named curve written out as explicit parameters is refused: the writer chose every one of them.
        var encoding = [CChar](repeating: 0, count: 32)
        if EVP_PKEY_get_utf8_string_param(key, "encoding", &encoding, encoding.count, &length) == 1 {
            guard String(decoding: encoding.prefix(length).map(UInt8.init(bitPattern:)), as: UTF8.self) == "named_curve" else { return nil }
        }
        self = found
    }
}
