/// A position in a text, with the small reads that the parser is made of. Blanks and comments are skipped
/// before each; every failure says line and column.
struct TextCursor {
    let bytes: [UInt8]
    private(set) var position = 0

    init(_ text: String) { bytes = Array(text.utf8) }

    /// The error `found …, expected …` at the next token.
    func failure(_ expected: String) -> MaxError { failure(expected: expected, at: position) }

    private func failure(expected: String, at place: Int) -> MaxError {
        let end = bytes[place...].firstIndex(of: 10) ?? bytes.count
        var cut = min(end, place + 24)
        while cut < end, cut > place, bytes[cut] & 0xc0 == 0x80 { cut -= 1 }
        let rest = Text(utf8: Array(bytes[place..<cut]))
        let found = place == bytes.count ? "the end" : rest.isEmpty ? "the end of the line" : rest.quoted
        return error("found \(found), expected \(expected)", at: place)
    }

    /// An error with a message of its own at `place`, by default the next token.
    func error(_ message: String, at place: Int? = nil) -> MaxError {
        let before = bytes[..<(place ?? position)]
        let start = before.lastIndex(of: 10).map { $0 + 1 } ?? 0
        let line = before.count { $0 == 10 } + 1
        let column = bytes[start..<before.endIndex].count { $0 & 0xc0 != 0x80 } + 1
        return MaxError(.malformed, "graph text: line \(line), column \(column): \(message)")
    }

    mutating func skipBlanks() {
        while position < bytes.count {
            switch bytes[position] {
            case 32, 9, 10, 13: position += 1
            case 47 where position + 1 < bytes.count && bytes[position + 1] == 47:
                while position < bytes.count, bytes[position] != 10 { position += 1 }
            default: return
            }
        }
    }

    var isAtEnd: Bool { position == bytes.count }

    /// Whether `text` comes next; it is not consumed.
    mutating func sees(_ text: StaticString) -> Bool {
        skipBlanks()
        return text.withUTF8Buffer { wanted in
            bytes.count - position >= wanted.count && bytes[position..<(position + wanted.count)].elementsEqual(wanted)
        }
    }

    mutating func accept(_ text: StaticString) -> Bool {
        guard sees(text) else { return false }
        position += text.utf8CodeUnitCount
        return true
    }

    mutating func expect(_ text: StaticString) throws(MaxError) {
        guard accept(text) else { throw failure("'\(text)'") }
    }

    mutating func identifier(_ what: String) throws(MaxError) -> String {
        skipBlanks()
        let start = position
        guard position < bytes.count, Literal.isIdentifierStart(bytes[position]) else { throw failure(what) }
        while position < bytes.count, Literal.isIdentifierByte(bytes[position]) { position += 1 }
        return String(decoding: bytes[start..<position], as: UTF8.self)
    }

    /// An identifier or a quoted text.
    mutating func name(_ what: String) throws(MaxError) -> Text {
        sees("\"") ? try text(what) : Text(try identifier(what))
    }

    /// Digits directly after what was read before; nil if there are none.
    mutating func digits() throws(MaxError) -> Int? {
        let start = position
        while position < bytes.count, Literal.isDigit(bytes[position]) { position += 1 }
        guard position > start else { return nil }
        guard let value = Int(String(decoding: bytes[start..<position], as: UTF8.self)) else {
            throw error("number too large", at: start)
        }
        return value
    }

    /// The characters of a number, `inf` and `nan(0x…)` included; reading them is up to the caller.
    mutating func number(_ what: String) throws(MaxError) -> String {
        skipBlanks()
        let start = position
        while position < bytes.count {
            let byte = bytes[position]
            guard Literal.isIdentifierByte(byte) || byte == UInt8(ascii: "+") || byte == UInt8(ascii: "-") else { break }
            position += 1
        }
        guard position > start, position - start <= 400 else {
            position = start
            throw failure(what)
        }
        if bytes[start..<position].elementsEqual("nan".utf8), position < bytes.count, bytes[position] == UInt8(ascii: "(") {
            while position < bytes.count, position - start < 32, bytes[position] != UInt8(ascii: ")") { position += 1 }
            guard position < bytes.count, bytes[position] == UInt8(ascii: ")") else {
                throw failure(expected: what, at: start)
            }
            position += 1
        }
        return String(decoding: bytes[start..<position], as: UTF8.self)
    }

    /// Reads a number and turns it into a value; the error stands at its first character.
    mutating func number<Value>(_ what: String, _ read: (String) -> Value?) throws(MaxError) -> Value {
        skipBlanks()
        let start = position
        guard let value = read(try number(what)) else { throw failure(expected: what, at: start) }
        return value
    }

    /// A text between double quotes.
    mutating func text(_ what: String) throws(MaxError) -> Text {
        guard accept("\"") else { throw failure(what) }
        let start = position - 1
        var out: [UInt8] = []
        while position < bytes.count {
            let byte = bytes[position]
            position += 1
            switch byte {
            case UInt8(ascii: "\""): return Text(utf8: out)
            case UInt8(ascii: "\\"): out += try escape()
            case 10: throw error("the text is not closed on its line", at: start)
            default: out.append(byte)
            }
        }
        throw error("the text is not closed", at: start)
    }

    private mutating func escape() throws(MaxError) -> [UInt8] {
        let start = position - 1
        guard position < bytes.count else { throw error("the text is not closed", at: start) }
        let mark = bytes[position]
        position += 1
        switch mark {
        case UInt8(ascii: "n"): return [10]
        case UInt8(ascii: "t"): return [9]
        case UInt8(ascii: "r"): return [13]
        case UInt8(ascii: "\""), UInt8(ascii: "\\"): return [mark]
        case UInt8(ascii: "x"):
            guard bytes.count - position >= 2,
                let byte = UInt8(String(decoding: bytes[position..<(position + 2)], as: UTF8.self), radix: 16)
            else { throw failure(expected: "'\\x' and two hexadecimal digits", at: start) }
            position += 2
            return [byte]
        case UInt8(ascii: "u"):
            guard let close = bytes[position...].prefix(10).firstIndex(of: UInt8(ascii: "}")),
                bytes[position] == UInt8(ascii: "{"),
                let code = UInt32(String(decoding: bytes[(position + 1)..<close], as: UTF8.self), radix: 16),
                let scalar = Unicode.Scalar(code)
            else { throw failure(expected: "'\\u{' a code point '}'", at: start) }
            position = close + 1
            return Array(String(Character(scalar)).utf8)
        default: throw failure(expected: "one of \\n \\t \\r \\\" \\\\ \\x \\u", at: start)
        }
    }
}
