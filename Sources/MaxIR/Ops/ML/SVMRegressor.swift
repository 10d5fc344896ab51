extension Ops {
    /// - Operand `x`: `[N, F]`, or `[F]` as one row. Result: `[N, 1]` f32.
    /// - With `n_supports` 0 the coefficients are one weight per column, and the kernel is linear.
    /// - Source: ai.onnx.ml SVMRegressor, as ONNX Runtime evaluates it.
    public static let svmRegressor = Operator(
        "svm_regressor",
        "The sum of coefficients times kernels with the support vectors, plus rho, in f32; with `one_class` its sign. Source: ai.onnx.ml SVMRegressor.",
        operands: [.one("x", Rows.numeric)],
        attributes: SVMKernel.attributes + [
            .required("coefficients", .floats), .defaulted("n_supports", .int(0)), .defaulted("one_class", .int(0)),
            PostTransform.attribute, .required("rho", .floats), .optional("support_vectors", .floats),
        ],
        onnx: .ml("SVMRegressor", since: 1),
        infer: { node throws(MaxError) in
            let (rows, width) = try Rows.type(node)
            let machine = try SVMRegression(node)
            if let width = width.fixed { try machine.check(width) }
            return [.tensor(TensorType(.f32, [rows, .fixed(1)]))]
        },
        evaluate: { node throws(MaxError) in
            let (rows, width) = try Rows.shape(node)
            let machine = try SVMRegression(node)
            try machine.check(width)
            _ = try elementCount(of: [rows, machine.vectorCount], limit: Limits.evaluatedElements)
            return [.tensor(Tensor(machine.scores(try Rows.floats(node), rows), shape: [rows, 1]))]
        })

    static let supportVectorMachines = [svmClassifier, svmRegressor]
}

/// The attributes of an `svm_regressor`, checked.
private struct SVMRegression {
    let kernel: SVMKernel
    let coefficients: [Float]
    let vectors: [Float]
    let vectorCount: Int
    let width: Int
    let rho: Float
    let isOneClass: Bool

    init(_ node: some OperatorNode) throws(MaxError) {
        guard try PostTransform(node) == .none else {
            throw MaxError(.unsupported, "post_transform of a support vector regressor")
        }
        coefficients = try node.floats("coefficients").map { Float($0) }
        vectors = (node.optionalFloats("support_vectors") ?? []).map { Float($0) }
        guard let count = Int(exactly: try node.int("n_supports")), count >= 0, count <= Limits.elements else {
            throw MaxError(.malformed, "n_supports: found \(try node.int("n_supports"))")
        }
        vectorCount = count
        if count > 0 {
            guard coefficients.count == count, vectors.count >= count, vectors.count % count == 0 else {
                throw MaxError(
                    .malformed, "\(coefficients.count) coefficients and \(vectors.count) numbers for \(count) support vectors")
            }
            width = vectors.count / count
            kernel = try SVMKernel(node)
        } else {
            width = coefficients.count
            kernel = .linear
        }
        guard let first = try node.floats("rho").first else { throw MaxError(.malformed, "rho is empty") }
        rho = Float(first)
        isOneClass = try node.flag("one_class")
    }

    func check(_ found: Int) throws(MaxError) {
        guard found == width else { throw MaxError(.malformed, "operand has \(found) columns, expected \(width)") }
    }

    func scores(_ x: [Float], _ rows: Int) -> [Float] {
        let kernels =
            vectorCount == 0
            ? kernel(rows: x, rows, vectors: coefficients, 1, width: width)
            : kernel(rows: x, rows, vectors: vectors, vectorCount, width: width)
        return kernels.map { row in
            let sum = vectorCount == 0 ? row[0] : zip(row, coefficients).reduce(Float(0)) { $0 + $1.0 * $1.1 }
            let score = sum + rho
            return isOneClass ? (score > 0 ? 1 : -1) : score
        }
    }
}
