import MaxIR
import MaxRuntime

/// `sha256:` and 64 lowercase hexadecimal digits: the only digests that are taken.
///
/// Checked before it becomes part of a path or an address.
package struct ContentDigest: Hashable, Sendable, CustomStringConvertible {
    /// 64 lowercase hexadecimal digits.
    package let hex: String

    /// - Parameter hash: 32 bytes.
    init(hash: [UInt8]) { hex = hash.hex }

    package init(of bytes: [UInt8]) { self.init(hash: bytes.withUnsafeBytes { SHA256.hash($0) }) }

    /// - Throws: `.malformed`.
    package init(_ text: Text) throws(MaxError) {
        let digits = text.utf8.dropFirst(7)
        guard text.utf8.starts(with: "sha256:".utf8), digits.count == 64,
            digits.allSatisfy({ ASCII.isDigit($0) || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains($0) })
        else {
            throw MaxError(
                .malformed,
                "digest \(Text(utf8: Array(text.utf8.prefix(100))).quoted): expected sha256: and 64 lowercase hexadecimal digits")
        }
        hex = String(decoding: digits, as: UTF8.self)
    }

    package init(_ text: String) throws(MaxError) { try self.init(Text(text)) }

    package var text: String { "sha256:\(hex)" }
    package var description: String { text }
}
