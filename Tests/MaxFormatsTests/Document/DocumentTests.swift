import MaxFormats
import MaxIR
import Testing

private func json(_ text: String) throws -> Document { try JSONReader.read(Array(text.utf8)) }

@Suite struct DecimalTests {
    /// Decimals on both sides of the middle between two floats, subnormals, and ends of the range.
    @Test(arguments: [
        "0", "-0", "1E0", "5E-1", "1.00000006", "1.0000000596046448", "1.00000005960464477539062", "1.0000001",
        "16777217",
        "16777219", "1e-45", "7.1e-46", "1.17549435E-38", "3.4028235E38", "3.4028236e38", "1e39", "9007199254740993",
        "0.1", "123456789012345678", "4.4501477170144028E-308", "8.589973e9", "33554435", "2.2250738585072011e-308",
    ])
    func `a decimal is rounded once`(text: String) throws {
        let bytes = Array(text.utf8)[...]
        #expect(Decimal.float(bytes)?.bitPattern == Float(text)?.bitPattern)
        #expect(Decimal.double(bytes)?.bitPattern == Double(text)?.bitPattern)
    }

    @Test func `every float survives its shortest decimal`() {
        var state: UInt64 = 1
        for _ in 0..<20_000 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            let value = Float(bitPattern: UInt32(truncatingIfNeeded: state >> 32))
            guard value.isFinite else { continue }
            #expect(Decimal.float(Array("\(value)".utf8)[...]) == value)
        }
    }
}

@Suite struct JSONReaderTests {
    @Test(arguments: [
        "", " ", "{", "[", "[1", "[1,", "[1,]", "[,1]", "{\"a\"}", "{\"a\":}", "{\"a\":1,}", "{a:1}", "01", "1.", ".5",
        "1e",
        "+1", "-", "nul", "truee", "\"", "\"\\x\"", "\"\\u12\"", "\"\\ud800\"", "\"\\ud800\\u0041\"", "\"\u{1}\"",
        "1 2",
        "[1]]", "{\"a\":1,\"a\":2}", "nan", "inf", "-NaN", "[1 2]", "'a'",
    ])
    func `what is not JSON is refused`(text: String) {
        #expect(throws: MaxError.self) { try json(text) }
    }

    @Test func `a string that is not UTF-8 is refused`() {
        #expect(throws: MaxError.self) { try JSONReader.read([0x22, 0xff, 0x22]) }
    }

    @Test func `escapes become the characters they name`() throws {
        guard case .string(let text) = try json(#""\"\\\/\b\f\n\r\t\u00e9\ud83d\ude00é""#) else {
            throw MaxError(.internal, "no string")
        }
        #expect(text == "\"\\/\u{8}\u{c}\n\r\té😀é")
    }

    @Test func `numbers are converted when someone asks, as what they ask for`() throws {
        guard case .numbers(let numbers) = try json(" [ 1 ,-2.0, 3e0 ] ") else {
            throw MaxError(.internal, "no numbers")
        }
        #expect(try numbers.integers() == [1, -2, 3])
        #expect(try numbers.floats() == [1, -2, 3])
        guard case .numbers(let odd) = try json("[0.5,NaN,Infinity,-Infinity]") else {
            throw MaxError(.internal, "no numbers")
        }
        #expect(throws: MaxError.self) { try odd.integers() }
        #expect(try odd.doubles().map(\.description) == ["0.5", "nan", "inf", "-inf"])
    }

    @Test func `an array that mixes numbers and others keeps its elements`() throws {
        guard case .array(let elements) = try json("[1,\"a\",[2,3],[],null]") else {
            throw MaxError(.internal, "no array")
        }
        #expect(elements.map(\.kind) == ["a number", "a string", "an array of numbers", "an array", "null"])
    }
}

@Suite struct UBJSONReaderTests {
    @Test func `typed arrays are big-endian`() throws {
        let bytes: [UInt8] = [0x5b, 0x24, 0x64, 0x23, 0x69, 2, 0x3f, 0x80, 0, 0, 0xc0, 0, 0, 0]
        guard case .numbers(let numbers) = try UBJSONReader.read(bytes) else { throw MaxError(.internal, "no numbers") }
        #expect(try numbers.floats() == [1, -2])
    }

    @Test(
        arguments: [
            [], [0x7b], [0x5b], [0x5b, 0x24], [0x5b, 0x24, 0x64, 0x23, 0x69, 0xff], [0x53, 0x69, 5, 0x61],
            [0x53, 0x69, 1, 0xff],
            [0x48], [0x5a, 0x5a], [0x5b, 0x24, 0x53, 0x23, 0x69, 1],
            [0x7b, 0x69, 1, 0x61, 0x5a, 0x69, 1, 0x61, 0x5a, 0x7d],
            [0x6c, 0, 0, 0],
        ] as [[UInt8]])
    func `what is cut off, too long or of unknown type is refused`(bytes: [UInt8]) {
        #expect(throws: MaxError.self) { try UBJSONReader.read(bytes) }
    }
}
