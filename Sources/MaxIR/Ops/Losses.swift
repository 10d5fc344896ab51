import Glibc

/// Losses over class scores, as training graphs export them. Classes are the second axis.
extension Ops {
    /// - Operands: log probabilities `[N, C, d…]`, target classes `[N, d…]`, and a weight per class `[C]`.
    public static let negativeLogLikelihood = Operator(
        "negative_log_likelihood",
        "Minus the weighted log probability of each target class, as it is (none), summed, or as weighted mean. Source: ONNX NegativeLogLikelihoodLoss.",
        operands: [.one("x", .floats), .one("target", [.i32, .i64]), .optional("weight", .floats)],
        attributes: [.optional("ignore_index", .int), .defaulted("reduction", .string("mean"))],
        onnx: ONNXMapping("NegativeLogLikelihoodLoss", since: 13),
        infer: { node throws(MaxError) in [.tensor(try lossType(node))] },
        evaluate: { node throws(MaxError) in
            let geometry = try LossGeometry(node)
            return [.tensor(try node.floats(node.has(2) ? [0, 2] : [0], geometry.shape, LossBody(geometry: geometry)))]
        })

    public static let softmaxCrossEntropy = Operator(
        "softmax_cross_entropy",
        "`negative_log_likelihood` of the log softmax over the classes, and on request that log softmax. Source: ONNX SoftmaxCrossEntropyLoss.",
        operands: [.one("scores", .floats), .one("labels", [.i32, .i64]), .optional("weight", .floats)],
        attributes: [.optional("ignore_index", .int), .defaulted("reduction", .string("mean"))], results: .upTo(2),
        onnx: ONNXMapping("SoftmaxCrossEntropyLoss", since: 13),
        infer: { node throws(MaxError) in
            Array([.tensor(try lossType(node)), .tensor(try node.tensorType(0))].prefix(node.resultCount))
        },
        evaluate: { node throws(MaxError) in
            let geometry = try LossGeometry(node)
            let x = try node.tensor(0)
            let logarithm = LogSoftmaxBody(lanes: Lanes(x.shape, [1]).all)
            let loss = try node.floats(
                node.has(2) ? [0, 2] : [0], geometry.shape, LossBody(geometry: geometry, logarithm: logarithm))
            guard node.resultCount > 1 else { return [.tensor(loss)] }
            return [.tensor(loss), .tensor(try node.floats([0], x.shape, logarithm))]
        })

    static let losses = [negativeLogLikelihood, softmaxCrossEntropy]

    private static func lossType(_ node: Inference) throws(MaxError) -> TensorType {
        let (x, target) = (try node.tensorType(0), try node.tensorType(1))
        let reduction = try node.string("reduction").string
        guard ["none", "sum", "mean"].contains(reduction) else {
            throw MaxError(.malformed, "reduction: found '\(reduction)', expected none, sum or mean")
        }
        if let rank = x.rank, rank < 2 { throw MaxError(.malformed, "operand is \(x), expected rank 2 or more") }
        return TensorType(x.element, reduction == "none" ? target.shape : [])
    }
}

/// Where the score of each target lies, and what becomes of the losses.
private struct LossGeometry {
    /// Per target: the class and the element of its score; nil where it is ignored.
    let targets: [(label: Int, element: Int)?]
    let reduction: String
    let shape: [Int]

    init(_ node: Evaluation) throws(MaxError) {
        let (x, target) = (try node.tensor(0), try node.tensor(1))
        guard x.rank >= 2, target.shape == [x.shape[0]] + x.shape[2...],
            node.optionalTensor(2).map({ $0.shape == [x.shape[1]] }) ?? true
        else { throw node.malformed("operands of shapes \(x.shape) and \(target.shape)") }
        let (classes, inner) = (x.shape[1], x.shape[2...].reduce(1, *))
        let ignored = node.optionalInt("ignore_index")
        var targets: [(label: Int, element: Int)?] = []
        for (position, label) in try Selecting.integers(target).enumerated() {
            if label == ignored {
                targets.append(nil)
                continue
            }
            guard label >= 0, label < Int64(classes) else { throw node.malformed("target \(label) of \(classes) classes") }
            targets.append((Int(label), (position / inner * classes + Int(label)) * inner + position % inner))
        }
        self.targets = targets
        reduction = try node.string("reduction").string
        shape = reduction == "none" ? target.shape : []
    }
}

private struct LossBody: FloatBody {
    let geometry: LossGeometry
    var logarithm: LogSoftmaxBody?

    func callAsFunction<F: BinaryFloatingPoint & TensorElement>(_ operands: [[F]]) throws(MaxError) -> [F] {
        let x = try logarithm?([operands[0]]) ?? operands[0]
        let weights: [F] = geometry.targets.map { target in
            guard let target else { return 0 }
            return operands.count > 1 ? operands[1][target.label] : 1
        }
        let losses: [F] = zip(geometry.targets, weights).map { target, weight in
            guard let target else { return 0 }
            return -x[target.element] * weight
        }
        switch geometry.reduction {
        case "none": return losses
        case "sum": return [losses.reduce(0, +)]
        default: return [losses.reduce(0, +) / weights.reduce(0, +)]
        }
    }
}

private struct LogSoftmaxBody: FloatBody {
    let lanes: [[Int]]
    func callAsFunction<F: BinaryFloatingPoint & TensorElement>(_ operands: [[F]]) throws(MaxError) -> [F] {
        var out = operands[0]
        for lane in lanes {
            let largest = Ops.largest(lane.map { out[$0] })
            let total = lane.reduce(F(0)) { $0 + F(exp(Double(out[$1] - largest))) }
            let shift = F(log(Double(total)))
            for i in lane { out[i] = out[i] - largest - shift }
        }
        return out
    }
}
