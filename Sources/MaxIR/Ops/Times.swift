extension Ops {
    /// - Operand `x`: microseconds since 1970-01-01T00:00:00Z, any shape.
    /// - Result: `to`, the shape of `x`; NaN where `x` is `missing`.
    /// - Source: proleptic Gregorian calendar, ISO 8601 weeks; weekdays from Monday = 0 as in Python's `date.weekday`.
    public static let timePart = Operator(
        "time_part",
        "One part of a time at a fixed offset from UTC: year, month, day, weekday (Monday 0), hour, minute, second, day_of_year, week, is_weekend, or seconds since 1970. Source: ISO 8601.",
        operands: [.one("x", [.timestamp])],
        attributes: [
            .required("part", .string), .defaulted("offset_minutes", .int(0)), .optional("missing", .int), .required("to", .type),
        ],
        infer: { node throws(MaxError) in
            let to = try node.type("to")
            guard to == .f64 || to == .f32 else { throw MaxError(.malformed, "to: found \(to), expected f64 or f32") }
            _ = try TimePart.of(node)
            return [.tensor(TensorType(to, try node.tensorType(0).shape))]
        },
        evaluate: { node throws(MaxError) in
            let x = try node.tensor(0)
            guard case .timestamp(let values) = x.storage else { throw MaxError(.malformed, "operand is \(x.type), expected times") }
            let part = try TimePart.of(node)
            let parts = values.map { part.of($0) }
            return [
                try node.type("to") == .f64
                    ? .tensor(Tensor(parts, shape: x.shape)) : .tensor(Tensor(parts.map { Float($0) }, shape: x.shape))
            ]
        })

    static let times = [timePart]
}

/// A function of microseconds since 1970.
public struct TimePart: Sendable {
    public enum Part: String, Sendable, CaseIterable {
        case year, month, day, weekday, hour, minute, second, dayOfYear = "day_of_year", week, isWeekend = "is_weekend", seconds
    }
    let part: Part
    let offset: Int64
    let missing: Int64?

    /// - Throws: `.malformed` for an unknown part, or an offset of more than a day.
    public static func of(_ node: some OperatorNode) throws(MaxError) -> TimePart {
        let name = try node.string("part")
        guard let part = Part(rawValue: name.string) else {
            throw MaxError(
                .malformed, "part: found \(name.quoted), expected one of \(Part.allCases.map(\.rawValue).joined(separator: ", "))")
        }
        let minutes = try node.int("offset_minutes")
        guard (-1440...1440).contains(minutes) else {
            throw MaxError(.malformed, "offset_minutes: found \(minutes), expected -1440 to 1440")
        }
        return TimePart(part: part, offset: minutes * 60_000_000, missing: node.optionalInt("missing"))
    }

    public func of(_ microseconds: Int64) -> Double {
        if microseconds == missing { return .nan }
        if part == .seconds { return Double(microseconds) / 1e6 }
        let day: Int64 = 86_400_000_000
        // Remainders first, and the shift behind them: nothing overflows, also at the ends of what 64 bits hold.
        var days = Self.floorDivide(microseconds, day)
        var rest = microseconds % day
        if rest < 0 { rest += day }
        rest += offset
        let more = Self.floorDivide(rest, day)
        days += more
        rest -= more * day
        switch part {
        case .hour: return Double(rest / 3_600_000_000)
        case .minute: return Double(rest / 60_000_000 % 60)
        case .second: return Double(rest / 1_000_000 % 60)
        case .weekday: return Double(Self.weekday(days))
        case .isWeekend: return Self.weekday(days) >= 5 ? 1 : 0
        case .week: return Double(Self.week(days))
        case .dayOfYear: return Double(days - Self.days(year: Self.date(days).year) + 1)
        case .year: return Double(Self.date(days).year)
        case .month: return Double(Self.date(days).month)
        case .day: return Double(Self.date(days).day)
        case .seconds: return .nan
        }
    }

    private static func floorDivide(_ a: Int64, _ b: Int64) -> Int64 {
        let quotient = a / b
        return a % b < 0 ? quotient - 1 : quotient
    }

    /// 1970-01-01 was a Thursday.
    private static func weekday(_ days: Int64) -> Int64 { ((days % 7) + 7 + 3) % 7 }

    /// The ISO week belongs to the year that its Thursday is in.
    private static func week(_ days: Int64) -> Int64 {
        let thursday = days - weekday(days) + 3
        return (thursday - self.days(year: date(thursday).year)) / 7 + 1
    }

    /// Days from 1970-01-01 to the first of January.
    private static func days(year: Int64) -> Int64 {
        let y = year - 1
        return 365 * (year - 1970) + (floorDivide(y, 4) - 492) - (floorDivide(y, 100) - 19) + (floorDivide(y, 400) - 4)
    }

    /// Source: Howard Hinnant, "chrono-compatible low-level date algorithms", `civil_from_days`.
    private static func date(_ days: Int64) -> (year: Int64, month: Int64, day: Int64) {
        let z = days + 719_468
        let era = floorDivide(z, 146_097)
        let dayOfEra = z - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shifted = (5 * dayOfYear + 2) / 153
        let month = shifted < 10 ? shifted + 3 : shifted - 9
        return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, dayOfYear - (153 * shifted + 2) / 5 + 1)
    }
}
