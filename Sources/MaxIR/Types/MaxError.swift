/// What every part of MaxAI throws at a boundary: a stable code for programs, a sentence for people.
///
/// The description is one line, `what: where: found, expected: what to do`, lower case and without a
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

    public init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    public var description: String { message }

    /// The same failure seen from one level further out: `place: message`.
    public func inside(_ place: String) -> MaxError { MaxError(code, "\(place): \(message)") }
}
