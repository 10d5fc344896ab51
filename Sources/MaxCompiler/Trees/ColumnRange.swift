/// What is known of the elements of one column: numbers from `low` to `high`, and whether NaN can stand among them.
/// -0.0 and 0.0 are one number here, as they are to every comparison.
struct ColumnRange: Sendable, Hashable {
    /// The numbers that can stand, ascending, each once; nil where only the bounds are known.
    private(set) var values: [Double]?
    /// No number can stand where `low > high`.
    private(set) var low = -Double.infinity
    private(set) var high = Double.infinity
    var hasNaN = true

    /// Anything.
    static let any = ColumnRange()
    /// What flags become.
    static let flags = ColumnRange([0, 1])
    /// Most values that are told apart.
    static let valueLimit = 1 << 12

    private init() {}

    init(_ low: Double, _ high: Double, hasNaN: Bool) {
        (self.low, self.high, self.hasNaN) = (low, high, hasNaN)
    }

    /// Exactly these elements, NaN among them or not.
    init(_ elements: [Double]) {
        var numbers: [Double] = []
        for x in elements.filter({ !$0.isNaN }).sorted() where numbers.last != x { numbers.append(x == 0 ? 0 : x) }
        hasNaN = elements.contains { $0.isNaN }
        low = numbers.first ?? .infinity
        high = numbers.last ?? -.infinity
        if numbers.count <= Self.valueLimit { values = numbers }
    }

    /// Rounded to f32, which keeps the order.
    var asF32: ColumnRange {
        guard let values else { return ColumnRange(Double(Float(low)), Double(Float(high)), hasNaN: hasNaN) }
        var out = ColumnRange(values.map { Double(Float($0)) })
        out.hasNaN = hasNaN
        return out
    }

    /// What stands in this column or the other.
    func joined(_ other: ColumnRange) -> ColumnRange {
        let hasNaN = hasNaN || other.hasNaN
        guard let values, let others = other.values, values.count + others.count <= Self.valueLimit else {
            return ColumnRange(min(low, other.low), max(high, other.high), hasNaN: hasNaN)
        }
        var out = ColumnRange(values + others)
        out.hasNaN = hasNaN
        return out
    }
}

/// The numbers that a column can hold: those of a type, or a few.
enum NumberGrid {
    case f32
    case f64
    /// Ascending, each once.
    case values([Double])

    /// The largest number `<= x`, which is no NaN.
    func atMost(_ x: Double) -> Double? {
        switch self {
        case .f64: return x
        case .f32: return Double(Float(x)) <= x ? Double(Float(x)) : Double(Float(x).nextDown)
        case .values(let list):
            let count = list.count(below: x, orEqual: true)
            return count > 0 ? list[count - 1] : nil
        }
    }

    /// The smallest number `>= x`, which is no NaN.
    func atLeast(_ x: Double) -> Double? {
        switch self {
        case .f64: return x
        case .f32: return Double(Float(x)) >= x ? Double(Float(x)) : Double(Float(x).nextUp)
        case .values(let list):
            let count = list.count(below: x, orEqual: false)
            return count < list.count ? list[count] : nil
        }
    }

    /// The largest number `< x`.
    func below(_ x: Double) -> Double? { x == -.infinity ? nil : atMost(step(x, up: false)) }

    /// The smallest number `> x`.
    func above(_ x: Double) -> Double? { x == .infinity ? nil : atLeast(step(x, up: true)) }

    /// The next f64; from 0 and -0.0 alike.
    private func step(_ x: Double, up: Bool) -> Double { up ? x.nextUp : x.nextDown }
}

extension [Double] {
    /// How many elements of an ascending list are below `x`, or equal to it too.
    fileprivate func count(below x: Double, orEqual: Bool) -> Int {
        var (low, high) = (0, count)
        while low < high {
            let middle = low + (high - low) / 2
            if self[middle] < x || (orEqual && self[middle] == x) { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
