import Glibc

/// Link functions whose rounding differs from the operators of ONNX's default domain.
extension Ops {
    /// - Attribute `form`: `clamped` is 1 / (e^min(-x, 88.7) + 1), which never divides by infinity in f32 (XGBoost
    ///   `common::Sigmoid`); `mirrored` is s = 1 / (1 + e^-|x|), and 1 - s for x < 0 (ONNX Runtime's LOGISTIC).
    public static let logistic = Operator(
        "logistic",
        "Logistic function in the form of a source library: `clamped` (XGBoost) or `mirrored` (ai.onnx.ml LOGISTIC). Source: XGBoost `common::Sigmoid`; ONNX Runtime `ComputeLogistic`.",
        operands: [.one("x", [.f32, .f64])], attributes: [.required("form", .string)],
        scalar: { node throws(MaxError) in
            let form = try LogisticForm(node)
            return ScalarFunction(f64: { form($0) }, f32: { form($0) })
        },
        infer: { node throws(MaxError) in
            _ = try LogisticForm(node)
            return [.tensor(try node.tensorType(0))]
        },
        evaluate: { node throws(MaxError) in
            let form = try LogisticForm(node)
            return [.tensor(try floats(node, form.callAsFunction, form.callAsFunction))]
        })

    public static let softmaxWide = lastAxis(
        "softmax_wide",
        "e^(x - max), divided by their sum in f64 rounded to f32, along the last axis. Source: XGBoost Softmax."
    ) { values in
        var top = values.first ?? 0
        for value in values.dropFirst() { top = fmaxf(value, top) }
        let powers = values.map { expf($0 - top) }
        let total = Float(powers.reduce(0.0) { $0 + Double($1) })
        return powers.map { $0 / total }
    }

    public static let softmaxZero = lastAxis(
        "softmax_zero",
        "Softmax along the last axis; within ±1e-7, x · e^-max replaces the power. Source: ai.onnx.ml SOFTMAX_ZERO."
    ) { values in
        let top = values.max() ?? 0
        let shrink = expf(-top)
        let powers = values.map { $0 > 0.0000001 || $0 < -0.0000001 ? expf($0 - top) : $0 * shrink }
        let total = values.indices.reduce(Float(0)) { abs(values[$1]) > 0.0000001 ? $0 + powers[$1] : $0 }
        return powers.map { $0 / total }
    }

    public static let probit = Operator(
        "probit",
        "√2 · erf⁻¹(2x - 1), by Winitzki's approximation in f32. Source: ai.onnx.ml PROBIT.",
        operands: [.one("x", [.f32])], scalar: { _ in ScalarFunction(f64: { $0 }, f32: probit) },
        infer: { node throws(MaxError) in [.tensor(try node.tensorType(0))] },
        evaluate: { node throws(MaxError) in
            [.tensor(try floats(node, { $0 }, probit))]
        })

    @Sendable static func probit(_ p: Float) -> Float { Float(1.41421356) * inverseErf(2 * p - 1) }

    /// `y[0] = x[0]`, `y[j] = y[j-1] + (1e-6 + softplus(x[j]))`, where softplus(x) is x + log1p(e^-x) above 0 and
    /// log1p(e^x) elsewhere.
    public static let expectiles = lastAxis(
        "expectiles",
        "The first value, then running sums of 1e-6 + softplus(x). Source: XGBoost reg:expectileerror."
    ) { values in
        var out: [Float] = []
        for value in values {
            guard let last = out.last else {
                out.append(value)
                continue
            }
            let rise = value > 0 ? value + log1pf(expf(-value)) : log1pf(expf(value))
            out.append(last + (1e-6 + rise))
        }
        return out
    }

    static let links = [logistic, softmaxWide, softmaxZero, probit, expectiles]

    private static func lastAxis(
        _ name: String, _ summary: String, _ body: @escaping @Sendable ([Float]) -> [Float]
    ) -> Operator {
        Operator(
            name, summary, operands: [.one("x", [.f32])],
            infer: { node throws(MaxError) in [.tensor(try node.tensorType(0))] },
            evaluate: { node throws(MaxError) in
                let x = try node.tensor(0)
                let values = try node.values(0, as: Float.self)
                guard let width = x.shape.last else { throw node.malformed("operand is a scalar") }
                var out: [Float] = []
                out.reserveCapacity(values.count)
                var start = 0
                while start < values.count {
                    out += body(Array(values[start..<(start + width)]))
                    start += width
                }
                return [.tensor(Tensor(out, shape: x.shape))]
            })
    }

    private static func inverseErf(_ x: Float) -> Float {
        let sign: Float = x < 0 ? -1 : 1
        let log = logf((1 - x) * (1 + x))
        let v = 2 / (Float(Double.pi) * 0.147) + 0.5 * log
        let v2 = 1 / Float(0.147) * log
        return sign * (-v + (v * v - v2).squareRoot()).squareRoot()
    }
}

private enum LogisticForm: String {
    case clamped, mirrored

    init(_ node: some OperatorNode) throws(MaxError) {
        let text = try node.string("form")
        guard let form = LogisticForm(rawValue: text.string) else {
            throw MaxError(.malformed, "form: found \(text.quoted), expected clamped or mirrored")
        }
        self = form
    }

    func callAsFunction(_ x: Float) -> Float {
        switch self {
        case .clamped: 1 / (expf(88.7 < -x ? 88.7 : -x) + 1)
        case .mirrored: x < 0 ? 1 - 1 / (1 + expf(-abs(x))) : 1 / (1 + expf(-abs(x)))
        }
    }

    func callAsFunction(_ x: Double) -> Double {
        switch self {
        case .clamped: 1 / (Glibc.exp(-x) + 1)
        case .mirrored: x < 0 ? 1 - 1 / (1 + Glibc.exp(-abs(x))) : 1 / (1 + Glibc.exp(-abs(x)))
        }
    }
}
