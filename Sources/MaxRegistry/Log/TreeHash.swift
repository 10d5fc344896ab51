import COpenSSL

/// A hash of the log's tree: the 32 bytes of a SHA-256, held in place, so that a tree allocates nothing per node.
///
/// A leaf is H(0x00 ‖ data), an inner node H(0x01 ‖ left ‖ right), the empty tree H("") (RFC 6962 §2.1).
public struct TreeHash: Sendable, Hashable {
    public static let byteCount = 32

    // The bytes in their order on every host: moved as memory, never computed with.
    private var words = SIMD4<UInt64>()

    /// nil unless there are 32 bytes.
    public init?(_ bytes: [UInt8]) {
        guard bytes.count == Self.byteCount else { return nil }
        words = bytes.withUnsafeBytes { $0.loadUnaligned(as: SIMD4<UInt64>.self) }
    }

    /// The hash at `offset` of `bytes`, which must reach 32 bytes further.
    init(_ bytes: UnsafeRawBufferPointer, at offset: Int) {
        words = bytes.loadUnaligned(fromByteOffset: offset, as: SIMD4<UInt64>.self)
    }

    /// nil unless the text is the base64 of 32 bytes, written with the standard alphabet and padding.
    init?(base64 text: [UInt8]) {
        guard let bytes = Base64.decodeCanonical(text) else { return nil }
        self.init(bytes)
    }

    private init(finishing context: inout SHA256_CTX) {
        withUnsafeMutableBytes(of: &words) { _ = SHA256_Final($0.assumingMemoryBound(to: UInt8.self).baseAddress, &context) }
    }

    public var bytes: [UInt8] { withUnsafeBytes(of: words) { Array($0) } }
    public var base64: String { Base64.encode(bytes) }

    /// The root of a tree without leaves.
    public static let empty: TreeHash = {
        var context = SHA256_CTX()
        SHA256_Init(&context)
        return TreeHash(finishing: &context)
    }()

    public static func leaf(_ data: UnsafeRawBufferPointer) -> TreeHash {
        var context = SHA256_CTX()
        var prefix: UInt8 = 0
        SHA256_Init(&context)
        SHA256_Update(&context, &prefix, 1)
        if data.count > 0 { SHA256_Update(&context, data.baseAddress, data.count) }
        return TreeHash(finishing: &context)
    }

    public static func leaf(_ data: [UInt8]) -> TreeHash { data.withUnsafeBytes { leaf($0) } }

    public static func node(_ left: TreeHash, _ right: TreeHash) -> TreeHash {
        var context = SHA256_CTX()
        var prefix: UInt8 = 1
        var children = (left.words, right.words)
        SHA256_Init(&context)
        SHA256_Update(&context, &prefix, 1)
        SHA256_Update(&context, &children, 2 * byteCount)
        return TreeHash(finishing: &context)
    }
}

extension Base64 {
    /// As `decode`, but only for the one text that `encode` writes for the bytes.
    static func decodeCanonical(_ text: [UInt8]) -> [UInt8]? {
        guard let bytes = decode(text), encode(bytes).utf8.elementsEqual(text) else { return nil }
        return bytes
    }
}
