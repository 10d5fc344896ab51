import Glibc
import MaxIR

/// A second of UTC, written as RFC 3339 has it: `2026-11-27T16:00:00Z`, and no other way.
package struct Timestamp: Hashable, Comparable, Sendable {
    /// Since 1970-01-01T00:00:00Z, leap seconds not counted.
    package let seconds: Int64

    /// The years that have four digits.
    private static let range: ClosedRange<Int64> = 0...253_402_300_799

    /// nil before 1970 and after 9999.
    package init?(seconds: Int64) {
        guard Self.range.contains(seconds) else { return nil }
        self.seconds = seconds
    }

    package static var now: Timestamp { Timestamp(unchecked: Int64(time(nil))) }

    private init(unchecked seconds: Int64) { self.seconds = min(max(seconds, Self.range.lowerBound), Self.range.upperBound) }

    /// - Throws: `.malformed` for another form, and for days and hours that there are not.
    package init(_ text: Text) throws(MaxError) {
        let bytes = text.utf8
        let shape = Array("dddd-dd-ddTdd:dd:ddZ".utf8)
        func wrong() -> MaxError { MaxError(.malformed, "time \(text.quoted), expected as 2026-11-27T16:00:00Z") }
        guard bytes.count == shape.count else { throw wrong() }
        for (byte, expected) in zip(bytes, shape) {
            guard expected == UInt8(ascii: "d") ? (0x30...0x39).contains(byte) : byte == expected else { throw wrong() }
        }
        func number(_ range: Range<Int>) -> Int64 { bytes[range].reduce(0) { $0 * 10 + Int64($1) - 48 } }
        let (year, month, day) = (number(0..<4), number(5..<7), number(8..<10))
        let (hour, minute, second) = (number(11..<13), number(14..<16), number(17..<19))
        guard (1...12).contains(month), day >= 1, hour < 24, minute < 60, second < 60 else { throw wrong() }
        let days = Self.days(year, month, day)
        // A day that the month does not have is one of the next month.
        guard Self.date(days) == (year, month, day), let found = Timestamp(seconds: days * 86400 + hour * 3600 + minute * 60 + second)
        else {
            throw wrong()
        }
        self = found
    }

    /// Later by so many seconds, at most the last second of the year 9999.
    package func adding(_ seconds: Int64) -> Timestamp {
        let (sum, overflow) = self.seconds.addingReportingOverflow(seconds)
        return Timestamp(unchecked: overflow ? (seconds > 0 ? .max : .min) : sum)
    }

    package var text: String {
        func digits(_ value: Int64, _ count: Int) -> String {
            let text = String(value)
            return String(repeating: "0", count: max(0, count - text.utf8.count)) + text
        }
        let (year, month, day) = Self.date(seconds / 86400)
        let rest = seconds % 86400
        return
            "\(digits(year, 4))-\(digits(month, 2))-\(digits(day, 2))T\(digits(rest / 3600, 2)):\(digits(rest / 60 % 60, 2)):\(digits(rest % 60, 2))Z"
    }

    package static func < (a: Timestamp, b: Timestamp) -> Bool { a.seconds < b.seconds }

    /// Days since 1970-01-01 of a Gregorian date (H. Hinnant, "chrono-compatible low-level date algorithms").
    private static func days(_ year: Int64, _ month: Int64, _ day: Int64) -> Int64 {
        let y = month <= 2 ? year - 1 : year
        let era = y / 400
        let yearOfEra = y - era * 400
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
    }

    private static func date(_ days: Int64) -> (Int64, Int64, Int64) {
        let z = days + 719_468
        let era = z / 146_097
        let dayOfEra = z - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let m = (5 * dayOfYear + 2) / 153
        let (day, month) = (dayOfYear - (153 * m + 2) / 5 + 1, m < 10 ? m + 3 : m - 9)
        return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, day)
    }
}

/// A length of time as ISO 8601 writes days, hours, minutes and seconds: `P30D`, `PT24H`, `P1DT12H`.
package struct Period: Hashable, Sendable {
    package let seconds: Int64

    /// - Throws: `.malformed` for another form; `.limitExceeded` above a hundred years.
    package init(_ text: Text) throws(MaxError) {
        func wrong() -> MaxError { MaxError(.malformed, "period \(text.quoted), expected as P30D or PT24H") }
        var rest = text.utf8[...]
        guard rest.popFirst() == UInt8(ascii: "P"), !rest.isEmpty else { throw wrong() }
        var units: [(UInt8, Int64)] = [(UInt8(ascii: "D"), 86400)]
        let ofTime: [(UInt8, Int64)] = [(UInt8(ascii: "H"), 3600), (UInt8(ascii: "M"), 60), (UInt8(ascii: "S"), 1)]
        var total: Int64 = 0
        while let first = rest.first {
            if first == UInt8(ascii: "T") {
                guard units.count <= 1, rest.count > 1 else { throw wrong() }
                units = ofTime
                rest = rest.dropFirst()
                continue
            }
            let digits = rest.prefix { (0x30...0x39).contains($0) }
            guard (1...9).contains(digits.count), let unit = rest.dropFirst(digits.count).first,
                let at = units.firstIndex(where: { $0.0 == unit })
            else { throw wrong() }
            total += digits.reduce(0) { $0 * 10 + Int64($1) - 48 } * units[at].1
            units = Array(units[(at + 1)...])
            rest = rest.dropFirst(digits.count + 1)
        }
        guard total <= 100 * 366 * 86400 else { throw MaxError(.limitExceeded, "period \(text.quoted), at most a hundred years") }
        seconds = total
    }
}
