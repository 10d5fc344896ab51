extension Ops {
    public static let constant = Operator(
        "constant", "The tensor `value`. Source: ONNX Constant.",
        operands: [], attributes: [.required("value", .tensor)],
        onnx: ONNXMapping("Constant", since: 1),
        infer: { node throws(MaxError) in [.tensor(try node.tensor("value").type)] },
        evaluate: { node throws(MaxError) in [.tensor(try node.tensor("value"))] })

    public static let identity = Operator(
        "identity", "Its operand, unchanged. Source: ONNX Identity.",
        operands: [.one("x", nil)], onnx: ONNXMapping("Identity", since: 1),
        infer: { node throws(MaxError) in
            guard let type = node.operands[0] else { throw MaxError(.malformed, "operand is missing") }
            return [type]
        },
        evaluate: { node throws(MaxError) in
            guard let value = node.operands[0] else { throw MaxError(.malformed, "operand is missing") }
            return [value]
        })
}
