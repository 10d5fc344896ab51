import MaxIR

/// Reads JSON (RFC 8259) as model files have it: strict, except that the numbers `NaN`, `Infinity` and
/// `-Infinity` may stand where a number may.
public struct JSONReader {
    private let bytes: [UInt8]
    private var position = 0

    private init(_ bytes: [UInt8]) { self.bytes = bytes }

    /// - Throws: `.malformed` with the byte where the text stops being JSON; also for a key that stands twice,
    ///   for text after the document and for strings that are not UTF-8. `.limitExceeded` for deep nesting.
    public static func read(_ bytes: [UInt8]) throws(MaxError) -> Document {
        var reader = JSONReader(bytes)
        let document = try reader.value(depth: 0)
        reader.skipSpace()
        guard reader.position == bytes.count else { throw reader.unexpected("the end") }
        return document
    }

    public static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x0a || byte == 0x0d || byte == 0x09 }

    private var next: UInt8? { position < bytes.count ? bytes[position] : nil }

    private mutating func skipSpace() {
        while position < bytes.count, Self.isSpace(bytes[position]) { position += 1 }
    }

    private func unexpected(_ expected: String) -> MaxError {
        let found = next.map { Text(utf8: [$0]).quoted } ?? "the end"
        return MaxError(.malformed, "json: byte \(position): found \(found), expected \(expected)")
    }

    private mutating func skip(_ word: StaticString) throws(MaxError) {
        for offset in 0..<word.utf8CodeUnitCount {
            guard next == word.utf8Start[offset] else { throw unexpected("'\(word)'") }
            position += 1
        }
    }

    private mutating func value(depth: Int) throws(MaxError) -> Document {
        guard depth < DocumentLimits.depth else {
            throw MaxError(.limitExceeded, "json: byte \(position): nested deeper than \(DocumentLimits.depth)")
        }
        skipSpace()
        switch next {
        case UInt8(ascii: "{"): return try object(depth: depth)
        case UInt8(ascii: "["): return try array(depth: depth)
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "t"):
            try skip("true")
            return .bool(true)
        case UInt8(ascii: "f"):
            try skip("false")
            return .bool(false)
        case UInt8(ascii: "n"):
            try skip("null")
            return .null
        default:
            let start = position
            try number()
            return .number(.decimal(Array(bytes[start..<position])))
        }
    }

    private mutating func object(depth: Int) throws(MaxError) -> Document {
        var out = DocumentObject()
        position += 1
        skipSpace()
        if next == UInt8(ascii: "}") {
            position += 1
            return .object(out)
        }
        while true {
            skipSpace()
            let start = position
            let key = try string()
            skipSpace()
            guard next == UInt8(ascii: ":") else { throw unexpected("':'") }
            position += 1
            guard out.add(key, try value(depth: depth + 1)) else {
                throw MaxError(.malformed, "json: byte \(start): key \(key.quoted) stands twice")
            }
            skipSpace()
            guard next == UInt8(ascii: ",") else { break }
            position += 1
        }
        guard next == UInt8(ascii: "}") else { throw unexpected("',' or '}'") }
        position += 1
        return .object(out)
    }

    private mutating func array(depth: Int) throws(MaxError) -> Document {
        position += 1
        skipSpace()
        if next == UInt8(ascii: "]") {
            position += 1
            return .array([])
        }
        if let numbers = try numbers() { return .numbers(numbers) }
        var out: [Document] = []
        while true {
            out.append(try value(depth: depth + 1))
            skipSpace()
            guard next == UInt8(ascii: ",") else { break }
            position += 1
        }
        guard next == UInt8(ascii: "]") else { throw unexpected("',' or ']'") }
        position += 1
        return .array(out)
    }

    /// An array of numbers only; nil, with the position as before, when something else stands in it.
    private mutating func numbers() throws(MaxError) -> NumberArray? {
        let start = position
        var count = 0
        while true {
            skipSpace()
            guard let byte = next, Self.startsNumber(byte) else {
                if count > 0, next == nil || next == UInt8(ascii: "]") { throw unexpected("a value") }
                position = start
                return nil
            }
            try number()
            count += 1
            skipSpace()
            if next == UInt8(ascii: "]") { break }
            guard next == UInt8(ascii: ",") else { throw unexpected("',' or ']'") }
            position += 1
        }
        let text = bytes[start..<position]
        position += 1
        return NumberArray(decimals: text, count: count)
    }

    private static func startsNumber(_ byte: UInt8) -> Bool {
        (byte >= 0x30 && byte <= 0x39) || byte == UInt8(ascii: "-") || byte == UInt8(ascii: "N")
            || byte == UInt8(ascii: "I")
    }

    private mutating func number() throws(MaxError) {
        if next == UInt8(ascii: "N") { return try skip("NaN") }
        if next == UInt8(ascii: "-") { position += 1 }
        if next == UInt8(ascii: "I") { return try skip("Infinity") }
        if next == UInt8(ascii: "0") {
            position += 1
        } else {
            try digits()
        }
        if next == UInt8(ascii: ".") {
            position += 1
            try digits()
        }
        if let byte = next, byte | 0x20 == UInt8(ascii: "e") {
            position += 1
            if next == UInt8(ascii: "+") || next == UInt8(ascii: "-") { position += 1 }
            try digits()
        }
    }

    private mutating func digits() throws(MaxError) {
        let start = position
        while position < bytes.count, bytes[position] >= 0x30, bytes[position] <= 0x39 { position += 1 }
        guard position > start else { throw unexpected("a value") }
    }

    private mutating func string() throws(MaxError) -> Text {
        guard next == UInt8(ascii: "\"") else { throw unexpected("a string") }
        let start = position
        position += 1
        var out: [UInt8] = []
        while let byte = next, byte != UInt8(ascii: "\"") {
            guard byte >= 0x20 else { throw unexpected("no control character in a string") }
            position += 1
            if byte == UInt8(ascii: "\\") {
                try escape(into: &out)
            } else {
                out.append(byte)
            }
        }
        guard next != nil else { throw unexpected("'\"'") }
        position += 1
        let text = Text(utf8: out)
        guard text.isValidUTF8 else { throw MaxError(.malformed, "json: byte \(start): the string is not UTF-8") }
        return text
    }

    private mutating func escape(into out: inout [UInt8]) throws(MaxError) {
        guard let byte = next else { throw unexpected("an escape") }
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): out.append(byte)
        case UInt8(ascii: "b"): out.append(0x08)
        case UInt8(ascii: "f"): out.append(0x0c)
        case UInt8(ascii: "n"): out.append(0x0a)
        case UInt8(ascii: "r"): out.append(0x0d)
        case UInt8(ascii: "t"): out.append(0x09)
        case UInt8(ascii: "u"):
            position += 1
            var unit = try hexUnit()
            if unit >= 0xd800, unit < 0xdc00 {
                guard next == UInt8(ascii: "\\") else { throw unexpected("the second half of a surrogate pair") }
                position += 1
                guard next == UInt8(ascii: "u") else { throw unexpected("the second half of a surrogate pair") }
                position += 1
                let low = try hexUnit()
                guard low >= 0xdc00, low < 0xe000 else { throw unexpected("the second half of a surrogate pair") }
                unit = 0x10000 + (unit - 0xd800) << 10 + (low - 0xdc00)
            }
            guard let scalar = Unicode.Scalar(unit) else { throw unexpected("a surrogate pair") }
            out += Array(String(Character(scalar)).utf8)
            return
        default: throw unexpected("an escape")
        }
        position += 1
    }

    private mutating func hexUnit() throws(MaxError) -> UInt32 {
        var unit: UInt32 = 0
        for _ in 0..<4 {
            guard let byte = next, let digit = Character(Unicode.Scalar(byte)).hexDigitValue else {
                throw unexpected("a hex digit")
            }
            unit = unit << 4 | UInt32(digit)
            position += 1
        }
        return unit
    }
}
