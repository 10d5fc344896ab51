/// What every part of MaxAI throws at a boundary: a stable code for programs, a sentence for people.
///
/// The description is one line of at most `messageBytes`, without control characters: `what: where: found, expected: what to do`, lower case and without a
/// final full stop. It never quotes row data unless the person asked for it.
public struct MaxError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The kind of failure; its raw value is the exit status of every command.
    public enum Code: Int32, Sendable, CaseIterable {
        case usage = 2
        case notFound = 10
        case unsigned = 11
        case signatureInvalid = 12
        case untrusted = 13
        case contentMismatch = 14
        case expired = 15
        case revoked = 16
        case policyFailed = 17
        case evidenceMissing = 18
        case rollback = 19
        case malformed = 20
        case limitExceeded = 21
        /// Well-formed input that cannot be represented exactly, or uses what this version does not have.
        case unsupported = 22
        case conflict = 30
        case locked = 31
        case io = 40
        case network = 41
        case `internal` = 70
    }

    public var code: Code
    /// What was wrong, with both values where there are two, and the way out where there is one.
    public var message: String

    /// Names from files stand in messages and may be of any length: what is longer than this loses its middle.
    public static let messageBytes = 4096

    public init(_ code: Code, _ message: String) {
        self.code = code
        let hasControls = message.utf8.contains { $0 < 0x20 || $0 == 0x7f }
        let printable = hasControls ? Self.printable(message) : message
        let bytes = printable.utf8
        guard bytes.count > Self.messageBytes else {
            self.message = printable
            return
        }
        let kept = Self.messageBytes / 4
        self.message = String(decoding: bytes.prefix(kept), as: UTF8.self) + " … " + String(decoding: bytes.suffix(kept), as: UTF8.self)
    }

    /// A name from a file must not reach a terminal or a log as a command to it.
    private static func printable(_ message: String) -> String {
        var out = ""
        for scalar in message.unicodeScalars {
            if scalar.value < 0x20 || scalar.value == 0x7f {
                out += "\\u{" + String(scalar.value, radix: 16) + "}"
            } else {
                out.unicodeScalars.append(scalar)
            }
        }
        return out
    }

    public var description: String { message }

    /// The same failure seen from one level further out: `place: message`.
    public func inside(_ place: String) -> MaxError { MaxError(code, "\(place): \(message)") }
}
