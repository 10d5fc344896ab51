import Glibc

extension Ops {
    /// The power transform of Yeo and Johnson:
    ///
    ///     x >= 0: ((x + 1)^λ - 1) / λ as expm1(λ · log1p(x)) / λ, or log1p(x) where λ is 0
    ///     x < 0:  -((1 - x)^(2 - λ) - 1) / (2 - λ) likewise, or -log1p(-x) where λ is 2
    ///
    /// - Operand `x`: f64 of any shape; NaN stays NaN, -0.0 gives 0.0.
    /// - Source: Yeo, Johnson 2000; SciPy `yeojohnson`, which counts |λ| < 2^-52 as 0.
    public static let yeoJohnson = Operator(
        "yeo_johnson", "The power transform of Yeo and Johnson with exponent `lambda`; NaN stays NaN. Source: Yeo, Johnson 2000.",
        operands: [.one("x", [.f64])], attributes: [.required("lambda", .float)],
        scalar: { node throws(MaxError) in
            let lambda = try node.float("lambda")
            return ScalarFunction(f64: { yeoJohnson($0, lambda) }, f32: { Float(yeoJohnson(Double($0), lambda)) })
        },
        infer: { node throws(MaxError) in [.tensor(try node.tensorType(0))] },
        evaluate: { node throws(MaxError) in
            let x = try node.tensor(0)
            let lambda = try node.float("lambda")
            return [.tensor(Tensor(try node.values(0, as: Double.self).map { yeoJohnson($0, lambda) }, shape: x.shape))]
        })

    public static func yeoJohnson(_ x: Double, _ lambda: Double) -> Double {
        if x.isNaN { return x }
        if x == 0 { return 0 }
        return x > 0 ? power(ofLog: log1p(x), lambda) : -power(ofLog: log1p(-x), 2 - lambda)
    }

    /// (x^λ - 1) / λ of the logarithm of x.
    public static func power(ofLog log: Double, _ lambda: Double) -> Double {
        abs(lambda) < 0x1p-52 ? log : expm1(lambda * log) / lambda
    }
}
