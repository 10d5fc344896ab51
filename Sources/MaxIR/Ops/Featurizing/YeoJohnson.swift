import Glibc

extension Ops {
    /// The power transform of Yeo and Johnson:
    ///
    ///     x >= 0: ((x + 1)^λ - 1) / λ, or log1p(x) where λ is 0
    ///     x < 0:  -((1 - x)^(2 - λ) - 1) / (2 - λ), or -log1p(-x) where λ is 2
    ///
    /// - Operand `x`: f64 of any shape; NaN stays NaN.
    /// - Source: Yeo, Johnson 2000; scikit-learn `PowerTransformer`, which counts |λ| < 2^-52 as 0.
    public static let yeoJohnson = Operator(
        "yeo_johnson", "The power transform of Yeo and Johnson with exponent `lambda`; NaN stays NaN. Source: Yeo, Johnson 2000.",
        operands: [.one("x", [.f64])], attributes: [.required("lambda", .float)],
        infer: { node throws(MaxError) in [.tensor(try node.tensorType(0))] },
        evaluate: { node throws(MaxError) in
            let x = try node.tensor(0)
            let lambda = try node.float("lambda")
            return [.tensor(Tensor(try node.values(0, as: Double.self).map { yeoJohnson($0, lambda) }, shape: x.shape))]
        })

    public static func yeoJohnson(_ x: Double, _ lambda: Double) -> Double {
        if x.isNaN { return x }
        if x >= 0 {
            if abs(lambda) < 0x1p-52 { return log1p(x) }
            return (Glibc.pow(x + 1, lambda) - 1) / lambda
        }
        let other = 2 - lambda
        if abs(other) <= 0x1p-52 { return -log1p(-x) }
        return -((Glibc.pow(1 - x, other) - 1) / other)
    }
}
