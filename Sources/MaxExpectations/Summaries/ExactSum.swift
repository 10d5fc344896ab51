import Glibc

/// A sum of f64 without rounding: its value depends on what was added alone, not on the order or on how it was split.
///
///     sum = Σ limbs[i] · 2^(32·i - 1074)
///
/// Source: U. Kulisch's long accumulator; R. M. Neal, "Fast exact summation using small and large superaccumulators", 2015.
package struct ExactSum {
    private static let count = 74
    private var limbs = [Int64](repeating: 0, count: count)
    /// Additions since the carries were passed on; each adds less than 2^34 to a limb.
    private var pending = 0

    package init() {}

    /// Adds `value` `times` times. `value` must be finite.
    package mutating func add(_ value: Double, times: UInt64 = 1) {
        let bits = value.bitPattern
        let exponent = Int(bits >> 52 & 0x7ff)
        var mantissa = bits & (1 << 52 - 1)
        if exponent > 0 { mantissa |= 1 << 52 }
        guard mantissa != 0 else { return }
        let place = max(exponent - 1, 0)
        let product = mantissa.multipliedFullWidth(by: times)
        let (limb, shift) = (place >> 5, UInt64(place & 31))
        let isNegative = bits >> 63 == 1
        limbs.withUnsafeMutableBufferPointer { limbs in
            func put(_ word: UInt64, _ limb: Int) {
                guard word != 0 else { return }
                let shifted = word << shift
                let (low, high) = (Int64(shifted & 0xffff_ffff), Int64(shifted >> 32))
                limbs[limb] += isNegative ? -low : low
                limbs[limb + 1] += isNegative ? -high : high
            }
            put(product.low & 0xffff_ffff, limb)
            put(product.low >> 32, limb + 1)
            put(product.high & 0xffff_ffff, limb + 2)
            put(product.high >> 32, limb + 3)
        }
        pending += 1
        if pending == 1 << 26 { carry() }
    }

    package mutating func add(_ other: ExactSum) {
        var other = other
        other.carry()
        carry()
        for index in limbs.indices { limbs[index] += other.limbs[index] }
        carry()
    }

    /// Brings every limb but the last into 0..<2^32.
    private mutating func carry() {
        var carry: Int64 = 0
        for index in 0..<Self.count - 1 {
            let value = limbs[index] + carry
            carry = value >> 32
            limbs[index] = value & 0xffff_ffff
        }
        limbs[Self.count - 1] += carry
        pending = 0
    }

    /// The sum as `value · 2^exponent`, the exponent even, `value` of about 100 good bits.
    package var scaled: (value: DoubleDouble, exponent: Int) {
        var copy = self
        copy.carry()
        let isNegative = copy.limbs[Self.count - 1] < 0
        if isNegative {
            for index in copy.limbs.indices { copy.limbs[index] = -copy.limbs[index] }
            copy.carry()
        }
        guard let top = copy.limbs.lastIndex(where: { $0 != 0 }) else { return (DoubleDouble(0), 0) }
        let lowest = max(top - 4, 0)
        var value = DoubleDouble(0)
        for index in (lowest...top).reversed() { value = value * 0x1p32 + DoubleDouble(Double(copy.limbs[index])) }
        return (isNegative ? -value : value, 32 * lowest - 1074)
    }
}

/// An unevaluated sum of two f64: about 106 bits.
///
/// Source: T. J. Dekker, "A floating-point technique for extending the available precision", 1971.
package struct DoubleDouble {
    package var high: Double
    package var low: Double

    package init(_ high: Double, _ low: Double = 0) {
        self.high = high
        self.low = low
    }

    package static prefix func - (a: DoubleDouble) -> DoubleDouble { DoubleDouble(-a.high, -a.low) }

    package static func + (a: DoubleDouble, b: DoubleDouble) -> DoubleDouble {
        let sum = a.high + b.high
        let part = sum - a.high
        let rest = (a.high - (sum - part)) + (b.high - part) + (a.low + b.low)
        let high = sum + rest
        return DoubleDouble(high, rest - (high - sum))
    }

    package static func * (a: DoubleDouble, b: DoubleDouble) -> DoubleDouble {
        let product = a.high * b.high
        let rest = (-product).addingProduct(a.high, b.high) + (a.high * b.low + a.low * b.high)
        let high = product + rest
        return DoubleDouble(high, rest - (high - product))
    }

    package static func * (a: DoubleDouble, b: Double) -> DoubleDouble { a * DoubleDouble(b) }

    package func scaled(by exponent: Int) -> DoubleDouble {
        DoubleDouble(scalbn(high, Int32(clamping: exponent)), scalbn(low, Int32(clamping: exponent)))
    }
}
