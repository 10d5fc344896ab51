import Glibc

extension Ops {
    /// The x at which the standard normal distribution function is p: -inf at 0, inf at 1, NaN outside.
    ///
    /// - Operand `p`: f64 of any shape; NaN stays NaN.
    /// - By Winitzki's approximation of the inverse error function and three steps of Halley's method on the C library's `erf`
    ///   from 1/4 to 3/4, `erfc` elsewhere: within four units of the last place of SciPy's `ndtri`.
    public static let normalQuantile = Operator(
        "normal_quantile", "The x at which the standard normal distribution function is p; NaN outside 0 to 1. Source: SciPy ndtri.",
        operands: [.one("p", [.f64])],
        scalar: { _ in ScalarFunction(f64: standardNormal(below:), f32: { Float(standardNormal(below: Double($0))) }) },
        infer: { node throws(MaxError) in [.tensor(try node.tensorType(0))] },
        evaluate: { node throws(MaxError) in
            let p = try node.tensor(0)
            return [.tensor(Tensor(try node.values(0, as: Double.self).map(standardNormal(below:)), shape: p.shape))]
        })

    @Sendable public static func standardNormal(below p: Double) -> Double {
        guard p >= 0, p <= 1 else { return .nan }
        if p == 0 { return -.infinity }
        if p == 1 { return .infinity }
        if p > 0.5 { return -lowerHalf(1 - p) }
        return lowerHalf(p)
    }

    /// Of p above 0 and at most 1/2.
    private static func lowerHalf(_ p: Double) -> Double {
        if p == 0.5 { return 0 }
        // y = erf(z) is 1 - 2p; x is -√2 z.
        let y = 1 - 2 * p
        let logarithm = Glibc.log(4 * p * (1 - p))
        let v = 2 / (Double.pi * 0.147) + 0.5 * logarithm
        var z = ((v * v - logarithm / 0.147).squareRoot() - v).squareRoot()
        let isMiddle = p >= 0.25
        for _ in 0..<3 {
            let miss = isMiddle ? Glibc.erf(z) - y : 2 * p - erfc(z)
            let step = miss / (1.1283791670955126 * Glibc.exp(-z * z))
            z -= step / (1 + z * step)
        }
        return -(2.0.squareRoot() * z)
    }
}
