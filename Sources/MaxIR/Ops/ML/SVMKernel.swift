import Glibc

/// The kernel functions of support vector machines, in f32 as ONNX Runtime computes them.
enum SVMKernel {
    case linear
    case poly(gamma: Float, coef0: Float, degree: Float)
    case rbf(gamma: Float)
    case sigmoid(gamma: Float, coef0: Float)

    static let attributes: [AttributeSpec] = [
        .optional("kernel_params", .floats), .defaulted("kernel_type", .string("LINEAR")),
    ]

    /// - Throws: `.malformed` for an unknown kernel, or for parameters that are not three.
    init(_ node: some OperatorNode) throws(MaxError) {
        let given = (node.optionalFloats("kernel_params") ?? []).map { Float($0) }
        guard given.isEmpty || given.count == 3 else {
            throw MaxError(.malformed, "kernel_params: found \(given.count) numbers, expected gamma, coef0 and degree")
        }
        let parameters = given.isEmpty ? [0, 0, 0] : given
        switch try node.string("kernel_type").string {
        case "LINEAR": self = .linear
        case "POLY": self = .poly(gamma: parameters[0], coef0: parameters[1], degree: parameters[2])
        case "RBF": self = .rbf(gamma: parameters[0])
        case "SIGMOID": self = .sigmoid(gamma: parameters[0], coef0: parameters[1])
        default:
            throw MaxError(
                .malformed,
                "kernel_type: found \(try node.string("kernel_type").quoted), expected LINEAR, POLY, RBF or SIGMOID")
        }
    }

    /// The kernel of two vectors of equal length.
    func callAsFunction(_ a: ArraySlice<Float>, _ b: ArraySlice<Float>) -> Float {
        if case .rbf(let gamma) = self {
            return expf(-gamma * zip(a, b).reduce(Float(0)) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) })
        }
        let dot = zip(a, b).reduce(Float(0)) { $0 + $1.0 * $1.1 }
        switch self {
        case .poly(let gamma, let coef0, let degree):
            let base = gamma * dot + coef0
            if degree == 2 { return base * base }
            return degree == 3 ? base * base * base : powf(base, degree)
        case .sigmoid(let gamma, let coef0): return tanhf(gamma * dot + coef0)
        default: return dot
        }
    }

    /// The kernel of every row with every support vector: `[rows][vectors]`.
    func callAsFunction(rows: [Float], _ count: Int, vectors: [Float], _ vectorCount: Int, width: Int) -> [[Float]] {
        (0..<count).map { row in
            (0..<vectorCount).map { vector in
                self(rows[(row * width)..<((row + 1) * width)], vectors[(vector * width)..<((vector + 1) * width)])
            }
        }
    }
}
