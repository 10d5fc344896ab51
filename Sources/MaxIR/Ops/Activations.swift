import Glibc

/// Activations with parameters. f64 is computed in f64, all else in f32 or wider.
extension Ops {
    public static let gelu = Operator(
        "gelu", "x · Φ(x), by erf or with `approximate` \"tanh\". Source: ONNX Gelu.",
        operands: [.one("x", .floats)], attributes: [.defaulted("approximate", .string("none"))],
        onnx: ONNXMapping("Gelu", since: 20),
        infer: { node throws(MaxError) in
            guard ["none", "tanh"].contains(try node.string("approximate").string) else {
                throw MaxError(.malformed, "approximate: found \(try node.string("approximate").quoted), expected none or tanh")
            }
            return [.tensor(try node.tensorType(0))]
        },
        evaluate: { node throws(MaxError) in
            if try node.string("approximate") == "tanh" {
                func f(_ x: Double) -> Double { 0.5 * x * (1 + tanh((2 / Double.pi).squareRoot() * (x + 0.044715 * x * x * x))) }
                return [.tensor(try floats(node, f, { Float(f(Double($0))) }))]
            }
            return [
                .tensor(
                    try floats(node, { 0.5 * $0 * (1 + erf($0 / 2.0.squareRoot())) }, { 0.5 * $0 * (1 + erff($0 / Float(2).squareRoot())) })
                )
            ]
        })

    public static let mish = Operator(
        "mish", "x · tanh(softplus(x)). Source: ONNX Mish.", operands: [.one("x", .floats)],
        onnx: ONNXMapping("Mish", since: 18),
        infer: { node throws(MaxError) in [.tensor(try node.tensorType(0))] },
        evaluate: { node throws(MaxError) in
            func f(_ x: Double) -> Double { x * tanh(x > 30 ? x : log1p(exp(x))) }
            return [.tensor(try floats(node, f, { Float(f(Double($0))) }))]
        })

    public static let swish = Operator(
        "swish", "x / (1 + e^(-alpha · x)). Source: ONNX Swish.", operands: [.one("x", .floats)],
        attributes: [.defaulted("alpha", .float(1))], onnx: ONNXMapping("Swish", since: 24),
        infer: { node throws(MaxError) in [.tensor(try node.tensorType(0))] },
        evaluate: { node throws(MaxError) in
            let alpha = try node.float("alpha")
            func f(_ x: Double) -> Double { x / (1 + exp(-alpha * x)) }
            return [.tensor(try floats(node, f, { Float(f(Double($0))) }))]
        })

    public static let shrink = Operator(
        "shrink", "x + bias below -lambd, x - bias above lambd, else 0. Source: ONNX Shrink.",
        operands: [.one("x", .numeric)], attributes: [.defaulted("bias", .float(0)), .defaulted("lambd", .float(0.5))],
        onnx: ONNXMapping("Shrink", since: 9),
        infer: { node throws(MaxError) in [.tensor(try node.tensorType(0))] },
        evaluate: { node throws(MaxError) in
            let x = try node.tensor(0)
            let (bias, lambd) = (try node.float("bias"), try node.float("lambd"))
            let wide = try Cast.convert(x, to: .f64).values(as: Double.self) ?? []
            let out = wide.map { $0 < -lambd ? $0 + bias : $0 > lambd ? $0 - bias : 0 }
            return [.tensor(try Cast.convert(Tensor(out, shape: x.shape), to: x.elementType))]
        })

    public static let pRelu = Operator(
        "p_relu", "x if x >= 0, else slope · x; the slope broadcasts to x. Source: ONNX PRelu.",
        operands: [.one("x", .numeric), .one("slope", .numeric)], onnx: ONNXMapping("PRelu", since: 9),
        infer: { node throws(MaxError) in
            let (x, slope) = (try node.tensorType(0), try node.tensorType(1))
            guard x.element == slope.element else {
                throw MaxError(.malformed, "operands are \(x) and \(slope), expected one element type")
            }
            return [.tensor(x)]
        },
        evaluate: { node throws(MaxError) in
            let (x, slope) = (try node.tensor(0), try node.tensor(1))
            guard try Broadcast.shapes(x.shape, slope.shape) == x.shape else {
                throw node.malformed("slope has shape \(slope.shape) for \(x.shape)")
            }
            let body = PReluBody(slope: slope, from: Broadcast.sources(from: slope.shape, to: x.shape))
            guard let storage = try x.storage.numbers(body) else { throw node.malformed("operand is \(x.type)") }
            return [.tensor(Tensor(unchecked: storage, shape: x.shape))]
        })

    static let activations = [gelu, mish, swish, shrink, pRelu]
}

private struct PReluBody: NumberBody {
    let slope: Tensor
    let from: [Int]
    func callAsFunction<E: Number>(_ values: [E]) throws(MaxError) -> TensorStorage {
        guard let slopes = E.unwrap(slope.storage) else { throw MaxError(.malformed, "slope is \(slope.type)") }
        let zero = E(converting: Int64(0))
        return E.wrap(values.enumerated().map { $1 < zero ? E.multiplying(slopes[from[$0]], $1) : $1 })
    }
}
