import Glibc

extension Ops {
    /// The power transform of Box and Cox: (x^λ - 1) / λ as expm1(λ · log(x)) / λ, or log(x) where λ is 0.
    ///
    /// - Operand `x`: f64 of any shape; NaN stays NaN, and a number below 0 gives NaN.
    /// - Source: Box, Cox 1964; SciPy `boxcox`.
    public static let boxCox = Operator(
        "box_cox", "The power transform of Box and Cox with exponent `lambda`; NaN stays NaN, and below 0. Source: Box, Cox 1964.",
        operands: [.one("x", [.f64])], attributes: [.required("lambda", .float)],
        scalar: { node throws(MaxError) in
            let lambda = try node.float("lambda")
            return ScalarFunction(f64: { boxCox($0, lambda) }, f32: { Float(boxCox(Double($0), lambda)) })
        },
        infer: { node throws(MaxError) in [.tensor(try node.tensorType(0))] },
        evaluate: { node throws(MaxError) in
            let x = try node.tensor(0)
            let lambda = try node.float("lambda")
            return [.tensor(Tensor(try node.values(0, as: Double.self).map { boxCox($0, lambda) }, shape: x.shape))]
        })

    public static func boxCox(_ x: Double, _ lambda: Double) -> Double {
        x.isNaN || x < 0 ? .nan : power(ofLog: Glibc.log(x), lambda)
    }
}
