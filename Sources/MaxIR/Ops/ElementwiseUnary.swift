import Glibc

/// Functions of one element, applied to every element; shape and type are those of the operand.
///
/// f32, f16 and bf16 are computed in f32, f64 in f64, with the C library's functions.
extension Ops {
    static let elementwiseUnary: [Operator] = [
        float("exp", "e to the power x. Source: ONNX Exp.", "Exp", Glibc.exp, expf),
        float("log", "Natural logarithm. Source: ONNX Log.", "Log", Glibc.log, logf),
        float("sqrt", "Square root. Source: ONNX Sqrt.", "Sqrt", { $0.squareRoot() }, { $0.squareRoot() }),
        float("reciprocal", "1 / x. Source: ONNX Reciprocal.", "Reciprocal", { 1 / $0 }, { 1 / $0 }),
        float("sigmoid", "1 / (1 + e^-x). Source: ONNX Sigmoid.", "Sigmoid", Link.sigmoid, Link.sigmoid),
        float("tanh", "Hyperbolic tangent. Source: ONNX Tanh.", "Tanh", Glibc.tanh, tanhf),
        float("sin", "Sine. Source: ONNX Sin.", "Sin", Glibc.sin, sinf),
        float("cos", "Cosine. Source: ONNX Cos.", "Cos", Glibc.cos, cosf),
        float("tan", "Tangent. Source: ONNX Tan.", "Tan", Glibc.tan, tanf),
        float("asin", "Inverse sine. Source: ONNX Asin.", "Asin", Glibc.asin, asinf),
        float("acos", "Inverse cosine. Source: ONNX Acos.", "Acos", Glibc.acos, acosf),
        float("atan", "Inverse tangent. Source: ONNX Atan.", "Atan", Glibc.atan, atanf),
        float("sinh", "Hyperbolic sine. Source: ONNX Sinh.", "Sinh", Glibc.sinh, sinhf, since: 9),
        float("cosh", "Hyperbolic cosine. Source: ONNX Cosh.", "Cosh", Glibc.cosh, coshf, since: 9),
        float("asinh", "Inverse hyperbolic sine. Source: ONNX Asinh.", "Asinh", Glibc.asinh, asinhf, since: 9),
        float("acosh", "Inverse hyperbolic cosine. Source: ONNX Acosh.", "Acosh", Glibc.acosh, acoshf, since: 9),
        float("atanh", "Inverse hyperbolic tangent. Source: ONNX Atanh.", "Atanh", Glibc.atanh, atanhf, since: 9),
        float("erf", "Error function. Source: ONNX Erf.", "Erf", Glibc.erf, erff, since: 9),
        float("ceil", "Smallest integer not below x. Source: ONNX Ceil.", "Ceil", { $0.rounded(.up) }, { $0.rounded(.up) }),
        float("floor", "Largest integer not above x. Source: ONNX Floor.", "Floor", { $0.rounded(.down) }, { $0.rounded(.down) }),
        float(
            "round", "Nearest integer, ties to even. Source: ONNX Round.", "Round",
            { $0.rounded(.toNearestOrEven) }, { $0.rounded(.toNearestOrEven) }, since: 11),
        float("softplus", "log(1 + e^x). Source: ONNX Softplus.", "Softplus", { log1p(Glibc.exp($0)) }, { log1pf(expf($0)) }),
        float("softsign", "x / (1 + |x|). Source: ONNX Softsign.", "Softsign", { $0 / (1 + abs($0)) }, { $0 / (1 + abs($0)) }),
        number("abs", "Magnitude. Source: ONNX Abs.", "Abs", AbsBody()),
        number("neg", "Negation. Source: ONNX Neg.", "Neg", NegBody()),
        number("sign", "-1, 0 or 1; NaN stays NaN. Source: ONNX Sign.", "Sign", SignBody(), since: 9),
        number("relu", "max(x, 0); NaN stays NaN. Source: ONNX Relu.", "Relu", ReluBody()),
        float1("leaky_relu", "x if x >= 0, else alpha · x. Source: ONNX LeakyRelu.", "LeakyRelu", ("alpha", 0.01)) {
            $0 >= 0 ? $0 : $1 * $0
        },
        float1("elu", "x if x > 0, else alpha · (e^x - 1). Source: ONNX Elu.", "Elu", ("alpha", 1)) {
            $0 > 0 ? $0 : $1 * (Glibc.exp($0) - 1)
        },
        float1("thresholded_relu", "x if x > alpha, else 0. Source: ONNX ThresholdedRelu.", "ThresholdedRelu", ("alpha", 1), since: 10) {
            $0 > $1 ? $0 : 0
        },
        float2(
            "selu", "gamma · (x if x > 0, else alpha · (e^x - 1)). Source: ONNX Selu.", "Selu",
            ("alpha", 1.67326319217681884765625), ("gamma", 1.05070102214813232421875)
        ) { x, alpha, gamma in gamma * (x > 0 ? x : alpha * (Glibc.exp(x) - 1)) },
        float2(
            "hard_sigmoid", "max(0, min(1, alpha · x + beta)). Source: ONNX HardSigmoid.", "HardSigmoid",
            ("alpha", Double(Float(0.2))), ("beta", 0.5)
        ) { x, alpha, beta in max(0, min(1, alpha * x + beta)) },
        float(
            "hard_swish", "x · max(0, min(1, x / 6 + 1/2)). Source: ONNX HardSwish.", "HardSwish",
            { $0 * max(0, min(1, $0 / 6 + 0.5)) }, { $0 * max(0, min(1, $0 / 6 + 0.5)) }, since: 14),
        float1("celu", "max(0, x) + min(0, alpha · (e^(x/alpha) - 1)). Source: ONNX Celu.", "Celu", ("alpha", 1), since: 12) {
            max(0, $0) + min(0, $1 * (Glibc.exp($0 / $1) - 1))
        },
        predicate("is_nan", "Whether x is NaN. Source: ONNX IsNaN.", "IsNaN", since: 9) { x, _, _ in x.isNaN },
        predicate(
            "is_inf", "Whether x is +inf or -inf, as the attributes admit. Source: ONNX IsInf.", "IsInf", since: 10,
            attributes: [.defaulted("detect_negative", .int(1)), .defaulted("detect_positive", .int(1))]
        ) { x, negative, positive in x.isInfinite && (x > 0 ? positive : negative) },
    ]

