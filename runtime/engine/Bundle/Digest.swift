import COpenSSL
import MaxIR
import Synchronization

/// SHA-256, by OpenSSL: its functions below EVP, which would first load a provider and a configuration, several
/// milliseconds of a short program.
public struct SHA256: ~Copyable {
    private let context: UnsafeMutablePointer<SHA256_CTX>

    public init() {
        context = .allocate(capacity: 1)
        context.initialize(to: SHA256_CTX())
        SHA256_Init(context)
    }

    deinit { context.deallocate() }

    public func update(_ bytes: UnsafeRawBufferPointer) {
        if bytes.count > 0 { SHA256_Update(context, bytes.baseAddress, bytes.count) }
    }

    public func update(_ bytes: [UInt8]) { bytes.withUnsafeBytes { update($0) } }

    public consuming func finish() -> [UInt8] {
        var out = [UInt8](repeating: 0, count: 32)
        SHA256_Final(&out, context)
        return out
    }

    public static func hash(_ bytes: UnsafeRawBufferPointer) -> [UInt8] {
        let digest = SHA256()
        digest.update(bytes)
        return digest.finish()
    }

    /// The root of the RFC 6962 hash tree whose leaves are the 1 MiB pieces of `bytes`: leaf = H(0x00 ‖ piece),
    /// node = H(0x01 ‖ left ‖ right), split at the largest power of two below the count. Empty input: H("").
    ///
    /// A tree rather than one hash so that a large section can be checked piece by piece on first touch.
    package static func tree(_ bytes: UnsafeRawBufferPointer) -> [UInt8] {
        guard let digest = try? tree(bytes, before: { _ throws(MaxError) in }) else { return [] }
        return digest
    }

    /// - Parameters:
    ///   - threads: at most so many hash pieces at once; the digest does not depend on it.
    ///   - before: called with the place of each piece before it is looked at, by the thread that hashes it.
    package static func tree(
        _ bytes: UnsafeRawBufferPointer, threads: Int = Parallel.processors,
        before: @escaping @Sendable (Range<Int>) throws(MaxError) -> Void
    ) throws(MaxError) -> [UInt8] {
        guard bytes.count > 0 else { return hash(bytes) }
        let count = (bytes.count - 1) / BundleLayout.chunkBytes + 1
        let members = min(threads, count)
        let failure = Mutex(MaxError?.none)
        var leaves = [UInt8](repeating: 0, count: 32 * count)
        leaves.withUnsafeMutableBytes { out in
            Parallel.run(members: members) { member in
                for index in stride(from: member, to: count, by: members) {
                    let start = index * BundleLayout.chunkBytes
                    let range = start..<min(start + BundleLayout.chunkBytes, bytes.count)
                    do throws(MaxError) { try before(range) } catch {
                        failure.withLock { $0 = error }
                        return
                    }
                    let leaf = SHA256()
                    leaf.update([0])
                    leaf.update(UnsafeRawBufferPointer(rebasing: bytes[range]))
                    out[32 * index..<32 * index + 32].copyBytes(from: leaf.finish())
                }
            }
        }
        if let error = failure.withLock({ $0 }) { throw error }
        return root((0..<count).map { Array(leaves[32 * $0..<32 * $0 + 32]) }[...])
    }

    private static func root(_ leaves: ArraySlice<[UInt8]>) -> [UInt8] {
        guard leaves.count > 1 else { return leaves.first ?? [] }
        var split = 1
        while split * 2 < leaves.count { split *= 2 }
        let middle = leaves.startIndex + split
        let node = SHA256()
        node.update([1])
        node.update(root(leaves[..<middle]))
        node.update(root(leaves[middle...]))
        return node.finish()
    }
}

extension Sequence<UInt8> {
    /// Lowercase hexadecimal.
    public var hex: String {
        let digits = Array("0123456789abcdef".utf8)
        return String(decoding: flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
    }
}
