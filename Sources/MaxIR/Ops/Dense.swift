/// Matrix products. Sums run over k in ascending order, in the type of the operands (f16 and bf16 in f32, rounded at
/// the end), multiply then add.
extension Ops {
    public static let matmul = Operator(
        "matmul", "Matrix product over the last two axes, the others broadcast. Source: ONNX MatMul.",
        operands: [.one("a", .numeric), .one("b", .numeric)], onnx: ONNXMapping("MatMul", since: 9),
        infer: { node throws(MaxError) in
            let (a, b) = (try node.tensorType(0), try node.tensorType(1))
            guard a.element == b.element else { throw MaxError(.malformed, "operands are \(a) and \(b), expected one element type") }
            guard var x = a.shape, var y = b.shape else { return [.tensor(TensorType(a.element, nil))] }
            guard !x.isEmpty, !y.isEmpty else { throw MaxError(.malformed, "operands are \(a) and \(b), expected rank 1 or more") }
            let (vectorA, vectorB) = (x.count == 1, y.count == 1)
            if vectorA { x = [.fixed(1)] + x }
            if vectorB { y.append(.fixed(1)) }
            if let k = x[x.count - 1].fixed, let l = y[y.count - 2].fixed, k != l {
                throw MaxError(.malformed, "inner dimensions differ: \(a) has \(k), \(b) has \(l)")
            }
            var shape = try Broadcast.types(Array(x.dropLast(2)), Array(y.dropLast(2))) ?? []
            if !vectorA { shape.append(x[x.count - 2]) }
            if !vectorB { shape.append(y[y.count - 1]) }
            return [.tensor(TensorType(a.element, shape))]
        },
        evaluate: { node throws(MaxError) in
            let (a, b) = (try node.tensor(0), try node.tensor(1))
            var (x, y) = (a.shape, b.shape)
            let (vectorA, vectorB) = (x.count == 1, y.count == 1)
            if vectorA { x = [1] + x }
            if vectorB { y.append(1) }
            let (m, k, n) = (x[x.count - 2], x[x.count - 1], y[y.count - 1])
            guard y[y.count - 2] == k else { throw node.malformed("inner dimensions differ: \(a.shape) and \(b.shape)") }
            let batch = try Broadcast.shapes(Array(x.dropLast(2)), Array(y.dropLast(2)))
            _ = try elementCount(of: batch + [m, n], limit: Limits.evaluatedElements)
            let fromA = Broadcast.sources(from: Array(x.dropLast(2)), to: batch)
            let fromB = Broadcast.sources(from: Array(y.dropLast(2)), to: batch)
            let starts = zip(fromA, fromB).map { ($0 * m * k, $1 * k * n) }
            guard let storage = try a.storage.numbers(ProductBody(b: b, m: m, k: k, n: n, starts: starts)) else {
                throw node.malformed("operands are \(a.type) and \(b.type)")
            }
            return [.tensor(Tensor(unchecked: storage, shape: batch + (vectorA ? [] : [m]) + (vectorB ? [] : [n])))]
        })