    private static func same(_ node: Inference) throws(MaxError) -> [ValueType] { [.tensor(try node.tensorType(0))] }

    private static func float(
        _ name: String, _ summary: String, _ onnx: String, _ f64: @escaping @Sendable (Double) -> Double,
        _ f32: @escaping @Sendable (Float) -> Float, since: Int = 6
    ) -> Operator {
        Operator(
            name, summary, operands: [.one("x", .floats)], onnx: ONNXMapping(onnx, since: since),
            scalar: { _ in ScalarFunction(f64: f64, f32: f32) }, infer: same,
            evaluate: { node throws(MaxError) in [.tensor(try floats(node, f64, f32))] })
    }

    private static func float1(
        _ name: String, _ summary: String, _ onnx: String, _ parameter: (String, Double), since: Int = 6,
        _ body: @escaping @Sendable (Double, Double) -> Double
    ) -> Operator {
        let parameterName = parameter.0
        return parametric(
            name, summary, [.defaulted(parameterName, .float(Double(Float(parameter.1))))], ONNXMapping(onnx, since: since)
        ) { node throws(MaxError) in
            let p = try node.float(parameterName)
            return ScalarFunction(f64: { body($0, p) }, f32: { Float(body(Double($0), p)) })
        }
    }

    private static func float2(
        _ name: String, _ summary: String, _ onnx: String, _ first: (String, Double), _ second: (String, Double),
        _ body: @escaping @Sendable (Double, Double, Double) -> Double
    ) -> Operator {
        let (p, q) = (first.0, second.0)
        return parametric(
            name, summary, [.defaulted(p, .float(first.1)), .defaulted(q, .float(second.1))], ONNXMapping(onnx, since: 6)
        ) { node throws(MaxError) in
            let (a, b) = (try node.float(p), try node.float(q))
            return ScalarFunction(f64: { body($0, a, b) }, f32: { Float(body(Double($0), a, b)) })
        }
    }

    private static func parametric(
        _ name: String, _ summary: String, _ attributes: [AttributeSpec], _ onnx: ONNXMapping,
        _ function: @escaping @Sendable (Evaluation) throws(MaxError) -> ScalarFunction
    ) -> Operator {
        Operator(
            name, summary, operands: [.one("x", .floats)], attributes: attributes, onnx: onnx, scalar: function, infer: same,
            evaluate: { node throws(MaxError) in
                let body = try function(node)
                return [.tensor(try floats(node, body.f64, body.f32))]
            })
    }

