import MaxIR

/// What one column holds. Numbers of times are microseconds since 1970, of booleans 0 and 1; integers above 2^53 are rounded.
public struct ColumnSummary: Sendable {
    public let name: Text
    public let element: ElementType
    public let rows: Int
    /// Rows without a value, NaN included.
    public let missing: Int
    /// Rows with NaN.
    public let nan: Int
    /// Different values; at least so many when `isExact` is false.
    public let distinct: Int
    /// Whether every value was counted: else `distinct` is a lower bound, quantiles are within 2^-9 of themselves, and
    /// `frequent` is empty.
    public let isExact: Bool
    /// nil for texts, and where there are no values.
    public let numbers: Numbers?
    /// nil for other types, and where there are no values.
    public let texts: Texts?
    /// Most frequent first, of equals the smaller first: all, if there are at most `ColumnSummary.allValuesLimit`, or the first ten.
    public let frequent: [Frequent]

    /// Up to so many different values are listed whole.
    public static let allValuesLimit = 1000
    public static let frequentLimit = 10

    public struct Numbers: Sendable {
        /// Of the finite values, as the mean and the deviation; nil when there are none.
        public let minimum: Double?
        public let maximum: Double?
        public let mean: Double?
        /// Of a sample (divided by n - 1); nil for fewer than two values, and where squares leave the range of f64.
        public let standardDeviation: Double?
        public let infinite: Int
        public let negative: Int
        public let zero: Int
        public let quantiles: [Quantile]

        public func quantile(_ share: Double) -> Double? { quantiles.first { $0.share == share }?.value }
    }

    /// The smallest value that at least `share` of all values do not exceed.
    public struct Quantile: Sendable, Hashable {
        public let share: Double
        public let value: Double
    }

    public static let quantileShares = [0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99]

    public struct Texts: Sendable {
        public let empty: Int
        /// Bytes of UTF-8.
        public let minimumBytes: Int
        public let maximumBytes: Int
        public let meanBytes: Double
        /// Texts that are decimal numbers, and those that are dates or times (RFC 3339).
        public let asNumbers: Int
        public let asTimes: Int
        public let notUTF8: Int
    }

    public struct Frequent: Sendable, Hashable {
        public let value: SummaryValue
        public let count: Int
    }

    public var present: Int { rows - missing }
    public var missingShare: Double { rows == 0 ? 0 : Double(missing) / Double(rows) }
    /// All different values, where they are listed.
    public var allValues: [SummaryValue]? { isExact && frequent.count == distinct ? frequent.map(\.value) : nil }
}

/// One value of a column.
public enum SummaryValue: Sendable, Hashable {
    case number(Double)
    case integer(Int64)
    case text(Text)

    public var shown: String {
        switch self {
        case .number(let value): "\(value)"
        case .integer(let value): "\(value)"
        case .text(let text): text.quoted
        }
    }
}

extension ColumnAccumulator {
    /// What was seen so far.
    public func summary(_ name: Text) -> ColumnSummary {
        ColumnSummary(
            name: name, element: element, rows: rows, missing: missing, nan: nan, distinct: distinct, isExact: isExact,
            numbers: domain == .text || missing == rows ? nil : numberSummary(),
            texts: domain == .text && missing < rows ? textSummary() : nil,
            frequent: frequent())
    }

    private func numberSummary() -> ColumnSummary.Numbers {
        let numbers = numbers
        let hasFinite = numbers.finite > 0
        return ColumnSummary.Numbers(
            minimum: hasFinite ? numbers.minimum : nil, maximum: hasFinite ? numbers.maximum : nil, mean: numbers.mean,
            standardDeviation: numbers.standardDeviation, infinite: Int(clamping: numbers.infinite),
            negative: Int(clamping: numbers.negative),
            zero: Int(clamping: numbers.zero), quantiles: quantiles(numbers))
    }

    private func quantiles(_ numbers: NumberStatistics) -> [ColumnSummary.Quantile] {
        var out: [ColumnSummary.Quantile] = []
        var seen: UInt64 = 0
        for (value, count) in orderedNumbers {
            seen += count
            while out.count < ColumnSummary.quantileShares.count {
                let share = ColumnSummary.quantileShares[out.count]
                guard Double(seen) >= share * Double(numbers.count) else { break }
                let inside = value.isFinite && hasBounds(numbers) ? min(max(value, numbers.minimum), numbers.maximum) : value
                out.append(ColumnSummary.Quantile(share: share, value: inside))
            }
        }
        return out
    }

    private func hasBounds(_ numbers: NumberStatistics) -> Bool { numbers.minimum <= numbers.maximum }

    private func textSummary() -> ColumnSummary.Texts {
        let texts = textForms
        return ColumnSummary.Texts(
            empty: Int(clamping: texts.empty), minimumBytes: texts.minimumBytes, maximumBytes: texts.maximumBytes,
            meanBytes: Double(texts.bytes) / Double(max(texts.count, 1)), asNumbers: Int(clamping: texts.numbers),
            asTimes: Int(clamping: texts.times), notUTF8: Int(clamping: texts.notUTF8))
    }

    private func frequent() -> [ColumnSummary.Frequent] {
        guard isExact else { return [] }
        let wanted = distinct <= ColumnSummary.allValuesLimit ? distinct : ColumnSummary.frequentLimit
        var top = TopCounts(wanted)
        if let values {
            for slot in 0..<values.capacity where values.slots[slot].count != 0 {
                let ordered = domain.ordered(values.slots[slot].key)
                top.offer(slot, values.slots[slot].count) { domain.ordered(values.slots[$0].key) > ordered }
            }
            return top.slots.map { slot in
                ColumnSummary.Frequent(value: value(values.slots[slot].key), count: Int(clamping: values.slots[slot].count))
            }
        }
        guard let texts else { return [] }
        for slot in 0..<texts.capacity where texts.slots[slot].count != 0 {
            let text = texts.text(slot)
            top.offer(slot, texts.slots[slot].count) { text.lexicographicallyPrecedes(texts.text($0)) }
        }
        return top.slots.map { slot in
            ColumnSummary.Frequent(value: .text(Text(utf8: Array(texts.text(slot)))), count: Int(clamping: texts.slots[slot].count))
        }
    }

    private func value(_ key: UInt64) -> SummaryValue {
        switch domain {
        case .signed: .integer(Int64(bitPattern: key))
        case .unsigned: Int64(exactly: key).map { .integer($0) } ?? .number(Double(key))
        case .float, .text: .number(domain.number(key))
        }
    }
}

/// The slots with the largest counts, in order.
private struct TopCounts {
    private(set) var slots: [Int] = []
    private var counts: [UInt64] = []
    private let wanted: Int

    init(_ wanted: Int) { self.wanted = wanted }

    /// - Parameter precedes: whether what is offered comes before a slot of equal count.
    mutating func offer(_ slot: Int, _ count: UInt64, _ precedes: (Int) -> Bool) {
        func isBefore(_ place: Int) -> Bool { count > counts[place] || (count == counts[place] && precedes(slots[place])) }
        if slots.count == wanted {
            guard let last = slots.indices.last, isBefore(last) else { return }
            slots.removeLast()
            counts.removeLast()
        }
        var (low, high) = (0, slots.count)
        while low < high {
            let middle = (low + high) / 2
            if isBefore(middle) { high = middle } else { low = middle + 1 }
        }
        slots.insert(slot, at: low)
        counts.insert(count, at: low)
    }
}
