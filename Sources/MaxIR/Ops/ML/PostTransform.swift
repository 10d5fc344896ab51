import Glibc

/// What ai.onnx.ml classifiers and regressors do to their scores at the end, in f32 as ONNX Runtime does it.
package enum PostTransform: String {
    case none = "NONE"
    case softmax = "SOFTMAX"
    case logistic = "LOGISTIC"
    case softmaxZero = "SOFTMAX_ZERO"
    case probit = "PROBIT"

    static let attribute = AttributeSpec.defaulted("post_transform", .string("NONE"))

    package init(_ node: some OperatorNode) throws(MaxError) {
        let name = try node.string("post_transform")
        guard let known = PostTransform(rawValue: name.string) else {
            throw MaxError(.malformed, "post_transform: found \(name.quoted), expected NONE, SOFTMAX, LOGISTIC, SOFTMAX_ZERO or PROBIT")
        }
        self = known
    }

    /// 1 / (1 + e^-x), computed from |x| and mirrored so that it never overflows.
    static func logistic(_ x: Float) -> Float {
        let v = 1 / (1 + expf(-abs(x)))
        return x < 0 ? 1 - v : v
    }

    /// Transforms the scores of one row.
    func apply(_ scores: [Float]) -> [Float] {
        var out = scores
        out.withUnsafeMutableBufferPointer { apply(inPlace: $0) }
        return out
    }

    /// Transforms the scores of one row where they stand.
    package func apply(inPlace scores: UnsafeMutableBufferPointer<Float>) {
        switch self {
        case .none: break
        case .logistic: for i in scores.indices { scores[i] = Self.logistic(scores[i]) }
        case .softmax:
            let top = scores.reduce(-.infinity, max)
            for i in scores.indices { scores[i] = expf(scores[i] - top) }
            let total = scores.reduce(0, +)
            for i in scores.indices { scores[i] /= total }
        case .softmaxZero:
            let top = scores.reduce(-.infinity, max)
            let scale = expf(-top)
            for i in scores.indices {
                let x = scores[i]
                scores[i] = x > 0.0000001 || x < -0.0000001 ? expf(x - top) : x * scale
            }
            let total = scores.reduce(0, +)
            if total != 0 { for i in scores.indices { scores[i] /= total } }
        case .probit: for i in scores.indices { scores[i] = Ops.probit(scores[i]) }
        }
    }
}

/// The class labels of a classifier: integers or texts.
package struct ClassLabels {
    package let storage: TensorStorage

    package init(_ node: some OperatorNode, integers: String = "classlabels_ints", strings: String = "classlabels_strings") throws(MaxError)
    {
        let (numbers, texts) = (node.optionalInts(integers) ?? [], node.optionalStrings(strings) ?? [])
        guard numbers.isEmpty != texts.isEmpty else {
            throw MaxError(
                .malformed,
                "expected class labels in one of \(integers) and \(strings), found them in \(numbers.isEmpty ? "neither" : "both")")
        }
        storage = texts.isEmpty ? .i64(numbers) : .string(texts)
    }

    func picking(_ indices: [Int], rows: Int) -> Tensor { Tensor(unchecked: storage.picking(indices), shape: [rows]) }
}

/// Operands of ai.onnx.ml operators: a matrix `[N, F]`, or a vector taken as one row.
enum Rows {
    static let numeric: Set<ElementType> = [.f32, .f64, .i64, .i32]

    static func type(_ node: Inference) throws(MaxError) -> (rows: Dimension, width: Dimension) {
        let x = try node.tensorType(0)
        guard let shape = x.shape else { return (.unknown, .unknown) }
        switch shape.count {
        case 1: return (.fixed(1), shape[0])
        case 2: return (shape[0], shape[1])
        default: throw MaxError(.malformed, "operand is \(x), expected a matrix")
        }
    }

    static func shape(_ node: Evaluation) throws(MaxError) -> (rows: Int, width: Int) {
        let x = try node.tensor(0)
        switch x.rank {
        case 1: return (1, x.shape[0])
        case 2: return (x.shape[0], x.shape[1])
        default: throw node.malformed("operand has shape \(x.shape), expected a matrix")
        }
    }

    static func floats(_ node: Evaluation) throws(MaxError) -> [Float] {
        try Cast.convert(try node.tensor(0), to: .f32).values(as: Float.self) ?? []
    }
}
