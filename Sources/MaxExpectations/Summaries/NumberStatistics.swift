import Glibc

/// What is added up of numbers, value by value, each with the times it was seen. The result depends on neither order nor parts.
struct NumberStatistics {
    private(set) var count: UInt64 = 0
    private(set) var positiveInfinite: UInt64 = 0
    private(set) var negativeInfinite: UInt64 = 0
    private(set) var negative: UInt64 = 0
    private(set) var zero: UInt64 = 0
    /// Of the finite values; an empty range (infinity down to -infinity) when there are none.
    private(set) var minimum = Double.infinity
    private(set) var maximum = -Double.infinity
    private var sum = ExactSum()
    private var squares = ExactSum()
    /// A square has left the range of f64.
    private var squaresOverflow = false

    var infinite: UInt64 { positiveInfinite + negativeInfinite }
    var finite: UInt64 { count - infinite }

    mutating func add(_ value: Double, _ times: UInt64) {
        count += times
        if value < 0 { negative += times }
        if value == 0 { zero += times }
        guard value.isFinite else {
            if value > 0 { positiveInfinite += times } else { negativeInfinite += times }
            return
        }
        minimum = min(minimum, value)
        maximum = max(maximum, value)
        sum.add(value, times: times)
        let square = value * value
        guard square.isFinite else {
            squaresOverflow = true
            return
        }
        squares.add(square, times: times)
        squares.add((-square).addingProduct(value, value), times: times)
    }

    mutating func add(_ other: NumberStatistics) {
        count += other.count
        positiveInfinite += other.positiveInfinite
        negativeInfinite += other.negativeInfinite
        negative += other.negative
        zero += other.zero
        minimum = min(minimum, other.minimum)
        maximum = max(maximum, other.maximum)
        sum.add(other.sum)
        squares.add(other.squares)
        squaresOverflow = squaresOverflow || other.squaresOverflow
    }

    /// Of the finite values; nil when there are none.
    var mean: Double? {
        guard finite > 0 else { return nil }
        let (value, exponent) = sum.scaled
        let count = Double(finite)
        let quotient = value.high / count
        let rest = value.high.addingProduct(-quotient, count) + value.low
        // A mean lies between the extremes; rounding must not take it out.
        return min(max(scalbn(quotient + rest / count, Int32(clamping: exponent)), minimum), maximum)
    }

    /// Of the finite values as a sample, divided by their number less one; nil for fewer than two, and where squares leave f64.
    var standardDeviation: Double? {
        guard finite > 1, !squaresOverflow else { return nil }
        if minimum == maximum { return 0 }
        let count = Double(finite)
        let (squaresValue, exponent) = squares.scaled
        let (sumValue, sumExponent) = sum.scaled
        let squared = (sumValue * sumValue).scaled(by: 2 * sumExponent - exponent)
        let difference = squaresValue * count + -squared
        return scalbn((max(difference.high, 0) / count / (count - 1)).squareRoot(), Int32(clamping: exponent / 2))
    }
}