    private static func number<Body: NumberBody & Sendable>(
        _ name: String, _ summary: String, _ onnx: String, _ body: Body, since: Int = 6
    ) -> Operator where Body.Result == TensorStorage {
        Operator(
            name, summary, operands: [.one("x", .numeric)], onnx: ONNXMapping(onnx, since: since), infer: same,
            evaluate: { node throws(MaxError) in
                let x = try node.tensor(0)
                guard let storage = try x.storage.numbers(body) else { throw node.malformed("operand is \(x.type)") }
                return [.tensor(Tensor(unchecked: storage, shape: x.shape))]
            })
    }

    private static func predicate(
        _ name: String, _ summary: String, _ onnx: String, since: Int, attributes: [AttributeSpec] = [],
        _ body: @escaping @Sendable (Double, Bool, Bool) -> Bool
    ) -> Operator {
        Operator(
            name, summary, operands: [.one("x", .floats)], attributes: attributes,
            onnx: ONNXMapping(onnx, since: since),
            infer: { node throws(MaxError) in [.tensor(TensorType(.bool, try node.tensorType(0).shape))] },
            evaluate: { node throws(MaxError) in
                let x = try node.tensor(0)
                let negative = node.optionalInt("detect_negative") != 0
                let positive = node.optionalInt("detect_positive") != 0
                guard let values = try x.storage.numbers(DoublesBody()) else {
                    throw node.malformed("operand is \(x.type)")
                }
                return [.tensor(Tensor(values.map { body($0, negative, positive) }, shape: x.shape))]
            })
    }

    /// Applies a function to a float tensor in the precision its type asks for.
    static func floats(
        _ node: Evaluation, _ f64: (Double) -> Double, _ f32: (Float) -> Float
    ) throws(MaxError) -> Tensor {
        let x = try node.tensor(0)
        let storage: TensorStorage
        switch x.storage {
        case .f64(let a): storage = .f64(a.map(f64))
        case .f32(let a): storage = .f32(a.map(f32))
        case .f16(let a): storage = .f16(a.map { Float16(f32(Float($0))) })
        case .bf16(let a): storage = .bf16(a.map { BFloat16(f32($0.float)) })
        default: throw node.malformed("operand is \(x.type), expected floats")
        }
        return Tensor(unchecked: storage, shape: x.shape)
    }
}

/// Link functions shared by operators that end in a probability.
enum Link {
    static func sigmoid(_ x: Double) -> Double { 1 / (1 + Glibc.exp(-x)) }
    static func sigmoid(_ x: Float) -> Float { 1 / (1 + expf(-x)) }
}

struct DoublesBody: NumberBody {
    func callAsFunction<E: Number>(_ values: [E]) throws(MaxError) -> [Double] { values.map(\.double) }
}

private struct AbsBody: NumberBody {
    func callAsFunction<E: Number>(_ values: [E]) throws(MaxError) -> TensorStorage {
        // An empty array is an array of any type: ask the type before the cast.
        if E.elementType == .f32, let floats = values as? [Float] { return .f32(floats.map(\.magnitude)) }
        if E.elementType == .f64, let floats = values as? [Double] { return .f64(floats.map(\.magnitude)) }
        let zero = E(converting: Int64(0))
        return E.wrap(values.map { $0 < zero ? E.subtracting(zero, $0) : $0 })
    }
}

private struct NegBody: NumberBody {
    func callAsFunction<E: Number>(_ values: [E]) throws(MaxError) -> TensorStorage {
        if E.elementType == .f32, let floats = values as? [Float] { return .f32(floats.map { -$0 }) }
        if E.elementType == .f64, let floats = values as? [Double] { return .f64(floats.map { -$0 }) }
        return E.wrap(values.map { E.multiplying($0, E(converting: Int64(-1))) })
    }
}

private struct SignBody: NumberBody {
    func callAsFunction<E: Number>(_ values: [E]) throws(MaxError) -> TensorStorage {
        let zero = E(converting: Int64(0))
        return E.wrap(
            values.map {
                $0.isNaNValue ? $0 : $0 > zero ? E(converting: Int64(1)) : $0 < zero ? E(converting: Int64(-1)) : zero
            })
    }
}

private struct ReluBody: NumberBody {
    func callAsFunction<E: Number>(_ values: [E]) throws(MaxError) -> TensorStorage {
        let zero = E(converting: Int64(0))
        return E.wrap(values.map { $0 < zero ? zero : $0 })
    }
}
