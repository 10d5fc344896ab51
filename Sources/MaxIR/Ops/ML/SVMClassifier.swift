extension Ops {
    /// - Operand `x`: `[N, F]`, or `[F]` as one row. Results: labels `[N]` and scores `[N, K]` f32, where K is the
    ///   number of classes, or without `prob_a` of pairs of classes (2 for two classes).
    /// - Source: ai.onnx.ml SVMClassifier, as ONNX Runtime evaluates it.
    public static let svmClassifier = Operator(
        "svm_classifier",
        "One score per pair of classes, a vote or Platt's probabilities over them, and `post_transform`, in f32. Source: ai.onnx.ml SVMClassifier, as ONNX Runtime evaluates it.",
        operands: [.one("x", Rows.numeric)],
        attributes: SVMKernel.attributes + [
            .optional("classlabels_ints", .ints), .optional("classlabels_strings", .strings),
            .required("coefficients", .floats), PostTransform.attribute, .optional("prob_a", .floats),
            .optional("prob_b", .floats), .required("rho", .floats), .optional("support_vectors", .floats),
            .optional("vectors_per_class", .ints),
        ],
        results: .exactly(2), onnx: .ml("SVMClassifier", since: 1),
        infer: { node throws(MaxError) in
            let (rows, width) = try Rows.type(node)
            let machine = try SVMClassification(node)
            if let width = width.fixed { try machine.check(width) }
            return [
                .tensor(TensorType(machine.labels.storage.elementType, [rows])),
                .tensor(TensorType(.f32, [rows, .fixed(machine.scoreCount)])),
            ]
        },
        evaluate: { node throws(MaxError) in
            let (rows, width) = try Rows.shape(node)
            let machine = try SVMClassification(node)
            try machine.check(width)
            _ = try elementCount(of: [rows, max(machine.vectorCount, machine.scoreCount)], limit: Limits.evaluatedElements)
            let x = try Rows.floats(node)
            var chosen: [Int] = []
            var out: [Float] = []
            for row in 0..<rows {
                let (label, scores) = machine.classify(x[(row * width)..<((row + 1) * width)])
                chosen.append(label)
                out += scores
            }
            return [
                .tensor(machine.labels.picking(chosen, rows: rows)),
                .tensor(Tensor(out, shape: [rows, machine.scoreCount])),
            ]
        })
}

/// The attributes of an `svm_classifier`, checked.
private struct SVMClassification {
    static let mostClasses = 1 << 12
    let labels: ClassLabels
    let kernel: SVMKernel
    let transform: PostTransform
    let coefficients: [Float], vectors: [Float], rho: [Float], probA: [Float], probB: [Float]
    /// For each class, the first of its support vectors and their number.
    let runs: [(start: Int, count: Int)]
    let vectorCount: Int
    let width: Int
    var classes: Int { labels.storage.count }
    var scoreCount: Int {
        vectorCount == 0 || !probA.isEmpty ? classes : classes > 2 ? classes * (classes - 1) / 2 : 2
    }

    init(_ node: some OperatorNode) throws(MaxError) {
        labels = try ClassLabels(node)
        transform = try PostTransform(node)
        func floats(_ name: String) -> [Float] { (node.optionalFloats(name) ?? []).map { Float($0) } }
        (coefficients, vectors, rho) = (floats("coefficients"), floats("support_vectors"), floats("rho"))
        (probA, probB) = (floats("prob_a"), floats("prob_b"))
        let classes = labels.storage.count
        guard classes <= SVMClassification.mostClasses else {
            throw MaxError(.limitExceeded, "\(classes) classes, at most \(SVMClassification.mostClasses)")
        }
        var runs: [(start: Int, count: Int)] = []
        var total = 0
        for given in node.optionalInts("vectors_per_class") ?? [] {
            guard given >= 0, let count = Int(exactly: given) else {
                throw MaxError(.malformed, "vectors_per_class: found \(given)")
            }
            runs.append((total, count))
            total = try total.adding(count, "vectors_per_class")
        }
        (self.runs, vectorCount) = (runs, total)
        guard total > 0 else {
            guard coefficients.count % classes == 0, !rho.isEmpty else {
                throw MaxError(.malformed, "\(coefficients.count) coefficients and \(rho.count) rho for \(classes) classes")
            }
            (width, kernel) = (coefficients.count / classes, .linear)
            return
        }
        kernel = try SVMKernel(node)
        guard classes >= 2, runs.count == classes else {
            throw MaxError(.malformed, "vectors_per_class: found \(runs.count) entries for \(classes) classes")
        }
        guard vectors.count >= total, vectors.count % total == 0,
            coefficients.count == (try total.multiplied(by: classes - 1, "coefficients"))
        else {
            throw MaxError(
                .malformed,
                "\(coefficients.count) coefficients and \(vectors.count) numbers for \(total) support vectors of \(classes) classes")
        }
        width = vectors.count / total
        let pairs = classes * (classes - 1) / 2
        guard rho.count == pairs, probA.count == probB.count, probA.isEmpty || probA.count == pairs else {
            throw MaxError(.malformed, "\(rho.count) rho, \(probA.count) prob_a and \(probB.count) prob_b for \(pairs) pairs of classes")
        }
    }

