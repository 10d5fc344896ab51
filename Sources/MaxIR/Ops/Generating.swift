/// Operators that make tensors from positions: ranges, triangles, running totals.
extension Ops {
    public static let range = Operator(
        "range", "start, start + delta, … up to but without limit. Source: ONNX Range.",
        operands: [.one("start", counted), .one("limit", counted), .one("delta", counted)],
        onnx: ONNXMapping("Range", since: 11),
        infer: { node throws(MaxError) in
            let type = try node.tensorType(0).element
            for index in 1...2 {
                guard try node.tensorType(index).element == type else {
                    throw MaxError(.malformed, "operands of different element types")
                }
            }
            return [.tensor(TensorType(type, [.unknown]))]
        },
        evaluate: { node throws(MaxError) in
            let type = try node.tensor(0).elementType
            var bounds: [Double] = []
            var exact: [Int64] = []
            for index in 0...2 {
                let operand = try node.tensor(index)
                guard operand.count == 1, operand.elementType == type else {
                    throw node.malformed("operand \(index) is \(operand.type), expected one \(type)")
                }
                bounds += try Cast.convert(operand, to: .f64).values(as: Double.self) ?? []
                exact += try Cast.convert(operand, to: .i64).values(as: Int64.self) ?? []
            }
            guard bounds[2] != 0 else { throw node.malformed("delta is 0") }
            let number = ((bounds[1] - bounds[0]) / bounds[2]).rounded(.up)
            guard number.isFinite, number <= Double(Limits.evaluatedElements) else {
                throw MaxError(.limitExceeded, "'range': more than \(Limits.evaluatedElements) elements")
            }
            let count = Int(max(number, 0))
            let out: Tensor
            if type.isInteger {
                out = Tensor((0..<count).map { exact[0] &+ Int64($0) &* exact[2] })
            } else if type == .f32 {
                let (start, delta) = (Float(bounds[0]), Float(bounds[2]))
                out = Tensor((0..<count).map { start + Float($0) * delta })
            } else {
                out = Tensor((0..<count).map { bounds[0] + Double($0) * bounds[2] })
            }
            return [.tensor(try Cast.convert(out, to: type))]
        })

    private static let counted: Set<ElementType> = .numeric

    public static let trilu = Operator(
        "trilu", "The triangle above (`upper`) or below the k-th diagonal of the last two axes, else 0. Source: ONNX Trilu.",
        operands: [.one("x", .numericOrBool), .optional("k", [.i64])], attributes: [.defaulted("upper", .int(1))],
        onnx: ONNXMapping("Trilu", since: 14),
        infer: { node throws(MaxError) in
            let x = try node.tensorType(0)
            if let rank = x.rank, rank < 2 { throw MaxError(.malformed, "operand is \(x), expected rank 2 or more") }
            return [.tensor(x)]
        },
        evaluate: { node throws(MaxError) in
            let x = try node.tensor(0)
            guard x.rank >= 2 else { throw node.malformed("operand has shape \(x.shape)") }
            let k = node.has(1) ? try node.values(1, as: Int64.self).first ?? 0 : 0
            let isUpper = try node.flag("upper")
            let (rows, width) = (x.shape[x.rank - 2], x.shape[x.rank - 1])
            let zero = try Cast.convert(Tensor([Int64(0)]), to: x.elementType).storage
            guard let padded = x.storage.appending([zero]) else { throw node.malformed("operand is \(x.type)") }
            let picked = (0..<x.count).map { position in
                let difference = Int64(position % width) - Int64(position / width % rows)
                return (isUpper ? difference >= k : difference <= k) ? position : x.count
            }
            return [.tensor(Tensor(unchecked: padded.picking(picked), shape: x.shape))]
        })

