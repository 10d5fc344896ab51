/// What a text could be read as.
package enum TextForms {
    /// A decimal number: sign, digits with at most one point, exponent; no spaces, separators or names.
    package static func isNumber(_ text: UnsafeBufferPointer<UInt8>) -> Bool {
        var position = 0
        if position < text.count, text[position] == UInt8(ascii: "-") || text[position] == UInt8(ascii: "+") { position += 1 }
        var digits = self.digits(text, &position)
        if position < text.count, text[position] == UInt8(ascii: ".") {
            position += 1
            digits += self.digits(text, &position)
        }
        guard digits > 0 else { return false }
        if position < text.count, text[position] | 0x20 == UInt8(ascii: "e") {
            position += 1
            if position < text.count, text[position] == UInt8(ascii: "-") || text[position] == UInt8(ascii: "+") { position += 1 }
            guard self.digits(text, &position) > 0 else { return false }
        }
        return position == text.count
    }

    private static func digits(_ text: UnsafeBufferPointer<UInt8>, _ position: inout Int) -> Int {
        let start = position
        while position < text.count, text[position] >= 0x30, text[position] <= 0x39 { position += 1 }
        return position - start
    }

    /// A date `2026-01-31`, alone or with a time of day after `T` or a space, with or without `Z` or an offset `+01:00`.
    ///
    /// Source: RFC 3339, section 5.6; seconds and zone may be left out.
    package static func isTime(_ text: UnsafeBufferPointer<UInt8>) -> Bool {
        var scan = Scan(text: text)
        guard let year = scan.number(4), scan.take("-"), let month = scan.number(2), scan.take("-"), let day = scan.number(2),
            (1...12).contains(month), (1...days(month, year)).contains(day)
        else { return false }
        if scan.isAtEnd { return true }
        guard scan.take("T") || scan.take(" ") || scan.take("t") else { return false }
        guard let hour = scan.number(2), hour < 24, scan.take(":"), let minute = scan.number(2), minute < 60 else { return false }
        if scan.take(":") {
            guard let second = scan.number(2), second <= 60 else { return false }
            if scan.take(".") {
                guard scan.number(1) != nil else { return false }
                while scan.number(1) != nil {}
            }
        }
        if scan.take("Z") || scan.take("z") { return scan.isAtEnd }
        if scan.take("+") || scan.take("-") {
            guard let hours = scan.number(2), hours < 24 else { return false }
            _ = scan.take(":")
            guard let minutes = scan.number(2), minutes < 60 else { return false }
        }
        return scan.isAtEnd
    }

    private static func days(_ month: Int, _ year: Int) -> Int {
        switch month {
        case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }

    private struct Scan {
        let text: UnsafeBufferPointer<UInt8>
        var position = 0

        init(text: UnsafeBufferPointer<UInt8>) { self.text = text }

        var isAtEnd: Bool { position == text.count }

        mutating func take(_ character: Unicode.Scalar) -> Bool {
            guard position < text.count, text[position] == UInt8(ascii: character) else { return false }
            position += 1
            return true
        }

        /// Exactly `count` digits.
        mutating func number(_ count: Int) -> Int? {
            guard text.count - position >= count else { return nil }
            var value = 0
            for offset in 0..<count {
                let byte = text[position + offset]
                guard byte >= 0x30, byte <= 0x39 else { return nil }
                value = value * 10 + Int(byte - 0x30)
            }
            position += count
            return value
        }
    }
}

/// What is added up of texts, text by text, each with the times it was seen.
struct TextStatistics {
    private(set) var count: UInt64 = 0
    private(set) var empty: UInt64 = 0
    private(set) var numbers: UInt64 = 0
    private(set) var times: UInt64 = 0
    private(set) var notUTF8: UInt64 = 0
    private(set) var minimumBytes = Int.max
    private(set) var maximumBytes = 0
    /// Of all texts; wraps after 2^64 bytes.
    private(set) var bytes: UInt64 = 0

    mutating func add(_ text: UnsafeBufferPointer<UInt8>, _ times: UInt64) {
        count += times
        if text.isEmpty { empty += times }
        if TextForms.isNumber(text) { numbers += times }
        if TextForms.isTime(text) { self.times += times }
        if text.contains(where: { $0 >= 0x80 }), String(validating: text, as: UTF8.self) == nil { notUTF8 += times }
        minimumBytes = min(minimumBytes, text.count)
        maximumBytes = max(maximumBytes, text.count)
        bytes &+= UInt64(text.count) &* times
    }

    mutating func add(_ other: TextStatistics) {
        count += other.count
        empty += other.empty
        numbers += other.numbers
        times += other.times
        notUTF8 += other.notUTF8
        minimumBytes = min(minimumBytes, other.minimumBytes)
        maximumBytes = max(maximumBytes, other.maximumBytes)
        bytes &+= other.bytes
    }
}
