import MaxIR
import MaxRuntime

/// Gathers what a summary says about one column, batch by batch. Accumulators of parts of a column can be merged; the result
/// depends neither on the batches nor on their order nor on the parts.
///
/// Up to `distinctLimit` different values are counted each, and everything is exact. Beyond that the values are added up one by
/// one, and quantiles come from a histogram.
public final class ColumnAccumulator {
    /// Different values that are counted each.
    public static let distinctLimit = 1_000_000
    /// Bytes of different texts that are kept.
    public static let textBytesLimit = 1 << 28

    public let element: ElementType
    let domain: ValueDomain
    public private(set) var rows = 0
    /// Rows without a value, and those with NaN.
    public private(set) var missing = 0
    public private(set) var nan = 0

    /// The counts of the values; nil once there were too many.
    private(set) var values: ValueTable?
    private(set) var texts: TextTable?
    private var numberStatistics = NumberStatistics()
    private var textStatistics = TextStatistics()
    /// Once values are no longer counted each: the counts of their leading bits.
    private var histogram: Histogram?
    private let limit: Int

    public convenience init(_ element: ElementType) { self.init(element, limit: Self.distinctLimit) }

    package init(_ element: ElementType, limit: Int) {
        self.element = element
        self.limit = limit
        domain = ValueDomain(element)
        if domain == .text { texts = TextTable() } else { values = ValueTable() }
    }

    /// Different values; at least so many when it is not exact.
    public var distinct: Int { values?.distinct ?? texts?.distinct ?? limit }
    public var isExact: Bool { values != nil || texts != nil }

    /// Adds the first `rows` rows of a column.
    ///
    /// - Throws: `.malformed` when the column is of another type.
    public func add(_ view: ColumnView, rows: Int) throws(MaxError) {
        guard view.element == element else {
            throw MaxError(.malformed, "found a batch of \(view.element.rawValue), expected \(element.rawValue)")
        }
        self.rows += rows
        if domain == .text { addTexts(view, rows) } else { addNumbers(view, rows) }
    }

    private func addNumbers(_ view: ColumnView, _ rows: Int) {
        withUnsafeTemporaryAllocation(of: UInt64.self, capacity: CellKeys.chunk) { keys in
            withUnsafeTemporaryAllocation(of: Bool.self, capacity: CellKeys.chunk) { isPresent in
                guard let keys = keys.baseAddress, let isPresent = isPresent.baseAddress else { return }
                for first in stride(from: 0, to: rows, by: CellKeys.chunk) {
                    let range = first..<min(first + CellKeys.chunk, rows)
                    nan += CellKeys.read(view, range, keys: keys, isPresent: isPresent)
                    for index in 0..<range.count where !isPresent[index] { missing += 1 }
                    if let values {
                        values.add(keys, isPresent: isPresent, count: range.count)
                        if values.distinct > limit { spill() }
                    } else {
                        for index in 0..<range.count where isPresent[index] { addUp(keys[index], 1) }
                    }
                }
            }
        }
    }

    private func addTexts(_ view: ColumnView, _ rows: Int) {
        for row in 0..<rows {
            guard view.isValid(row) else {
                missing += 1
                continue
            }
            guard let texts else {
                textStatistics.add(view.text(row), 1)
                continue
            }
            texts.add(view.text(row))
            if texts.distinct > limit || texts.bytes > Self.textBytesLimit { spill() }
        }
    }

    private func addUp(_ key: UInt64, _ times: UInt64) {
        let number = domain.number(key)
        numberStatistics.add(number, times)
        histogram?.add(number, times)
    }

    /// Adds up what was counted each, and goes on so.
    private func spill() {
        if let values {
            self.values = nil
            histogram = Histogram()
            for slot in 0..<values.capacity where values.slots[slot].count != 0 { addUp(values.slots[slot].key, values.slots[slot].count) }
        } else if let texts {
            self.texts = nil
            for slot in 0..<texts.capacity where texts.slots[slot].count != 0 {
                textStatistics.add(texts.text(slot), texts.slots[slot].count)
            }
        }
    }

    /// Adds what another accumulator has seen of the same column.
    ///
    /// - Throws: `.malformed` when that is a column of another type.
    public func merge(_ other: ColumnAccumulator) throws(MaxError) {
        guard other.element == element else {
            throw MaxError(.malformed, "found a summary of \(other.element.rawValue), expected \(element.rawValue)")
        }
        rows += other.rows
        missing += other.missing
        nan += other.nan
        if other.isExact {
            if let from = other.values {
                for slot in 0..<from.capacity where from.slots[slot].count != 0 {
                    let (key, count) = (from.slots[slot].key, from.slots[slot].count)
                    if let values {
                        values.add(key, count)
                        if values.distinct > limit { spill() }
                    } else {
                        addUp(key, count)
                    }
                }
            } else if let from = other.texts {
                for slot in 0..<from.capacity where from.slots[slot].count != 0 {
                    if let texts {
                        texts.add(from.text(slot), from.slots[slot].count)
                        if texts.distinct > limit || texts.bytes > Self.textBytesLimit { spill() }
                    } else {
                        textStatistics.add(from.text(slot), from.slots[slot].count)
                    }
                }
            }
        } else {
            spill()
            numberStatistics.add(other.numberStatistics)
            textStatistics.add(other.textStatistics)
            if let from = other.histogram { histogram?.add(from) }
        }
    }

    // What summaries and checks read.

    /// Of numbers, booleans and times.
    var numbers: NumberStatistics {
        guard let values else { return numberStatistics }
        var out = NumberStatistics()
        for slot in 0..<values.capacity where values.slots[slot].count != 0 {
            out.add(domain.number(values.slots[slot].key), values.slots[slot].count)
        }
        return out
    }

    var textForms: TextStatistics {
        guard let texts else { return textStatistics }
        var out = TextStatistics()
        for slot in 0..<texts.capacity where texts.slots[slot].count != 0 { out.add(texts.text(slot), texts.slots[slot].count) }
        return out
    }

    /// Numbers in order with their counts: each value, or once there were too many, where each bucket of the histogram lies.
    var orderedNumbers: [(value: Double, count: UInt64)] {
        if let values { return values.sorted(domain).map { (domain.number(domain.key(ordered: $0.ordered)), $0.count) } }
        return histogram?.ordered ?? []
    }
}
