import MaxFormats
import MaxIR
import Testing

/// JSON that other parsers read in different ways, or not at all. Both readers answer: the one for documents and the one for requests.
@Suite struct HostileJSONTests {
    static func text(_ text: String) -> [UInt8] { Array(text.utf8) }

    static let cases: [HostileCase] = [
        HostileCase(58, "a million brackets", .limitExceeded, "nested deeper than 64", text(String(repeating: "[", count: 1_000_000))),
        HostileCase(58, "a million objects", .limitExceeded, "nested deeper than 64", text(String(repeating: "{\"a\":", count: 1_000_000))),
        HostileCase(60, "a lone high surrogate", .malformed, "surrogate", text("\"\\ud800\"")),
        HostileCase(60, "a lone low surrogate", .malformed, "surrogate", text("\"\\udc00\"")),
        HostileCase(60, "two high surrogates", .malformed, "surrogate", text("\"\\ud800\\ud800\"")),
        HostileCase(60, "a surrogate written as UTF-8", .malformed, "UTF-8", [0x22, 0xed, 0xa0, 0x80, 0x22]),
        HostileCase(60, "an overlong slash", .malformed, "UTF-8", [0x22, 0xc0, 0xaf, 0x22]),
        HostileCase(61, "a byte order mark", .malformed, "byte 0", [0xef, 0xbb, 0xbf] + text("{}")),
        HostileCase(62, "UTF-16, little-endian", .malformed, "byte", text("{}").flatMap { [$0, 0] }),
        HostileCase(62, "UTF-16 with its mark", .malformed, "byte 0", [0xff, 0xfe] + text("{}").flatMap { [$0, 0] }),
        HostileCase(63, "a second document", .malformed, "byte", text("{} {}")),
        HostileCase(63, "a NUL behind it", .malformed, "byte", text("{}") + [0]),
        HostileCase(63, "a comment behind it", .malformed, "byte", text("{} // more")),
        HostileCase(0, "a NUL in a string", .malformed, "byte", [0x22, 0, 0x22]),
        HostileCase(0, "a line end in a string", .malformed, "byte", text("\"a\nb\"")),
        HostileCase(64, "a string of 8 MiB", nil, "", text("\"" + String(repeating: "a", count: 8 << 20) + "\"")),
        HostileCase(64, "a string of 8 MiB without an end", .malformed, "", text("\"" + String(repeating: "a", count: 8 << 20))),
        HostileCase(
            65, "200,000 members", nil, "", text("{" + (0..<200_000).map { "\"\($0 &* 2_654_435_761)\":0" }.joined(separator: ",") + "}")),
        HostileCase(59, "a number of a million digits", nil, "", text(String(repeating: "9", count: 1_000_000))),
        HostileCase(59, "an exponent of a thousand digits", nil, "", text("1e" + String(repeating: "9", count: 1000))),
    ]

    @Test(arguments: cases) func isAnsweredByTheDocumentReader(hostile: HostileCase) throws {
        try hostile.check { bytes throws(MaxError) in _ = try JSONReader.read(bytes) }
    }

    @Test(arguments: cases) func isAnsweredByTheRequestReader(hostile: HostileCase) throws {
        try hostile.check { bytes throws(MaxError) in
            let outcome: Result<Void, MaxError> = bytes.withUnsafeBytes { raw in
                do throws(MaxError) {
                    var scanner = JSONScanner(raw)
                    let range = try scanner.skip()
                    guard scanner.atEnd() else { throw scanner.malformed("the end") }
                    var again = JSONScanner(raw, range)
                    if again.peek() == UInt8(ascii: "\"") { _ = try again.text() }
                    return .success(())
                } catch { return .failure(error) }
            }
            try outcome.get()
        }
    }

    /// 57. Two members of one name are two answers to one question.
    @Test func membersGivenTwiceAreRefused() throws {
        for twice in ["{\"a\":1,\"a\":2}", "{\"a\":1,\"\\u0061\":2}", "{\"x\":{\"a\":[],\"b\":0,\"a\":{}}}"] {
            let error = #expect(throws: MaxError.self) { try JSONReader.read(Self.text(twice)) }
            #expect(error?.message.contains("twice") == true, "\(error?.message ?? "")")
        }
        // Two spellings of é are two names.
        #expect(throws: Never.self) { try JSONReader.read(Self.text("{\"\\u00e9\":1,\"e\\u0301\":2}")) }
    }

