import MaxIR
import Testing

/// One hostile input: its number in the list of attacks, what it is, and how it must be answered.
struct HostileCase: Sendable, CustomTestStringConvertible {
    let number: Int
    let what: String
    /// nil for what must be accepted.
    let code: MaxError.Code?
    /// A part of the message.
    let message: String
    let bytes: @Sendable () -> [UInt8]

    init(_ number: Int, _ what: String, _ code: MaxError.Code?, _ message: String, _ bytes: @escaping @autoclosure @Sendable () -> [UInt8])
    {
        self.number = number
        self.what = what
        self.code = code
        self.message = message
        self.bytes = bytes
    }

    var testDescription: String { "\(number) \(what)" }

    func check(_ read: ([UInt8]) throws(MaxError) -> Void) throws {
        let bytes = bytes()
        guard let code else { return try read(bytes) }
        let outcome: MaxError?
        do throws(MaxError) {
            try read(bytes)
            outcome = nil
        } catch {
            outcome = error
        }
        #expect(outcome?.code == code, "\(outcome?.message ?? "accepted")")
        #expect(outcome?.message.contains(message) == true, "\(outcome?.message ?? "accepted")")
    }
}
