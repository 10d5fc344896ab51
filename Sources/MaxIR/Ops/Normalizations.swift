/// Normalizations. f64 is computed in f64, all else in f32; sums run in row-major order.
extension Ops {
    /// - A lane whose norm is 0 becomes 0, as in ONNX Runtime.
    public static let lpNormalization = Operator(
        "lp_normalization", "x over the L1 or L2 norm along `axis`; 0 where that is 0. Source: ONNX LpNormalization.",
        operands: [.one("x", .floats)], attributes: [.defaulted("axis", .int(-1)), .defaulted("p", .int(2))],
        onnx: ONNXMapping("LpNormalization", since: 1),
        infer: { node throws(MaxError) in
            let (x, p) = (try node.tensorType(0), try node.int("p"))
            guard p == 1 || p == 2 else { throw MaxError(.malformed, "p: found \(p), expected 1 or 2") }
            if let rank = x.rank { _ = try Axis.resolve(try node.int("axis"), rank: rank) }
            return [.tensor(x)]
        },
        evaluate: { node throws(MaxError) in
            let x = try node.tensor(0)
            let lanes = Lanes(x.shape, [try Axis.resolve(try node.int("axis"), rank: x.rank)]).all
            return [.tensor(try node.floats([0], x.shape, LpBody(lanes: lanes, p: try node.int("p"))))]
        })

    /// - Result 0: the shape and type of `x`; results 1 and 2: mean and 1 / standard deviation, f32.
    public static let layerNormalization = Operator(
        "layer_normalization",
        "x minus its mean, over √(variance + epsilon), along `axis` and all after it; times scale, plus bias. Source: ONNX LayerNormalization.",
        operands: [.one("x", .floats), .one("scale", .floats), .optional("bias", .floats)],
        attributes: [
            .defaulted("axis", .int(-1)), .defaulted("epsilon", .float(Double(Float(1e-5)))),
            .defaulted("stash_type", .int(1)),
        ],
        results: .upTo(3), onnx: ONNXMapping("LayerNormalization", since: 17),
        infer: { node throws(MaxError) in
            let x = try inferAffine(node)
            let stash: ElementType = x.element == .f64 ? .f64 : .f32
            guard let shape = x.shape else { return [.tensor(x), .tensor(TensorType(stash, nil)), .tensor(TensorType(stash, nil))] }
            let axis = try Axis.resolve(try node.int("axis"), rank: shape.count)
            let kept = TensorType(stash, shape.indices.map { $0 < axis ? shape[$0] : .fixed(1) })
            return [.tensor(x), .tensor(kept), .tensor(kept)]
        },
        evaluate: { node throws(MaxError) in
            let x = try node.tensor(0)
            let axis = try Axis.resolve(try node.int("axis"), rank: x.rank)
            let epsilon = try node.float("epsilon")
            let lanes = Lanes(x.shape, Array(axis..<x.rank)).all
            let affine = try Affine(node, axes: Array(axis..<x.rank), x.shape)
            let kept = x.shape.indices.map { $0 < axis ? x.shape[$0] : 1 }
            let operands = node.has(2) ? [0, 1, 2] : [0, 1]
            func run(_ wanted: MomentsBody.Wanted, _ shape: [Int], as type: ElementType? = nil) throws(MaxError) -> Value {
                .tensor(
                    try node.floats(
                        operands, shape, as: type,
                        MomentsBody(lanes: lanes, epsilon: epsilon, affine: affine, centered: true, wanted: wanted)))
            }
            let stash: ElementType = x.elementType == .f64 ? .f64 : .f32
            return [try run(.normalized, x.shape), try run(.mean, kept, as: stash), try run(.inverse, kept, as: stash)]
        })

    public static let rmsNormalization = Operator(
        "rms_normalization",
        "x over √(mean of squares + epsilon), along `axis` and all after it; times scale. Source: ONNX RMSNormalization.",
        operands: [.one("x", .floats), .one("scale", .floats)],
        attributes: [
            .defaulted("axis", .int(-1)), .defaulted("epsilon", .float(Double(Float(1e-5)))),
            .defaulted("stash_type", .int(1)),
        ],
        onnx: ONNXMapping("RMSNormalization", since: 23),
        infer: { node throws(MaxError) in
            let (x, scale) = (try node.tensorType(0), try node.tensorType(1))
            if let rank = x.rank { _ = try Axis.resolve(try node.int("axis"), rank: rank) }
            return [.tensor(TensorType(scale.element, x.shape))]
        },
        evaluate: { node throws(MaxError) in
            let x = try node.tensor(0)
            let axes = Array(try Axis.resolve(try node.int("axis"), rank: x.rank)..<x.rank)
            let body = MomentsBody(
                lanes: Lanes(x.shape, axes).all, epsilon: try node.float("epsilon"),
                affine: try Affine(node, axes: axes, x.shape), centered: false, wanted: .normalized)
            return [.tensor(try node.floats([0, 1], x.shape, as: try node.tensor(1).elementType, body))]
        })

