import Glibc

/// Arithmetic on two broadcast operands of one element type.
extension Ops {
    public static let add = binary("add", "Sum. Integers wrap. Source: ONNX Add.", onnx: "Add") { AddBody(a: $0, b: $1) }
    public static let sub = binary("sub", "Difference. Integers wrap. Source: ONNX Sub.", onnx: "Sub") {
        SubBody(a: $0, b: $1)
    }
    public static let mul = binary("mul", "Product. Integers wrap. Source: ONNX Mul.", onnx: "Mul") {
        MulBody(a: $0, b: $1)
    }
    public static let div = binary(
        "div", "Quotient; integers truncate, and a zero divisor is an error. Source: ONNX Div.", onnx: "Div"
    ) { DivBody(a: $0, b: $1) }
    public static let mod = binary(
        "mod", "Remainder, with the sign of the divisor unless `fmod`. Source: ONNX Mod.", onnx: "Mod", since: 10,
        attributes: [.defaulted("fmod", .int(0))]
    ) { ModBody(a: $0, b: $1) }
    public static let pow = binary(
        "pow", "`x` to the power `y`, in double for integers. Source: ONNX Pow.", onnx: "Pow", mixed: true
    ) { PowBody(a: $0, b: $1) }
    public static let minimum = extremum("min", "Smallest operand; NaN if any is NaN. Source: ONNX Min.", "Min") {
        $1 < $0
    }
    public static let maximum = extremum("max", "Largest operand; NaN if any is NaN. Source: ONNX Max.", "Max") {
        $1 > $0
    }
    public static let sum = Operator(
        "sum", "Sum of the operands, left to right. Source: ONNX Sum.",
        operands: [.many("x", .floats)], onnx: ONNXMapping("Sum", since: 8), infer: inferVariadic,
        evaluate: { node throws(MaxError) in
            var total = try node.tensor(0)
            for i in node.operands.indices.dropFirst() { total = try arithmetic(node, total, try node.tensor(i), AddBody.init) }
            return [.tensor(total)]
        })
    public static let mean = Operator(
        "mean", "Sum of the operands, left to right, divided by their number. Source: ONNX Mean.",
        operands: [.many("x", .floats)], onnx: ONNXMapping("Mean", since: 8), infer: inferVariadic,
        evaluate: { node throws(MaxError) in
            var total = try node.tensor(0)
            for i in node.operands.indices.dropFirst() { total = try arithmetic(node, total, try node.tensor(i), AddBody.init) }
            let divisor = try Cast.convert(Tensor(scalar: Double(node.operands.count)), to: total.elementType)
            return [.tensor(try arithmetic(node, total, divisor, DivBody.init))]
        })

    static let elementwiseBinary = [add, sub, mul, div, mod, pow, minimum, maximum, sum, mean]

    /// Result type of two operands of one element type that broadcast.
    static func inferBroadcast(_ node: Inference) throws(MaxError) -> [ValueType] {
        let a = try node.tensorType(0)
        let b = try node.tensorType(1)
        guard a.element == b.element else {
            throw MaxError(.malformed, "operands are \(a) and \(b), expected one element type")
        }
        return [.tensor(TensorType(a.element, try Broadcast.types(a.shape, b.shape)))]
    }

    static func inferVariadic(_ node: Inference) throws(MaxError) -> [ValueType] {
        let first = try node.tensorType(0)
        var shape = first.shape
        for i in node.operands.indices.dropFirst() {
            let next = try node.tensorType(i)
            guard next.element == first.element else {
                throw MaxError(.malformed, "operands are \(first) and \(next), expected one element type")
            }
            shape = try Broadcast.types(shape, next.shape)
        }
        return [.tensor(TensorType(first.element, shape))]
    }

    private static func binary<Body: PairBody>(
        _ name: String, _ summary: String, onnx: String, since: Int = 7, attributes: [AttributeSpec] = [],
        mixed: Bool = false, _ body: @escaping @Sendable (Tensor, Tensor) -> Body
    ) -> Operator {
        Operator(
            name, summary, operands: [.one("a", .numeric), .one("b", .numeric)], attributes: attributes,
            onnx: ONNXMapping(onnx, since: since),
            infer: { node throws(MaxError) in
                guard mixed else { return try inferBroadcast(node) }
                let a = try node.tensorType(0)
                return [.tensor(TensorType(a.element, try Broadcast.types(a.shape, try node.tensorType(1).shape)))]
            },
            evaluate: { node throws(MaxError) in
                let a = try node.tensor(0)
                var b = try node.tensor(1)
                if mixed { b = try Cast.convert(b, to: a.elementType == .f64 || a.elementType.isInteger ? .f64 : .f32) }
                return [.tensor(try arithmetic(node, a, b, body))]
            })
    }

