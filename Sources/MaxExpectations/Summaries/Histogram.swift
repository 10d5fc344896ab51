/// Counts of numbers by sign, exponent and the first 8 bits of the fraction: a value is told from its bucket to within 2^-9 of
/// itself.
///
/// Source: C. Masson et al., "DDSketch: a fast and fully-mergeable quantile sketch with relative-error guarantees", 2019, with
/// buckets that are linear within an octave.
struct Histogram {
    private static let droppedBits: UInt64 = 44
    private var table = ValueTable()

    func add(_ value: Double, _ times: UInt64) { table.add(ValueDomain.float.ordered(value.bitPattern) >> Self.droppedBits, times) }

    func add(_ other: Histogram) {
        for slot in 0..<other.table.capacity where other.table.slots[slot].count != 0 {
            table.add(other.table.slots[slot].key, other.table.slots[slot].count)
        }
    }

    /// The middle of each bucket with its count, in order. Zero and the infinities stand for themselves.
    var ordered: [(value: Double, count: UInt64)] {
        table.sorted(.unsigned).map { entry in
            let low = Double(bitPattern: ValueDomain.float.key(ordered: entry.ordered << Self.droppedBits))
            let high = Double(bitPattern: ValueDomain.float.key(ordered: (entry.ordered << Self.droppedBits) | (1 << Self.droppedBits - 1)))
            if low == 0 || high == 0 { return (0, entry.count) }
            if !low.isFinite { return (low, entry.count) }
            if !high.isFinite { return (high.isNaN ? -.infinity : high, entry.count) }
            return (low / 2 + high / 2, entry.count)
        }
    }
}
