import MaxIR
import MaxSettings

extension Check {
    /// 1900-01-01 and 2100-01-01, in microseconds since 1970.
    private static let plausibleTimes = -2_208_988_800_000_000.0...4_102_444_800_000_000.0

    static let columnChecks = [
        Check("all-missing", "D401", "a column without a value") { data, found in
            for (_, summary) in data.features where summary.rows > 0 && summary.present == 0 {
                found.add(
                    .warning, summary.name, [("rows", Double(summary.rows))], "no row has a value", "drop the column, or find out why")
            }
        },
        Check(
            "mostly-missing", "D402", "a column with few values",
            [Setting("mostly_missing_share", .number(0...1), 0.9, "share of missing values above which a column is named")]
        ) { data, found in
            for (_, summary) in data.features where summary.present > 0 {
                guard summary.missingShare > data.settings.number("mostly_missing_share") else { continue }
                found.add(
                    .warning, summary.name, [("missing", Double(summary.missing)), ("rows", Double(summary.rows))],
                    "\(Shown.share(summary.missing, of: summary.rows)) values are missing", "drop the column, or find out why")
            }
        },
        Check("constant", "D403", "a column of one value") { data, found in
            for (_, summary) in data.features where summary.present > 0 && summary.distinct == 1 && summary.rows > 1 {
                let hasMissing = summary.missing > 0
                found.add(
                    hasMissing ? .note : .warning, summary.name, [("distinct", 1), ("missing", Double(summary.missing))],
                    hasMissing
                        ? "all \(summary.present) values are equal; only where they are missing tells anything"
                        : "all \(summary.present) values are equal",
                    hasMissing ? "make it a flag, or drop it" : "drop the column", examples: summary.frequent.map(\.value.shown))
            }
        },
        Check(
            "nearly-constant", "D404", "a column in which one value stands nearly everywhere",
            [Setting("nearly_constant_share", .number(0.5...1), 0.999, "share of one value from which a column is named")]
        ) { data, found in
            for (_, summary) in data.features where summary.present > 0 && summary.distinct > 1 {
                guard let first = summary.frequent.first, summary.missing == 0 else { continue }
                guard Double(first.count) >= data.settings.number("nearly_constant_share") * Double(summary.rows) else { continue }
                found.add(
                    .note, summary.name, [("equal", Double(first.count)), ("distinct", Double(summary.distinct))],
                    "\(Shown.share(first.count, of: summary.rows)) values are equal", "check whether the others are mistakes",
                    examples: [first.value.shown])
            }
        },
        Check("infinite", "D405", "infinite values") { data, found in
            for (_, summary) in data.features {
                guard let numbers = summary.numbers, numbers.infinite > 0 else { continue }
                found.add(
                    .warning, summary.name, [("infinite", Double(numbers.infinite))],
                    "\(Shown.share(numbers.infinite, of: summary.present)) values are infinite",
                    "find the division or overflow that makes them; make them missing if they mean nothing")
            }
        },
        Check(
            "outliers", "D406", "values far outside of the quartiles",
            [
                Setting(
                    "outliers_factor", .number(1...1e6), 10.0,
                    "distance from the quartiles, in distances between them, from which a value is far out")
            ]
        ) { data, found in
            for (index, summary) in data.features where summary.element != .bool && summary.element != .timestamp {
                guard let numbers = summary.numbers, let low = numbers.quantile(0.25), let high = numbers.quantile(0.75), low.isFinite,
                    high.isFinite,
                    high > low, (high - low).isFinite
                else { continue }
                let reach = (high - low) * data.settings.number("outliers_factor")
                let fences = (low - reach)...(high + reach)
                let outside = data.columns[index].rows { $0.isFinite && !fences.contains($0) }
                guard outside > 0, let minimum = numbers.minimum, let maximum = numbers.maximum else { continue }
                found.add(
                    .note, summary.name, [("outside", Double(outside)), ("minimum", minimum), ("maximum", maximum)],
                    "\(Shown.share(outside, of: summary.present)) values lie far outside of the quartiles \(Shown.number(low)) and \(Shown.number(high)): from \(Shown.number(minimum)) to \(Shown.number(maximum))",
                    "check units, and codes such as 9999 that stand for a missing value")
            }
        },
        Check("times-out-of-range", "D407", "times before 1900 or after 2100") { data, found in
            for (index, summary) in data.summaries.enumerated() where summary.element == .timestamp {
                let outside = data.columns[index].rows { !plausibleTimes.contains($0) }
                guard outside > 0 else { continue }
                found.add(
                    .warning, summary.name, [("outside", Double(outside))],
                    "\(Shown.share(outside, of: summary.present)) times lie before 1900 or after 2100",
                    "check the unit of the source (seconds, milliseconds), and dates that stand for a missing value")
            }
        },
    ]
}

extension ColumnAccumulator {
    /// Rows whose number is such; by the middles of the buckets when not every value was counted.
    func rows(where isSuch: (Double) -> Bool) -> Int {
        guard let values else { return Int(clamping: orderedNumbers.reduce(UInt64(0)) { $0 + (isSuch($1.value) ? $1.count : 0) }) }
        var count: UInt64 = 0
        for slot in 0..<values.capacity where values.slots[slot].count != 0 && isSuch(domain.number(values.slots[slot].key)) {
            count += values.slots[slot].count
        }
        return Int(clamping: count)
    }
}
