/// One text, cut into words or characters that lie one after the other, so that every n-gram is a piece of the same bytes.
public struct TextUnits: Sendable {
    /// Words with a space between them; characters without.
    private var bytes: [UInt8] = []
    private var starts: [Int] = []
    private var ends: [Int] = []

    public init() {}

    public var count: Int { starts.count }

    mutating func cut(_ text: UnsafeBufferPointer<UInt8>, _ unit: TextAnalyzer.Unit, lower: Bool) {
        bytes.removeAll(keepingCapacity: true)
        starts.removeAll(keepingCapacity: true)
        ends.removeAll(keepingCapacity: true)
        if text.allSatisfy({ $0 < 0x80 }) {
            switch unit {
            case .word: words(ascii: text, lower)
            case .char: characters(ascii: text, lower)
            case .whole:
                for byte in text { bytes.append(lower ? Self.lowered(byte) : byte) }
                close(from: 0)
            }
            return
        }
        guard lower || unit != .whole else {
            bytes.append(contentsOf: text)
            return close(from: 0)
        }
        let string = String(decoding: text, as: UTF8.self)
        let cased = lower ? TextAnalyzer.lowered(string) : string
        switch unit {
        case .word: words(cased)
        case .char: characters(cased)
        case .whole:
            bytes.append(contentsOf: cased.utf8)
            close(from: 0)
        }
    }

    /// Calls `body` with every n-gram, in the order of lengths and places.
    @inline(__always)
    func forEachGram(_ lengths: ClosedRange<Int>, _ body: (UnsafeBufferPointer<UInt8>) -> Void) {
        bytes.withUnsafeBufferPointer { all in
            for length in lengths where length <= starts.count {
                for first in 0...starts.count - length {
                    body(UnsafeBufferPointer(rebasing: all[starts[first]..<ends[first + length - 1]]))
                }
            }
        }
    }

    private mutating func close(from start: Int) {
        starts.append(start)
        ends.append(bytes.count)
    }

    @inline(__always) private static func lowered(_ byte: UInt8) -> UInt8 { byte >= 0x41 && byte <= 0x5a ? byte | 0x20 : byte }

    @inline(__always) private static func isWord(_ byte: UInt8) -> Bool {
        let small = byte | 0x20
        return (small >= 0x61 && small <= 0x7a) || (byte >= 0x30 && byte <= 0x39) || byte == 0x5f
    }

    // MARK: Words

    private mutating func words(ascii text: UnsafeBufferPointer<UInt8>, _ lower: Bool) {
        var start = 0
        while start < text.count {
            guard Self.isWord(text[start]) else {
                start += 1
                continue
            }
            var end = start + 1
            while end < text.count, Self.isWord(text[end]) { end += 1 }
            if end - start >= 2 {
                let first = bytes.count
                for at in start..<end { bytes.append(lower ? Self.lowered(text[at]) : text[at]) }
                close(from: first)
                bytes.append(0x20)
            }
            start = end
        }
    }

    private mutating func words(_ string: String) {
        var (start, length) = (bytes.count, 0)
        for scalar in string.unicodeScalars {
            if Self.isWord(scalar) {
                bytes.append(contentsOf: String(scalar).utf8)
                length += 1
            } else if length > 0 {
                endWord(&start, &length)
            }
        }
        endWord(&start, &length)
    }

    private mutating func endWord(_ start: inout Int, _ length: inout Int) {
        if length >= 2 {
            close(from: start)
            bytes.append(0x20)
        } else {
            bytes.removeLast(bytes.count - start)
        }
        (start, length) = (bytes.count, 0)
    }

    private static func isWord(_ scalar: Unicode.Scalar) -> Bool {
        if scalar.value < 0x80 { return isWord(UInt8(truncatingIfNeeded: scalar.value)) }
        switch scalar.properties.generalCategory {
        case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter, .decimalNumber, .letterNumber,
            .otherNumber:
            return true
        default: return false
        }
    }

    // MARK: Characters

    private mutating func characters(ascii text: UnsafeBufferPointer<UInt8>, _ lower: Bool) {
        var at = 0
        while at < text.count {
            var end = at + 1
            if Self.isWhite(text[at]) { while end < text.count, Self.isWhite(text[end]) { end += 1 } }
            let first = bytes.count
            bytes.append(end - at > 1 ? 0x20 : lower ? Self.lowered(text[at]) : text[at])
            close(from: first)
            at = end
        }
    }

    private mutating func characters(_ string: String) {
        var (white, run): (Unicode.Scalar, Int) = (" ", 0)
        for scalar in string.unicodeScalars {
            if scalar.properties.isWhitespace || (scalar.value < 0x80 && Self.isWhite(UInt8(truncatingIfNeeded: scalar.value))) {
                (white, run) = (scalar, run + 1)
                continue
            }
            if run > 0 { append(run == 1 ? white : " ") }
            run = 0
            append(scalar)
        }
        if run > 0 { append(run == 1 ? white : " ") }
    }

    private mutating func append(_ scalar: Unicode.Scalar) {
        let first = bytes.count
        bytes.append(contentsOf: String(scalar).utf8)
        close(from: first)
    }

    /// As Python's `\s`, which has the four separators of ASCII too.
    @inline(__always) private static func isWhite(_ byte: UInt8) -> Bool {
        byte == 0x20 || (byte >= 0x09 && byte <= 0x0d) || (byte >= 0x1c && byte <= 0x1f)
    }
}