    /// Inference form: mean and variance are operands. All operands but `x` are vectors, one entry per channel.
    public static let batchNormalization = Operator(
        "batch_normalization",
        "(x - mean) / √(variance + epsilon) · scale + bias for each channel, the second extent. Source: ONNX BatchNormalization, for inference.",
        operands: [
            .one("x", .floats), .one("scale", .floats), .one("bias", .floats), .one("mean", .floats),
            .one("variance", .floats),
        ],
        attributes: [.defaulted("epsilon", .float(Double(Float(1e-5)))), .defaulted("momentum", .float(Double(Float(0.9))))],
        onnx: ONNXMapping("BatchNormalization", since: 15),
        infer: { node throws(MaxError) in [.tensor(try node.tensorType(0))] },
        evaluate: { node throws(MaxError) in
            let x = try node.tensor(0)
            let channels = x.rank > 1 ? x.shape[1] : 1
            for index in 1...4 {
                guard try node.tensor(index).shape == [channels] else {
                    throw node.malformed("operand \(index) has shape \(try node.tensor(index).shape), expected [\(channels)]")
                }
            }
            let inner = x.rank > 2 ? x.shape[2...].reduce(1, *) : 1
            return [
                .tensor(
                    try node.floats(
                        [0, 1, 2, 3, 4], x.shape,
                        BatchBody(channels: channels, inner: inner, epsilon: try node.float("epsilon"))))
            ]
        })

    static let normalizations = [lpNormalization, layerNormalization, rmsNormalization, batchNormalization]

    private static func inferAffine(_ node: Inference) throws(MaxError) -> TensorType {
        let x = try node.tensorType(0)
        if let rank = x.rank { _ = try Axis.resolve(try node.int("axis"), rank: rank) }
        guard try node.int("stash_type") == 1 else { throw MaxError(.unsupported, "stash_type other than 1") }
        return x
    }
}

/// A computation over float operands, in f64 when the first is f64, else in f32.
protocol FloatBody {
    func callAsFunction<F: BinaryFloatingPoint & TensorElement>(_ operands: [[F]]) throws(MaxError) -> [F]
}

extension Evaluation {
    /// Runs `body` on the operands at `indices`; the result has the type of operand 0 unless `type` is given.
    func floats(
        _ indices: [Int], _ shape: [Int], as type: ElementType? = nil, _ body: some FloatBody
    ) throws(MaxError) -> Tensor {
        let first = try tensor(indices[0]).elementType
        let result = type ?? first
        if first == .f64 {
            var operands: [[Double]] = []
            for index in indices { operands.append(try Cast.convert(try tensor(index), to: .f64).values() ?? []) }
            return try Cast.convert(try Tensor(shape: shape, .f64(try body(operands))), to: result)
        }
        var operands: [[Float]] = []
        for index in indices { operands.append(try Cast.convert(try tensor(index), to: .f32).values() ?? []) }
        return try Cast.convert(try Tensor(shape: shape, .f32(try body(operands))), to: result)
    }
}

private struct LpBody: FloatBody {
    let lanes: [[Int]]
    let p: Int64
    func callAsFunction<F: BinaryFloatingPoint & TensorElement>(_ operands: [[F]]) throws(MaxError) -> [F] {
        var out = operands[0]
        for lane in lanes {
            let norm =
                p == 1
                ? lane.reduce(F(0)) { $0 + abs(out[$1]) } : lane.reduce(F(0)) { $0 + out[$1] * out[$1] }.squareRoot()
            for i in lane { out[i] = norm == 0 ? 0 : out[i] / norm }
        }
        return out
    }
}

/// Where scale and bias, broadcast to the normalized axes, lie for each element of a lane.
private struct Affine {
    let sources: [[Int]]

    init(_ node: Evaluation, axes: [Int], _ shape: [Int]) throws(MaxError) {
        let inner = axes.map { shape[$0] }
        var sources: [[Int]] = []
        for index in 1..<max(node.operands.count, 2) where node.has(index) {
            let operand = try node.tensor(index)
            guard try Broadcast.shapes(operand.shape, inner) == inner else {
                throw node.malformed("operand \(index) has shape \(operand.shape), expected \(inner)")
            }
            sources.append(Broadcast.sources(from: operand.shape, to: inner))
        }
        self.sources = sources
    }
}

private struct MomentsBody: FloatBody {
    enum Wanted { case normalized, mean, inverse }
    let lanes: [[Int]]
    let epsilon: Double
    let affine: Affine
    let centered: Bool
    let wanted: Wanted

    func callAsFunction<F: BinaryFloatingPoint & TensorElement>(_ operands: [[F]]) throws(MaxError) -> [F] {
        let x = operands[0]
        var out = wanted == .normalized ? x : []
        for lane in lanes {
            let mean = centered ? lane.reduce(F(0)) { $0 + x[$1] } / F(lane.count) : 0
            let variance = lane.reduce(F(0)) { $0 + (x[$1] - mean) * (x[$1] - mean) } / F(lane.count)
            let inverse = 1 / (variance + F(epsilon)).squareRoot()
            switch wanted {
            case .mean: out.append(mean)
            case .inverse: out.append(inverse)
            case .normalized:
                for (position, slot) in lane.enumerated() {
                    var value = (x[slot] - mean) * inverse * operands[1][affine.sources[0][position]]
                    if operands.count > 2 { value += operands[2][affine.sources[1][position]] }
                    out[slot] = value
                }
            }
        }
        return out
    }
}

private struct BatchBody: FloatBody {
    let channels: Int, inner: Int
    let epsilon: Double
    func callAsFunction<F: BinaryFloatingPoint & TensorElement>(_ operands: [[F]]) throws(MaxError) -> [F] {
        operands[0].enumerated().map { position, x in
            let c = position / max(inner, 1) % max(channels, 1)
            return (x - operands[3][c]) / (operands[4][c] + F(epsilon)).squareRoot() * operands[1][c] + operands[2][c]
        }
    }
}
