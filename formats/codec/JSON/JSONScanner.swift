import Glibc
import MaxIR

/// Walks JSON text (RFC 8259) without building anything: the caller asks for what it expects next.
///
/// The tokens `NaN`, `Infinity` and `-Infinity` may stand where a number may, as HTTP clients write them. Errors
/// give the byte; they never quote the text, which may be somebody's data.
public struct JSONScanner {
    public let bytes: UnsafeRawBufferPointer
    public private(set) var position: Int
    private let end: Int
    /// Arrays and objects may nest this deep.
    public static let maximumDepth = 64

    public init(_ bytes: UnsafeRawBufferPointer) { self.init(bytes, 0..<bytes.count) }

    /// Only the text at `range`.
    public init(_ bytes: UnsafeRawBufferPointer, _ range: Range<Int>) {
        self.bytes = bytes
        position = range.lowerBound
        end = range.upperBound
    }

    public func malformed(_ expected: String) -> MaxError {
        MaxError(
            .malformed,
            position < end
                ? "json: byte \(position): expected \(expected)" : "json: the text ends at byte \(position), expected \(expected)")
    }

    @inlinable static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x0a || byte == 0x0d || byte == 0x09 }

    /// The next byte that is no white space; nil at the end.
    @inline(__always)
    public mutating func peek() -> UInt8? {
        while position < end, Self.isSpace(bytes[position]) { position += 1 }
        return position < end ? bytes[position] : nil
    }

    public mutating func expect(_ byte: Unicode.Scalar) throws(MaxError) {
        guard take(byte) else { throw malformed("'\(byte)'") }
    }

    /// Whether `byte` came next; it is consumed then.
    @inline(__always)
    public mutating func take(_ byte: Unicode.Scalar) -> Bool {
        guard let next = peek(), UInt32(next) == byte.value, next < 0x80 else { return false }
        position += 1
        return true
    }

    public mutating func atEnd() -> Bool { peek() == nil }

    /// Calls `member` with each key of the object that comes next; `member` consumes the value.
    public mutating func object(_ member: (inout JSONScanner, Text) throws(MaxError) -> Void) throws(MaxError) {
        try expect("{")
        if take("}") { return }
        repeat {
            let key = try text()
            try expect(":")
            try member(&self, key)
        } while take(",")
        try expect("}")
    }

    /// Calls `element` for each element of the array that comes next; `element` consumes it.
    public mutating func array(_ element: (inout JSONScanner) throws(MaxError) -> Void) throws(MaxError) {
        try expect("[")
        if take("]") { return }
        repeat { try element(&self) } while take(",")
        try expect("]")
    }

    /// A string, unescaped. Lone surrogates and text that is not UTF-8 are refused.
    public mutating func text() throws(MaxError) -> Text {
        if let plain = plainText() { return plain }
        var out: [UInt8] = []
        try string { out.append($0) }
        let text = Text(utf8: out)
        guard text.isValidUTF8 else { throw malformed("UTF-8 in the string before it") }
        return text
    }

    /// The string that comes next if it is ASCII without escapes; otherwise nothing is consumed.
    private mutating func plainText() -> Text? {
        guard peek() == UInt8(ascii: "\"") else { return nil }
        let start = position + 1
        var at = start
        while at < end, bytes[at] != UInt8(ascii: "\"") {
            guard bytes[at] >= 0x20, bytes[at] < 0x80, bytes[at] != UInt8(ascii: "\\") else { return nil }
            at += 1
        }
        guard at < end else { return nil }
        position = at + 1
        return Text(utf8: Array(UnsafeRawBufferPointer(rebasing: bytes[start..<at])))
    }

    /// A string, byte by byte.
    public mutating func string(_ put: (UInt8) -> Void) throws(MaxError) {
        guard peek() == UInt8(ascii: "\"") else { throw malformed("a string") }
        position += 1
        while position < end {
            let byte = bytes[position]
            position += 1
            switch byte {
            case UInt8(ascii: "\""): return
            case UInt8(ascii: "\\"): try escape(put)
            case 0..<0x20: throw malformed("no control character in a string")
            default: put(byte)
            }
        }
        throw malformed("'\"'")
    }

    private mutating func escape(_ put: (UInt8) -> Void) throws(MaxError) {
        guard position < end else { throw malformed("an escape") }
        let byte = bytes[position]
        position += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): put(byte)
        case UInt8(ascii: "b"): put(8)
        case UInt8(ascii: "f"): put(12)
        case UInt8(ascii: "n"): put(10)
        case UInt8(ascii: "r"): put(13)
        case UInt8(ascii: "t"): put(9)
        case UInt8(ascii: "u"):
            var code = try hexadecimal()
            if (0xd800..<0xdc00).contains(code) {
                guard position + 1 < end, bytes[position] == UInt8(ascii: "\\"), bytes[position + 1] == UInt8(ascii: "u") else {
                    throw malformed("the second half of a surrogate pair")
                }
                position += 2
                let low = try hexadecimal()
                guard (0xdc00..<0xe000).contains(low) else { throw malformed("the second half of a surrogate pair") }
                code = 0x10000 + (code - 0xd800) << 10 + (low - 0xdc00)
            }
            guard let scalar = Unicode.Scalar(code) else { throw malformed("a surrogate pair") }
            for unit in String(Character(scalar)).utf8 { put(unit) }
        default: throw malformed("an escape")
        }
    }

    private mutating func hexadecimal() throws(MaxError) -> UInt32 {
        guard position + 4 <= end else { throw malformed("four hexadecimal digits") }
        var value: UInt32 = 0
        for _ in 0..<4 {
            guard let digit = Character(Unicode.Scalar(bytes[position])).hexDigitValue, bytes[position] < 0x80 else {
                throw malformed("four hexadecimal digits")
            }
            value = value << 4 | UInt32(digit)
            position += 1
        }
        return value
    }

    /// A number as a double, correctly rounded. Too large becomes an infinity.
    public mutating func double() throws(MaxError) -> Double {
        let number = try scanNumber()
        if let token = number.token { return token }
        if let exact = number.exact(limit: 1 << 53) { return exact }
        return withCString(number.range) { strtod($0, nil) }
    }

    /// A number rounded once to f32.
    public mutating func float() throws(MaxError) -> Float {
        let number = try scanNumber()
        if let token = number.token { return Float(token) }
        if let exact = number.exactFloat { return exact }
        return withCString(number.range) { strtof($0, nil) }
    }

    /// An integer written without fraction or exponent, or with a fraction of zeros.
    public mutating func integer() throws(MaxError) -> Int64 {
        let start = position
        let number = try scanNumber()
        if number.token == nil, number.exponent == 0, number.digits <= 18 {
            return number.isNegative ? -Int64(number.mantissa) : Int64(number.mantissa)
        }
        let text = String(decoding: bytes[number.range], as: UTF8.self)
        if let exact = Int64(text) { return exact }
        if number.token == nil, let value = Double(text), let exact = Int64(exactly: value), abs(value) < 0x1p53 { return exact }
        position = start
        throw malformed("an integer of 64 bits")
    }

    /// Consumes `word` if it comes next.
    public mutating func takeWord(_ word: StaticString) -> Bool {
        guard peek() != nil, end - position >= word.utf8CodeUnitCount else { return false }
        for offset in 0..<word.utf8CodeUnitCount where bytes[position + offset] != word.utf8Start[offset] { return false }
        position += word.utf8CodeUnitCount
        return true
    }

    public mutating func bool() throws(MaxError) -> Bool {
        if takeWord("true") { return true }
        guard takeWord("false") else { throw malformed("true or false") }
        return false
    }

    /// Consumes one value of any kind and says where it stood.
    public mutating func skip() throws(MaxError) -> Range<Int> { try skip(depth: 0) }

    private mutating func skip(depth: Int) throws(MaxError) -> Range<Int> {
        let next = peek()
        let start = position
        guard depth <= Self.maximumDepth else {
            throw MaxError(.limitExceeded, "json: byte \(position): nested deeper than \(Self.maximumDepth)")
        }
        switch next {
        case UInt8(ascii: "{"): try object { scanner, _ throws(MaxError) in _ = try scanner.skip(depth: depth + 1) }
        case UInt8(ascii: "["): try array { scanner throws(MaxError) in _ = try scanner.skip(depth: depth + 1) }
        case UInt8(ascii: "\""): try string { _ in }
        case UInt8(ascii: "t"), UInt8(ascii: "f"): _ = try bool()
        case UInt8(ascii: "n"): guard takeWord("null") else { throw malformed("null") }
        default: _ = try scanNumber()
        }
        return start..<position
    }

    private struct Number {
        var range: Range<Int>
        var token: Double?
        var mantissa: UInt64 = 0
        var digits = 0
        var exponent = 0
        var isNegative = false

        private static let powers: [Double] = [
            1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22,
        ]
        private static let floatPowers: [Float] = [1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10]

        /// Clinger's fast path: both operands exact, so the one operation rounds correctly.
        func exact(limit: UInt64) -> Double? {
            guard digits <= 18, mantissa < limit, exponent >= -22, exponent <= 22 else { return nil }
            let value = exponent < 0 ? Double(mantissa) / Self.powers[-exponent] : Double(mantissa) * Self.powers[exponent]
            return isNegative ? -value : value
        }

        var exactFloat: Float? {
            guard digits <= 18, mantissa < 1 << 24, exponent >= -10, exponent <= 10 else { return nil }
            let value = exponent < 0 ? Float(mantissa) / Self.floatPowers[-exponent] : Float(mantissa) * Self.floatPowers[exponent]
            return isNegative ? -value : value
        }
    }

    private mutating func scanNumber() throws(MaxError) -> Number {
        guard peek() != nil else { throw malformed("a number") }
        let start = position
        if bytes[start] &- 48 >= 10 {
            if takeWord("NaN") { return Number(range: start..<position, token: .nan) }
            if takeWord("Infinity") { return Number(range: start..<position, token: .infinity) }
            if takeWord("-Infinity") { return Number(range: start..<position, token: -.infinity) }
        }
        var number = Number(range: start..<start)
        if bytes[position] == UInt8(ascii: "-") {
            number.isNegative = true
            position += 1
        }
        let first = position
        func isDigit(_ at: Int) -> Bool { at < end && bytes[at] &- 48 < 10 }
        while isDigit(position) {
            number.mantissa = number.mantissa &* 10 &+ UInt64(bytes[position] &- 48)
            number.digits += 1
            position += 1
        }
        guard number.digits > 0, number.digits == 1 || bytes[first] != 48 else {
            position = start
            throw malformed("a number")
        }
        if position < end, bytes[position] == UInt8(ascii: ".") {
            position += 1
            let fraction = position
            while isDigit(position) {
                number.mantissa = number.mantissa &* 10 &+ UInt64(bytes[position] &- 48)
                number.digits += 1
                position += 1
            }
            guard position > fraction else { throw malformed("a digit after the point") }
            number.exponent = fraction - position
        }
        if position < end, bytes[position] | 0x20 == UInt8(ascii: "e") {
            position += 1
            var sign = 1
            if position < end, bytes[position] == UInt8(ascii: "-") || bytes[position] == UInt8(ascii: "+") {
                sign = bytes[position] == UInt8(ascii: "-") ? -1 : 1
                position += 1
            }
            guard isDigit(position) else { throw malformed("a digit of the exponent") }
            var exponent = 0
            while isDigit(position) {
                if exponent < 100_000 { exponent = exponent * 10 + Int(bytes[position] &- 48) }
                position += 1
            }
            number.exponent += sign * exponent
        }
        number.range = start..<position
        return number
    }

    /// A copy with a NUL behind it: the C functions look for an end that the body need not have.
    private func withCString<Result>(_ range: Range<Int>, _ body: (UnsafePointer<CChar>) -> Result) -> Result {
        withUnsafeTemporaryAllocation(of: CChar.self, capacity: range.count + 1) { buffer in
            for (offset, byte) in bytes[range].enumerated() { buffer[offset] = CChar(bitPattern: byte) }
            buffer[range.count] = 0
            return body(UnsafePointer(buffer.baseAddress!))
        }
    }
}