    public static let gemm = Operator(
        "gemm", "alpha · A'B' + beta · C, each of A and B transposed if asked, C broadcast. Source: ONNX Gemm.",
        operands: [.one("a", .numeric), .one("b", .numeric), .optional("c", .numeric)],
        attributes: [
            .defaulted("alpha", .float(1)), .defaulted("beta", .float(1)), .defaulted("transA", .int(0)),
            .defaulted("transB", .int(0)),
        ],
        onnx: ONNXMapping("Gemm", since: 9),
        infer: { node throws(MaxError) in
            let (a, b) = (try node.tensorType(0), try node.tensorType(1))
            guard a.element == b.element else { throw MaxError(.malformed, "operands are \(a) and \(b), expected one element type") }
            guard let x = a.shape, let y = b.shape else { return [.tensor(TensorType(a.element, [.unknown, .unknown]))] }
            guard x.count == 2, y.count == 2 else { throw MaxError(.malformed, "operands are \(a) and \(b), expected matrices") }
            let (ta, tb) = (try node.flag("transA"), try node.flag("transB"))
            let (m, k) = ta ? (x[1], x[0]) : (x[0], x[1])
            let (l, n) = tb ? (y[1], y[0]) : (y[0], y[1])
            if let k = k.fixed, let l = l.fixed, k != l {
                throw MaxError(.malformed, "inner dimensions differ: \(a) has \(k), \(b) has \(l)")
            }
            if let c = node.optionalTensorType(2) {
                guard c.element == a.element else { throw MaxError(.malformed, "operands are \(a) and \(c), expected one element type") }
                _ = try Broadcast.types(c.shape, [m, n])
            }
            return [.tensor(TensorType(a.element, [m, n]))]
        },
        evaluate: { node throws(MaxError) in
            func oriented(_ index: Int, _ flag: String) throws(MaxError) -> Tensor {
                let t = try node.tensor(index)
                guard t.rank == 2 else { throw node.malformed("operand \(index) has shape \(t.shape), expected a matrix") }
                guard try node.flag(flag) else { return t }
                let positions = Shaping.positions([t.shape[1], t.shape[0]], strides: [1, max(t.shape[1], 1)])
                return Tensor(unchecked: t.storage.picking(positions), shape: [t.shape[1], t.shape[0]])
            }
            let (a, b) = (try oriented(0, "transA"), try oriented(1, "transB"))
            let (m, k, n) = (a.shape[0], a.shape[1], b.shape[1])
            guard b.shape[0] == k else { throw node.malformed("inner dimensions differ: \(a.shape) and \(b.shape)") }
            guard let storage = try a.storage.numbers(ProductBody(b: b, m: m, k: k, n: n, starts: [(0, 0)])) else {
                throw node.malformed("operands are \(a.type) and \(b.type)")
            }
            var out = Tensor(unchecked: storage, shape: [m, n])
            func scaled(_ t: Tensor, _ factor: Double) throws(MaxError) -> Tensor {
                factor == 1
                    ? t : try arithmetic(node, t, try Cast.convert(Tensor(scalar: factor), to: t.elementType), { MulBody(a: $0, b: $1) })
            }
            out = try scaled(out, try node.float("alpha"))
            if let c = node.optionalTensor(2) {
                out = try arithmetic(node, out, try scaled(c, try node.float("beta")), AddBody.init)
            }
            guard out.shape == [m, n] else { throw node.malformed("operand 'c' does not broadcast to [\(m), \(n)]") }
            return [.tensor(out)]
        })

    public static let clip = Operator(
        "clip", "min(max(x, min), max); a NaN stays NaN. Source: ONNX Clip.",
        operands: [.one("x", .numeric), .optional("min", .numeric), .optional("max", .numeric)],
        onnx: ONNXMapping("Clip", since: 11),
        infer: { node throws(MaxError) in [.tensor(try node.tensorType(0))] },
        evaluate: { node throws(MaxError) in
            var x = try node.tensor(0)
            let shape = x.shape
            if let low = node.optionalTensor(1) {
                x = try arithmetic(node, x, low) { ExtremumBody(a: $0, b: $1) { $1 > $0 } }
            }
            if let high = node.optionalTensor(2) {
                x = try arithmetic(node, x, high) { ExtremumBody(a: $0, b: $1) { $1 < $0 } }
            }
            return [.tensor(try x.reshaped(shape))]
        })

    static let dense = [matmul, gemm, clip]
}

private struct ProductBody: NumberBody {
    let b: Tensor
    let m: Int, k: Int, n: Int
    let starts: [(Int, Int)]

    func callAsFunction<E: Number>(_ a: [E]) throws(MaxError) -> TensorStorage {
        if E.elementType == .f16 || E.elementType == .bf16 {
            let wide = try Cast.convert(Tensor(a), to: .f32)
            let body = ProductBody(b: try Cast.convert(b, to: .f32), m: m, k: k, n: n, starts: starts)
            guard b.elementType == E.elementType, let product = try wide.storage.numbers(body) else {
                throw MaxError(.malformed, "operands are \(E.elementType) and \(b.elementType), expected one element type")
            }
            return try Cast.convert(Tensor(unchecked: product, shape: [product.count]), to: E.elementType).storage
        }
        guard let b = E.unwrap(b.storage) else {
            throw MaxError(.malformed, "operands are \(E.elementType) and \(self.b.elementType), expected one element type")
        }
        var out: [E] = []
        out.reserveCapacity(starts.count * m * n)
        for (first, second) in starts {
            for i in 0..<m {
                for j in 0..<n {
                    var total = E(converting: Int64(0))
                    for l in 0..<k { total = E.adding(total, E.multiplying(a[first + i * k + l], b[second + l * n + j])) }
                    out.append(total)
                }
            }
        }
        return E.wrap(out)
    }
}
