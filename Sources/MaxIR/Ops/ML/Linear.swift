extension Ops {
    public static let linearRegressor = Operator(
        "linear_regressor",
        "x · coefficients' + intercepts for each target, in f32, then `post_transform`. Source: ai.onnx.ml LinearRegressor.",
        operands: [.one("x", Rows.numeric)],
        attributes: [
            .required("coefficients", .floats), .optional("intercepts", .floats), .defaulted("targets", .int(1)), PostTransform.attribute,
        ],
        onnx: .ml("LinearRegressor", since: 1),
        infer: { node throws(MaxError) in
            _ = try PostTransform(node)
            let (rows, width) = try Rows.type(node)
            let targets = try LinearScores.outputs(node, try node.int("targets"), width)
            return [.tensor(TensorType(.f32, [rows, .fixed(targets)]))]
        },
        evaluate: { node throws(MaxError) in
            let (rows, width) = try Rows.shape(node)
            let targets = try LinearScores.outputs(node, try node.int("targets"), .fixed(width))
            let scores = try LinearScores.compute(node, rows: rows, width: width, outputs: targets)
            let transform = try PostTransform(node)
            return [.tensor(Tensor(scores.flatMap(transform.apply), shape: [rows, targets]))]
        })

    public static let linearClassifier = Operator(
        "linear_classifier",
        "Scores x · coefficients' + intercepts in f32 with `post_transform`, and the label of the largest. One row of coefficients and two labels: the second where the score is above 0. Source: ai.onnx.ml LinearClassifier, as ONNX Runtime evaluates it.",
        operands: [.one("x", Rows.numeric)],
        attributes: [
            .required("coefficients", .floats), .optional("intercepts", .floats), .optional("classlabels_ints", .ints),
            .optional("classlabels_strings", .strings), .defaulted("multi_class", .int(0)), PostTransform.attribute,
        ],
        results: .exactly(2), onnx: .ml("LinearClassifier", since: 1),
        infer: { node throws(MaxError) in
            _ = try PostTransform(node)
            let (rows, width) = try Rows.type(node)
            let labels = try ClassLabels(node)
            let scores = try LinearScores.outputs(node, Int64(node.optionalFloats("intercepts")?.count ?? labels.storage.count), width)
            guard scores == labels.storage.count || (scores == 1 && labels.storage.count == 2) else {
                throw MaxError(.malformed, "\(scores) rows of coefficients for \(labels.storage.count) labels")
            }
            return [
                .tensor(TensorType(labels.storage.elementType, [rows])),
                .tensor(TensorType(.f32, [rows, .fixed(labels.storage.count)])),
            ]
        },
        evaluate: { node throws(MaxError) in
            let (rows, width) = try Rows.shape(node)
            let labels = try ClassLabels(node)
            let outputs = try LinearScores.outputs(
                node, Int64(node.optionalFloats("intercepts")?.count ?? labels.storage.count), .fixed(width))
            let scores = try LinearScores.compute(node, rows: rows, width: width, outputs: outputs)
            let transform = try PostTransform(node)
            var chosen: [Int] = []
            var out: [Float] = []
            for row in scores {
                if row.count == 1, labels.storage.count == 2 {
                    chosen.append(row[0] > 0 ? 1 : 0)
                    out += LinearScores.twoFromOne(row[0], transform)
                } else {
                    var best = 0
                    for index in row.indices.dropFirst() where row[index] > row[best] { best = index }
                    chosen.append(best)
                    out += transform.apply(row)
                }
            }
            return [.tensor(labels.picking(chosen, rows: rows)), .tensor(Tensor(out, shape: [rows, labels.storage.count]))]
        })

    static let linear = [linearRegressor, linearClassifier]
}

/// Linear scores in f32: the products are added in column order, then the intercept.
package enum LinearScores {
    package static func outputs(_ node: some OperatorNode, _ declared: Int64, _ width: Dimension) throws(MaxError) -> Int {
        let coefficients = try node.floats("coefficients").count
        guard declared >= 1, declared <= Int64(Limits.ports), coefficients % Int(declared) == 0 else {
            throw MaxError(.malformed, "\(coefficients) coefficients for \(declared) outputs")
        }
        if let width = width.fixed, coefficients != width * Int(declared) {
            throw MaxError(.malformed, "\(coefficients) coefficients for \(declared) outputs of \(width) columns")
        }
        if let intercepts = node.optionalFloats("intercepts"), !intercepts.isEmpty, intercepts.count != Int(declared) {
            throw MaxError(.malformed, "\(intercepts.count) intercepts for \(declared) outputs")
        }
        return Int(declared)
    }

    static func compute(_ node: Evaluation, rows: Int, width: Int, outputs: Int) throws(MaxError) -> [[Float]] {
        let x = try Rows.floats(node)
        let coefficients = try node.floats("coefficients").map { Float($0) }
        let intercepts = node.optionalFloats("intercepts")?.map { Float($0) } ?? []
        return (0..<rows).map { row in
            (0..<outputs).map { output in
                var total: Float = 0
                for column in 0..<width { total += x[row * width + column] * coefficients[output * width + column] }
                return intercepts.isEmpty ? total : total + intercepts[output]
            }
        }
    }

    /// Both scores of a binary model that has one.
    static func twoFromOne(_ score: Float, _ transform: PostTransform) -> [Float] {
        var out = [score, score]
        out.withUnsafeMutableBufferPointer { twoFromOne(score, transform, into: $0) }
        return out
    }

    /// The same into room for two.
    package static func twoFromOne(_ score: Float, _ transform: PostTransform, into out: UnsafeMutableBufferPointer<Float>) {
        switch transform {
        case .logistic: (out[0], out[1]) = (PostTransform.logistic(-score), PostTransform.logistic(score))
        case .probit: (out[0], out[1]) = (1 - Ops.probit(score), Ops.probit(score))
        case .none: (out[0], out[1]) = (1 - score, score)
        case .softmax, .softmaxZero:
            (out[0], out[1]) = (1 - score, score)
            transform.apply(inPlace: out)
        }
    }
}