    public static let eyeLike = Operator(
        "eye_like", "1 on the k-th diagonal of a matrix of the operand's shape, else 0. Source: ONNX EyeLike.",
        operands: [.one("x", .numericOrBool)], attributes: [.optional("dtype", .type), .defaulted("k", .int(0))],
        onnx: ONNXMapping("EyeLike", since: 9),
        infer: { node throws(MaxError) in
            let x = try node.tensorType(0)
            if let rank = x.rank, rank != 2 { throw MaxError(.malformed, "operand is \(x), expected a matrix") }
            return [.tensor(TensorType(node.optionalType("dtype") ?? x.element, x.shape))]
        },
        evaluate: { node throws(MaxError) in
            let x = try node.tensor(0)
            guard x.rank == 2 else { throw node.malformed("operand has shape \(x.shape), expected a matrix") }
            let k = try node.int("k")
            let out = (0..<x.count).map {
                Int64($0 % x.shape[1]).subtractingReportingOverflow(Int64($0 / x.shape[1])).partialValue == k ? Int64(1) : 0
            }
            return [.tensor(try Cast.convert(Tensor(out, shape: x.shape), to: node.optionalType("dtype") ?? x.elementType))]
        })

    public static let cumSum = running(
        "cum_sum", "Running sum along `axis`. Source: ONNX CumSum.", "CumSum", since: 11, CumulativeBody.Rule.sum)
    public static let cumProd = running("cum_prod", "Running product along `axis`. Source: ONNX CumProd.", "CumProd", since: 26, .product)

    public static let nonZero = Operator(
        "non_zero", "Coordinates of the elements that are not 0, one column each, in row-major order. Source: ONNX NonZero.",
        operands: [.one("x", .numericOrBool)], onnx: ONNXMapping("NonZero", since: 9),
        infer: { node throws(MaxError) in
            let rank = try node.tensorType(0).rank
            return [.tensor(TensorType(.i64, [rank.map { .fixed($0) } ?? .unknown, .unknown]))]
        },
        evaluate: { node throws(MaxError) in
            let x = try node.tensor(0)
            let flags = try Cast.convert(x, to: .bool).values(as: Bool.self) ?? []
            let found = flags.indices.filter { flags[$0] }
            let strides = Shaping.strides(x.shape)
            let out = x.shape.indices.flatMap { axis in found.map { Int64($0 / strides[axis] % x.shape[axis]) } }
            return [.tensor(Tensor(out, shape: [x.rank, found.count]))]
        })

    static let generating = [range, trilu, eyeLike, cumSum, cumProd, nonZero]

    private static func running(
        _ name: String, _ summary: String, _ onnx: String, since: Int, _ rule: CumulativeBody.Rule
    ) -> Operator {
        Operator(
            name, summary, operands: [.one("x", .numeric), .one("axis", [.i64, .i32])],
            attributes: [.defaulted("exclusive", .int(0)), .defaulted("reverse", .int(0))],
            onnx: ONNXMapping(onnx, since: since),
            infer: { node throws(MaxError) in [.tensor(try node.tensorType(0))] },
            evaluate: { node throws(MaxError) in
                let x = try node.tensor(0)
                guard let given = try Selecting.integers(try node.tensor(1)).first else { throw node.malformed("axis is empty") }
                let body = CumulativeBody(
                    lanes: Lanes(x.shape, [try Axis.resolve(given, rank: x.rank)]).all,
                    exclusive: try node.flag("exclusive"), reverse: try node.flag("reverse"), rule: rule)
                guard let storage = try x.storage.numbers(body) else { throw node.malformed("operand is \(x.type)") }
                return [.tensor(Tensor(unchecked: storage, shape: x.shape))]
            })
    }
}

private struct CumulativeBody: NumberBody {
    enum Rule { case sum, product }
    let lanes: [[Int]]
    let exclusive: Bool, reverse: Bool
    let rule: Rule

    func callAsFunction<E: Number>(_ values: [E]) throws(MaxError) -> TensorStorage {
        var out = values
        for lane in lanes {
            var total = E(converting: Int64(rule == .sum ? 0 : 1))
            for slot in reverse ? lane.reversed() : lane {
                let next = rule == .sum ? E.adding(total, values[slot]) : E.multiplying(total, values[slot])
                out[slot] = exclusive ? total : next
                total = next
            }
        }
        return E.wrap(out)
    }
}