    /// 59. Numbers keep their value or are refused; none is rounded to an integer.
    @Test func numbersAtTheEdgesKeepTheirValue() throws {
        func number(_ text: String) throws -> Document.Number {
            guard case .number(let number) = try JSONReader.read(Self.text(text)) else { throw MaxError(.internal, "no number") }
            return number
        }
        #expect(try number("1e999").double == .infinity)
        #expect(try number("-0").double?.sign == .minus)
        #expect(try number("5.0").integer == 5)
        #expect(try number("9007199254740993").integer == 9_007_199_254_740_993)
        #expect(try number("9223372036854775808").integer == nil)
        #expect(try number("1.5").integer == nil)
        #expect(try number("1e999").integer == nil)
        #expect(try number("1e99999999999999999999").integer == nil)
        #expect(try number("9007199254740993.0").integer == nil)
        // The exponents at the ends of Int64: taking the magnitude of the lower one would overflow.
        for exponent in ["-9223372036854775808", "-9223372036854775809", "9223372036854775807", "9223372036854775808"] {
            let value = exponent.hasPrefix("-") ? 0 : Double.infinity
            #expect(try number("1e\(exponent)").double == value)
            #expect(try number("1e\(exponent)").float == Float(value))
            var scanned: Double?
            Self.text("1e\(exponent)").withUnsafeBytes { raw in
                var scanner = JSONScanner(raw)
                scanned = try? scanner.double()
            }
            #expect(scanned == value)
        }
    }
}

/// UBJSON that lies about its lengths.
@Suite struct HostileUBJSONTests {
    private static let huge: [UInt8] = [0x4c, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]
    private static let negative: [UInt8] = [0x4c, 0x80, 0, 0, 0, 0, 0, 0, 0]

    static let cases: [HostileCase] = [
        HostileCase(45, "a string of 2^63-1 bytes", .malformed, "length 9223372036854775807", [0x53] + huge),
        HostileCase(45, "a string of -2^63 bytes", .malformed, "length -9223372036854775808", [0x53] + negative),
        HostileCase(45, "a counted array of 2^63-1", .malformed, "length 9223372036854775807", [0x5b, 0x23] + huge),
        HostileCase(45, "a typed array of 2^63-1", .malformed, "length 9223372036854775807", [0x5b, 0x24, 0x64, 0x23] + huge),
        HostileCase(
            45, "a typed array whose bytes are not there", .malformed, "bytes announced", [0x5b, 0x24, 0x4c, 0x23, 0x69, 2, 0, 0, 0]),
        HostileCase(45, "a typed array of strings", .malformed, "array of type \"S\"", [0x5b, 0x24, 0x53, 0x23, 0x69, 1, 0, 0]),
        HostileCase(
            45, "a counted array of nothing, often", .malformed, "length 2147483647", [0x5b, 0x23, 0x6c, 0x7f, 0xff, 0xff, 0xff] + [0x5a]),
        HostileCase(57, "a key that stands twice", .malformed, "stands twice", [0x7b, 0x69, 1, 0x61, 0x5a, 0x69, 1, 0x61, 0x5a, 0x7d]),
        HostileCase(58, "a million brackets", .limitExceeded, "nested deeper than 64", [UInt8](repeating: 0x5b, count: 1_000_000)),
        HostileCase(60, "a string that is not UTF-8", .malformed, "not UTF-8", [0x53, 0x69, 1, 0xff]),
        HostileCase(63, "bytes behind it", .malformed, "expected the end", [0x5a, 0x5a]),
        HostileCase(45, "an object without an end", .malformed, "", [0x7b, 0x69, 1, 0x61, 0x5a]),
        HostileCase(45, "a number that is cut off", .malformed, "bytes announced", [0x44, 0, 0]),
        HostileCase(45, "a type that nobody knows", .malformed, "found type", [0x00]),
    ]

    @Test(arguments: cases) func isAnsweredByTheReader(hostile: HostileCase) throws {
        try hostile.check { bytes throws(MaxError) in _ = try UBJSONReader.read(bytes) }
    }
}