    private static func extremum(
        _ name: String, _ summary: String, _ onnx: String,
        _ better: @escaping @Sendable (Double, Double) -> Bool
    ) -> Operator {
        Operator(
            name, summary, operands: [.many("x", .numeric)], onnx: ONNXMapping(onnx, since: 8), infer: inferVariadic,
            evaluate: { node throws(MaxError) in
                var best = try node.tensor(0)
                for i in node.operands.indices.dropFirst() {
                    best = try arithmetic(node, best, try node.tensor(i)) {
                        ExtremumBody(a: $0, b: $1, better: better)
                    }
                }
                return [.tensor(best)]
            })
    }

    /// Applies a body to two tensors after broadcasting them.
    static func arithmetic<Body: PairBody>(
        _ node: Evaluation, _ a: Tensor, _ b: Tensor, _ body: (Tensor, Tensor) -> Body
    ) throws(MaxError) -> Tensor {
        let shape = try Broadcast.shapes(a.shape, b.shape)
        _ = try elementCount(of: shape, limit: Limits.evaluatedElements)
        let left = a.storage.picking(Broadcast.sources(from: a.shape, to: shape))
        let right = b.storage.picking(Broadcast.sources(from: b.shape, to: shape))
        var pair = body(Tensor(unchecked: left, shape: shape), Tensor(unchecked: right, shape: shape))
        pair.fmod = node.optionalInt("fmod") == 1
        guard let storage = try left.numbers(pair) else {
            throw node.malformed("operands of type \(a.elementType) have no arithmetic")
        }
        return Tensor(unchecked: storage, shape: shape)
    }
}

/// A computation on two tensors of equal shape.
protocol PairBody: NumberBody where Result == TensorStorage {
    var b: Tensor { get }
    var fmod: Bool { get set }
    func combine<E: Number>(_ x: E, _ y: E) -> E?
}

extension PairBody {
    func callAsFunction<E: Number>(_ values: [E]) throws(MaxError) -> TensorStorage {
        guard let other = E.unwrap(b.storage) else {
            throw MaxError(.malformed, "operands are \(E.elementType) and \(b.elementType), expected one element type")
        }
        var out: [E] = []
        out.reserveCapacity(values.count)
        for (x, y) in zip(values, other) {
            guard let value = combine(x, y) else { throw MaxError(.malformed, "integer division by zero") }
            out.append(value)
        }
        return E.wrap(out)
    }
}

struct AddBody: PairBody {
    var a: Tensor, b: Tensor
    var fmod = false
    func combine<E: Number>(_ x: E, _ y: E) -> E? { E.adding(x, y) }
    init(a: Tensor, b: Tensor) { (self.a, self.b) = (a, b) }
}
struct SubBody: PairBody {
    var a: Tensor, b: Tensor
    var fmod = false
    func combine<E: Number>(_ x: E, _ y: E) -> E? { E.subtracting(x, y) }
}
struct MulBody: PairBody {
    var a: Tensor, b: Tensor
    var fmod = false
    func combine<E: Number>(_ x: E, _ y: E) -> E? { E.multiplying(x, y) }
}
struct DivBody: PairBody {
    var a: Tensor, b: Tensor
    var fmod = false
    func combine<E: Number>(_ x: E, _ y: E) -> E? { E.dividing(x, y) }
    init(a: Tensor, b: Tensor) { (self.a, self.b) = (a, b) }
}
struct ModBody: PairBody {
    var a: Tensor, b: Tensor
    var fmod = false
    func combine<E: Number>(_ x: E, _ y: E) -> E? { E.remainder(x, y, fmod: fmod) }
}
struct ExtremumBody: PairBody {
    var a: Tensor, b: Tensor
    var fmod = false
    let better: @Sendable (Double, Double) -> Bool
    init(a: Tensor, b: Tensor, better: @escaping @Sendable (Double, Double) -> Bool) {
        (self.a, self.b, self.better) = (a, b, better)
    }
    func combine<E: Number>(_ x: E, _ y: E) -> E? {
        if x.isNaNValue { return x }
        if y.isNaNValue { return y }
        // Through double only to choose: both sides of 2^53 are told apart by the exact comparison first.
        if x == y { return x }
        return better(0, x < y ? 1 : -1) ? y : x
    }
}

/// The exponent may be of another type than the base.
struct PowBody: PairBody {
    var a: Tensor, b: Tensor
    var fmod = false
    func combine<E: Number>(_ x: E, _ y: E) -> E? { nil }
    func callAsFunction<E: Number>(_ values: [E]) throws(MaxError) -> TensorStorage {
        switch b.storage {
        case .f64(let exponents): E.wrap(zip(values, exponents).map { E(converting: Glibc.pow($0.double, $1)) })
        case .f32(let exponents):
            E.wrap(zip(values, exponents).map { E(converting: powf(Float(converting: $0.double), $1)) })
        default: throw MaxError(.internal, "pow: exponent of type \(b.elementType)")
        }
    }
}