    func check(_ found: Int) throws(MaxError) {
        guard found == width else { throw MaxError(.malformed, "operand has \(found) columns, expected \(width)") }
    }

    /// The position of the label, and `scoreCount` scores.
    func classify(_ x: ArraySlice<Float>) -> (label: Int, scores: [Float]) {
        guard vectorCount > 0 else { return linear(x) }
        let (scores, votes) = pairScores(x)
        let label = votes.firstIndex(of: votes.max() ?? 0) ?? 0
        if !probA.isEmpty { return (label, transform.apply(probabilities(scores))) }
        guard classes == 2 else { return (label, transform.apply(scores)) }
        let score = scores[0]
        switch transform {
        case .none: return (label, [-score, score])
        case .probit: return (label, [1 - transform.apply([score])[0], transform.apply([score])[0]])
        default: return (label, [1 - score, score])
        }
    }

    /// Without support vectors: one row of coefficients per class.
    private func linear(_ x: ArraySlice<Float>) -> (label: Int, scores: [Float]) {
        let scores = (0..<classes).map { kernel(x, coefficients[($0 * width)..<(($0 + 1) * width)]) + rho[0] }
        var best = 0
        for index in scores.indices.dropFirst() where scores[index] > scores[best] { best = index }
        if rho.count == 1, classes == 2 {
            let isPositive = coefficients.allSatisfy { $0 >= 0 }
            if isPositive ? scores[best] >= 0.5 : scores[best] > 0 { best = 1 }
        }
        return (best, transform.apply(scores))
    }

    /// The decision value of every pair of classes, and for each class how many pairs it wins.
    private func pairScores(_ x: ArraySlice<Float>) -> (scores: [Float], votes: [Int]) {
        let kernels = (0..<vectorCount).map { kernel(x, vectors[($0 * width)..<(($0 + 1) * width)]) }
        var scores: [Float] = []
        var votes = [Int](repeating: 0, count: classes)
        for i in 0..<(classes - 1) {
            for j in (i + 1)..<classes {
                var sum = 0.0
                for v in runs[i].start..<(runs[i].start + runs[i].count) {
                    sum += Double(coefficients[vectorCount * (j - 1) + v] * kernels[v])
                }
                for v in runs[j].start..<(runs[j].start + runs[j].count) {
                    sum += Double(coefficients[vectorCount * i + v] * kernels[v])
                }
                sum += Double(rho[scores.count])
                scores.append(Float(sum))
                votes[sum > 0 ? i : j] += 1
            }
        }
        return (scores, votes)
    }

    /// Platt's probability of each pair, coupled to one per class by Wu, Lin and Weng's second method (2004).
    private func probabilities(_ scores: [Float]) -> [Float] {
        let n = classes
        var r = [Float](repeating: 0, count: n * n)
        var pair = 0
        for i in 0..<(n - 1) {
            for j in (i + 1)..<n {
                let p = min(max(1 - PostTransform.logistic(scores[pair] * probA[pair] + probB[pair]), 1e-7), 1 - 1e-7)
                (r[i * n + j], r[j * n + i]) = (p, 1 - p)
                pair += 1
            }
        }
        var q = [Float](repeating: 0, count: n * n)
        for i in 0..<n {
            for j in 0..<n where j != i {
                q[i * n + i] += r[j * n + i] * r[j * n + i]
                q[i * n + j] = j < i ? q[j * n + i] : -r[j * n + i] * r[i * n + j]
            }
        }
        var p = [Float](repeating: 1 / Float(n), count: n)
        let tolerance = 0.005 / Float(n)
        for _ in 0..<100 {
            var product = (0..<n).map { i in (0..<n).reduce(Float(0)) { $0 + q[i * n + $1] * p[$1] } }
            var total = (0..<n).reduce(Float(0)) { $0 + p[$1] * product[$1] }
            let error = product.reduce(Float(0)) { max($0, abs($1 - total)) }
            if error < tolerance { break }
            for i in 0..<n {
                let step = (total - product[i]) / q[i * n + i]
                p[i] += step
                total = (total + step * (step * q[i * n + i] + 2 * product[i])) / (1 + step) / (1 + step)
                for j in 0..<n {
                    product[j] = (product[j] + step * q[i * n + j]) / (1 + step)
                    p[j] /= 1 + step
                }
            }
        }
        return p
    }
}
