/// Operations on the bits of integers.
extension Ops {
    public static let bitwiseAnd = bitwise("bitwise_and", "Bits set in both. Source: ONNX BitwiseAnd.", "BitwiseAnd", .and)
    public static let bitwiseOr = bitwise("bitwise_or", "Bits set in either. Source: ONNX BitwiseOr.", "BitwiseOr", .or)
    public static let bitwiseXor = bitwise("bitwise_xor", "Bits set in one. Source: ONNX BitwiseXor.", "BitwiseXor", .xor)
    public static let bitwiseNot = Operator(
        "bitwise_not", "Every bit inverted. Source: ONNX BitwiseNot.", operands: [.one("x", .integers)],
        onnx: ONNXMapping("BitwiseNot", since: 18),
        infer: { node throws(MaxError) in [.tensor(try node.tensorType(0))] },
        evaluate: { node throws(MaxError) in
            let x = try node.tensor(0)
            let wide = try Cast.convert(x, to: .i64).values(as: Int64.self) ?? []
            return [.tensor(try Cast.convert(Tensor(wide.map { ~$0 }, shape: x.shape), to: x.elementType))]
        })

    /// - A shift by the width or more, or by a negative number, gives 0 (-1 for a negative number shifted right).
    public static let bitShift = Operator(
        "bit_shift", "a shifted by b bits, LEFT or RIGHT; right shifts keep the sign. Source: ONNX BitShift.",
        operands: [.one("a", .integers), .one("b", .integers)], attributes: [.required("direction", .string)],
        onnx: ONNXMapping("BitShift", since: 11),
        infer: { node throws(MaxError) in
            guard ["LEFT", "RIGHT"].contains(try node.string("direction").string) else {
                throw MaxError(.malformed, "direction: found \(try node.string("direction").quoted), expected LEFT or RIGHT")
            }
            return try inferBroadcast(node)
        },
        evaluate: { node throws(MaxError) in
            [.tensor(try combinedBits(node, try node.string("direction") == "LEFT" ? .left : .right))]
        })

    static let bits = [bitwiseAnd, bitwiseOr, bitwiseXor, bitwiseNot, bitShift]

    private static func bitwise(_ name: String, _ summary: String, _ onnx: String, _ rule: BitRule) -> Operator {
        Operator(
            name, summary, operands: [.one("a", .integers), .one("b", .integers)], onnx: ONNXMapping(onnx, since: 18),
            infer: inferBroadcast,
            evaluate: { node throws(MaxError) in [.tensor(try combinedBits(node, rule))] })
    }

    private static func combinedBits(_ node: Evaluation, _ rule: BitRule) throws(MaxError) -> Tensor {
        let (a, b) = (try node.tensor(0), try node.tensor(1))
        let shape = try Broadcast.shapes(a.shape, b.shape)
        _ = try elementCount(of: shape, limit: Limits.evaluatedElements)
        let x = try Cast.convert(a, to: .i64).values(as: Int64.self) ?? []
        let y = try Cast.convert(b, to: .i64).values(as: Int64.self) ?? []
        let isUnsigned = a.elementType.isUnsignedInteger
        let from = Broadcast.sources(from: b.shape, to: shape)
        let out = Broadcast.sources(from: a.shape, to: shape).enumerated().map { rule.apply(x[$1], y[from[$0]], isUnsigned) }
        return try Cast.convert(Tensor(out, shape: shape), to: a.elementType)
    }
}

private enum BitRule {
    case and, or, xor, left, right

    /// On 64-bit patterns; Swift's smart shifts define every distance.
    func apply(_ a: Int64, _ b: Int64, _ isUnsigned: Bool) -> Int64 {
        switch self {
        case .and: a & b
        case .or: a | b
        case .xor: a ^ b
        case .left: b < 0 ? 0 : a << b
        case .right:
            isUnsigned ? Int64(bitPattern: UInt64(bitPattern: a) >> (b < 0 ? 64 : b)) : a >> (b < 0 ? 64 : b)
        }
    }
}
