import Glibc
import MaxIR

/// The likelihood of a normal distribution after a power transform of finite values.
struct PowerLikelihood {
    /// log1p of the magnitudes; for Box and Cox logarithms.
    private let logarithms: [Double]
    private let isNegative: [Bool]
    /// Sum of the logarithms with the sign of their value.
    private let total: Double
    private let isBoxCox: Bool
    private let bounds: ClosedRange<Double>?
    /// What errors of a few units in the last place may do to the likelihood.
    private let rounding: Double

    init(_ values: [Double], isBoxCox: Bool) {
        self.isBoxCox = isBoxCox
        let logarithms = values.map { isBoxCox ? Glibc.log($0) : log1p(abs($0)) }
        self.logarithms = logarithms
        isNegative = isBoxCox ? [] : values.map { $0 < 0 }
        total = Sums.sum(values.count) { values[$0] < 0 && !isBoxCox ? -logarithms[$0] : logarithms[$0] }
        let moments = values.withUnsafeBufferPointer { Moments($0) }
        let varies = moments.count > 0 && !moments.isConstant
        rounding = Double(moments.count) * 0x1p-48 * max(abs(moments.least), abs(moments.largest)) / moments.variance.squareRoot()
        bounds = !varies ? nil : isBoxCox ? Self.bounds(logarithms) : Self.bounds(moments.least, moments.largest)
    }

    /// Of greatest likelihood; 1 where the values do not vary, or so little beside their size that rounding would decide.
    var exponent: Double {
        guard let bounds else { return 1 }
        let best = Self.minimum(of: loss, in: bounds)
        return loss(1) - loss(best) > rounding ? best : 1
    }

    /// Half of the range of f64 on either side, so that variances stay finite (SciPy `yeojohnson_normmax`).
    private static let (smallest, greatest) = (
        (Glibc.log(Double.leastNormalMagnitude) - Glibc.log(0x1p-52)) / 2,
        (Glibc.log(Double.greatestFiniteMagnitude) + Glibc.log(0x1p-52)) / 2
    )

    private static func bounds(_ least: Double, _ largest: Double) -> ClosedRange<Double>? {
        let reach = log1p(min(20 * max(abs(least), abs(largest)), .greatestFiniteMagnitude))
        guard reach > 0 else { return nil }
        var (low, high) = (smallest / reach, greatest / reach)
        if largest < 0 {
            (low, high) = (2 - high, 2 - low)
        } else if least < 0 {
            (low, high) = (max(2 - high, low), min(2 - low, high))
        }
        return low < high ? low...high : nil
    }

    private static func bounds(_ logarithms: [Double]) -> ClosedRange<Double>? {
        let reach = 3 + (logarithms.lazy.map { abs($0) }.max() ?? 0)
        return smallest / reach...greatest / reach
    }

    private func loss(_ lambda: Double) -> Double {
        let moved = [Double](unsafeUninitializedCapacity: logarithms.count) { out, count in
            for index in logarithms.indices {
                out[index] =
                    isBoxCox || !isNegative[index]
                    ? Ops.power(ofLog: logarithms[index], lambda) : -Ops.power(ofLog: logarithms[index], 2 - lambda)
            }
            count = logarithms.count
        }
        let variance = moved.withUnsafeBufferPointer { Moments($0) }.variance
        // A likelihood without bound is a variance that vanished in rounding.
        guard variance > 0, variance.isFinite else { return .infinity }
        return Double(logarithms.count) / 2 * Glibc.log(variance) - (lambda - 1) * total
    }

    /// Brent's `localmin` (Algorithms for Minimization without Derivatives, 1973, chapter 5) to 1.48e-8, SciPy's tolerance.
    private static func minimum(of body: (Double) -> Double, in range: ClosedRange<Double>) -> Double {
        let golden = (3 - 5.0.squareRoot()) / 2
        var (a, b) = (range.lowerBound, range.upperBound)
        var x = a + golden * (b - a)
        var (w, v) = (x, x)
        var fx = body(x)
        var (fw, fv) = (fx, fx)
        var (step, before) = (0.0, 0.0)
        for _ in 0..<500 {
            let middle = (a + b) / 2
            let tolerance = 0x1p-26 * abs(x) + 1.48e-8 / 3
            if abs(x - middle) <= 2 * tolerance - (b - a) / 2 { break }
            var isGolden = true
            if abs(before) > tolerance {
                // The parabola through the three best points.
                let r = (x - w) * (fx - fv)
                var q = (x - v) * (fx - fw)
                var p = (x - v) * q - (x - w) * r
                q = 2 * (q - r)
                if q > 0 { p = -p }
                q = abs(q)
                let last = before
                before = step
                if abs(p) < abs(0.5 * q * last), p > q * (a - x), p < q * (b - x) {
                    step = p / q
                    let next = x + step
                    if next - a < 2 * tolerance || b - next < 2 * tolerance { step = x < middle ? tolerance : -tolerance }
                    isGolden = false
                }
            }
            if isGolden {
                before = x < middle ? b - x : a - x
                step = golden * before
            }
            let next = x + (abs(step) >= tolerance ? step : step < 0 ? -tolerance : tolerance)
            let value = body(next)
            if value <= fx {
                if next < x { b = x } else { a = x }
                (v, w, x) = (w, x, next)
                (fv, fw, fx) = (fw, fx, value)
            } else {
                if next < x { a = next } else { b = next }
                if value <= fw || w == x {
                    (v, w) = (w, next)
                    (fv, fw) = (fw, value)
                } else if value <= fv || v == x || v == w {
                    (v, fv) = (next, value)
                }
            }
        }
        return x
    }
}
