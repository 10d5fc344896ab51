/// A string as its UTF-8 bytes: equal only when the bytes are equal, ordered by byte value.
///
/// Swift's `String` compares by canonical equivalence, so "é" written in two ways is one key of a
/// dictionary; names and categories from files must stay two. UTF-8 byte order is code-point order.
public struct Text: Sendable, Hashable, Comparable, ExpressibleByStringLiteral, CustomStringConvertible {
    public var utf8: [UInt8]

    public init(_ string: String) { utf8 = Array(string.utf8) }
    public init(utf8: [UInt8]) { self.utf8 = utf8 }
    public init(stringLiteral value: String) { self.init(value) }

    /// The bytes as a `String`; bytes that are not UTF-8 show as U+FFFD.
    public var string: String { String(decoding: utf8, as: UTF8.self) }
    public var description: String { string }
    public var isEmpty: Bool { utf8.isEmpty }

    /// Whether the bytes are well-formed UTF-8.
    public var isValidUTF8: Bool { utf8.allSatisfy { $0 < 0x80 } || String(validating: utf8, as: UTF8.self) != nil }

    public static func < (a: Text, b: Text) -> Bool { a.utf8.lexicographicallyPrecedes(b.utf8) }

    /// The text between double quotes with `"`, `\` and control characters escaped, as in the text form; where
    /// the bytes are not UTF-8, every byte above ASCII as `\xNN`.
    public var quoted: String {
        guard isValidUTF8 else {
            return utf8.reduce(into: "\"") { out, byte in
                if byte < 0x80 {
                    out += Text(utf8: [byte]).quoted.dropFirst().dropLast()
                } else {
                    out += "\\x" + String(byte, radix: 16)
                }
            } + "\""
        }
        var out = "\""
        for scalar in string.unicodeScalars {
            switch scalar {
            case "\"": out += "\\\""
            case "\\": out += "\\\\"
            case "\n": out += "\\n"
            case "\t": out += "\\t"
            case "\r": out += "\\r"
            case _ where scalar.value < 0x20 || scalar.value == 0x7f:
                out += "\\u{" + String(scalar.value, radix: 16) + "}"
            default: out.unicodeScalars.append(scalar)
            }
        }
        return out + "\""
    }
}
