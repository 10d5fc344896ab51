import MaxIR
import Testing

@Suite struct MaxErrorTests {
    @Test func aMessageHasABoundAndKeepsBothEnds() {
        let name = String(repeating: "é", count: 1 << 20)
        let error = MaxError(.malformed, "first \(name) last").inside("place")
        #expect(error.message.utf8.count <= MaxError.messageBytes)
        #expect(error.message.hasPrefix("place: first é"))
        #expect(error.message.hasSuffix("é last"))
    }

    @Test func aMessageHoldsNoControlCharacters() {
        let error = MaxError(.malformed, "a\u{1b}[2J \"b\"\r\nc\u{0}\u{7f}")
        #expect(error.message == "a\\u{1b}[2J \"b\"\\u{d}\\u{a}c\\u{0}\\u{7f}")
    }
}
