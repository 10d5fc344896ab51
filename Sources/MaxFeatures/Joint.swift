import COpenBLAS
import MaxIR
import MaxLearning
import MaxSettings

/// What looks at several columns of numbers at once.
extension Featurizers {
    static let joint: [Featurizer] = [polynomial, variance, correlation, pca, svd]

    static let polynomial = Featurizer(
        "polynomial",
        "The columns, then all products of 2 up to `degree` of them, in lexical order of positions; each product is computed from the left. "
            + "Source: scikit-learn PolynomialFeatures without bias.",
        takes: [.numbers], isJoint: true, learns: false,
        settings: [
            Setting("degree", .integer(2...6), 2, "factors at most"),
            Setting("interactions_only", .flag, false, "no column twice in a product"),
        ]
    ) { fit, flow, settings throws(MaxError) in
        var out = flow
        var parts = [flow.value]
        // The products of one degree, each as its left part's position in the degree before and the last factor.
        var last = (0..<flow.width).map { [$0] }
        var value = flow.value
        for _ in 2...settings.integer("degree") {
            var (left, right, next): ([Int], [Int], [[Int]]) = ([], [], [])
            for (position, factors) in last.enumerated() {
                guard let highest = factors.last else { continue }
                for factor in (settings.flag("interactions_only") ? highest + 1 : highest)..<max(flow.width, highest + 1) {
                    left.append(position)
                    right.append(factor)
                    next.append(factors + [factor])
                }
            }
            if next.isEmpty { break }
            guard out.width + next.count <= Limits.ports else {
                throw MaxError(.limitExceeded, "polynomial: more than \(Limits.ports) columns: lower the degree or give fewer columns")
            }
            value = try fit.add(
                Ops.mul, [try fit.gather(value, left, of: last.count), try fit.gather(flow.value, right, of: flow.width)])
            parts.append(value)
            for factors in next {
                out.columns.append(.init(Text(factors.map { flow.columns[$0].name.string }.joined(separator: " * "))))
                out.sources.append(unique(factors.flatMap { flow.sources[$0] }))
            }
            last = next
        }
        out.value = try fit.concat(parts)
        return out
    }

    static func unique(_ names: [Text]) -> [Text] {
        var seen = Set<Text>()
        return names.filter { seen.insert($0).inserted }
    }

    static let variance = Featurizer(
        "variance",
        "Leaves out the columns whose variance (of the population, finite values) is not above `threshold`; at 0 also those whose range is 0. "
            + "Source: scikit-learn VarianceThreshold.",
        takes: [.numbers], isJoint: true, settings: [Setting("threshold", .number(0...1e300), 0.0, "variance that a column must exceed")]
    ) { fit, flow, settings throws(MaxError) in
        var kept: [Int] = []
        for column in 0..<flow.width {
            let moments = try fit.withNumbers(flow, column) { Moments($0) }
            let range = moments.largest - moments.least
            let spread = settings.number("threshold") == 0 ? min(range, moments.variance) : moments.variance
            if spread > settings.number("threshold") { kept.append(column) }
        }
        return try keeping(kept, flow, fit)
    }

    static let correlation = Featurizer(
        "correlation",
        "Leaves out every column whose Pearson correlation with an earlier column that is kept has a magnitude above `threshold`; rows where "
            + "either is not finite do not count. Source: feature-engine DropCorrelatedFeatures.",
        takes: [.numbers], isJoint: true, settings: [Setting("threshold", .number(0...1), 0.95, "magnitude of correlation")]
    ) { fit, flow, settings throws(MaxError) in
        var kept: [Int] = []
        for column in 0..<flow.width {
            var isCopy = false
            for other in kept where !isCopy {
                let r = try fit.withNumbers(flow, other) { a -> Result<Double, MaxError> in
                    do throws(MaxError) { return .success(try fit.withNumbers(flow, column) { pearson(a, $0) }) } catch {
                        return .failure(error)
                    }
                }
                isCopy = try r.get().magnitude > settings.number("threshold")
            }
            if !isCopy { kept.append(column) }
        }
        return try keeping(kept, flow, fit)
    }

    private static func pearson(_ a: UnsafeBufferPointer<Double>, _ b: UnsafeBufferPointer<Double>) -> Double {
        func both(_ row: Int) -> Bool { a[row].isFinite && b[row].isFinite }
        let count = Sums.sum(a.count) { both($0) ? 1 : 0 }
        guard count > 1 else { return 0 }
        let (meanA, meanB) = (Sums.sum(a.count) { both($0) ? a[$0] : 0 } / count, Sums.sum(a.count) { both($0) ? b[$0] : 0 } / count)
        let cross = Sums.sum(a.count) { both($0) ? (a[$0] - meanA) * (b[$0] - meanB) : 0 }
        let squareA = Sums.sum(a.count) { both($0) ? (a[$0] - meanA) * (a[$0] - meanA) : 0 }
        let squareB = Sums.sum(a.count) { both($0) ? (b[$0] - meanB) * (b[$0] - meanB) : 0 }
        guard squareA > 0, squareB > 0 else { return 0 }
        return cross / (squareA.squareRoot() * squareB.squareRoot())
    }

    static func keeping(_ kept: [Int], _ flow: FeatureFlow, _ fit: FeatureFit) throws(MaxError) -> FeatureFlow {
        guard !kept.isEmpty else { return FeatureFlow(value: flow.value, kind: .numbers, columns: [], sources: []) }
        return FeatureFlow(
            value: try fit.gather(flow.value, kept, of: flow.width), kind: .numbers, columns: kept.map { flow.columns[$0] },
            sources: kept.map { flow.sources[$0] })
    }

    private static let components = Setting("components", .integer(1...4096), 2, "columns that come out")

    static let pca = Featurizer(
        "pca",
        "(x - mean) times the leading eigenvectors of the covariance, each with a positive largest entry by magnitude. Missing values are an "
            + "error while learning. Source: scikit-learn PCA, svd_flip.",
        takes: [.numbers], isJoint: true, settings: [components]
    ) { fit, flow, settings throws(MaxError) in try decomposed(fit, flow, settings.integer("components"), centered: true) }

    static let svd = Featurizer(
        "svd",
        "x times the leading right singular vectors, each with a positive largest entry by magnitude. Missing values are an error while learning. "
            + "Source: scikit-learn TruncatedSVD, svd_flip.",
        takes: [.numbers], isJoint: true, settings: [components]
    ) { fit, flow, settings throws(MaxError) in try decomposed(fit, flow, settings.integer("components"), centered: false) }

    private static func decomposed(_ fit: FeatureFit, _ flow: FeatureFlow, _ components: Int, centered: Bool) throws(MaxError)
        -> FeatureFlow
    {
        let name = centered ? "pca" : "svd"
        let width = flow.width
        guard components <= width else {
            throw MaxError(.usage, "\(name): components: found \(components), expected at most the \(width) columns")
        }
        guard width <= 4096 else { throw MaxError(.limitExceeded, "\(name): found \(width) columns, expected at most 4096") }
        var columns: [[Double]] = []
        for column in 0..<width {
            let values = try fit.withNumbers(flow, column) { Array($0) }
            guard values.allSatisfy(\.isFinite) else {
                throw MaxError(
                    .malformed, "\(name): column \(flow.columns[column].name.quoted) has missing or infinite values: impute it first")
            }
            columns.append(values)
        }
        let count = Double(fit.rows.count)
        let means = columns.map { values in centered ? Sums.sum(values.count) { values[$0] } / count : 0 }
        var gram = [Double](repeating: 0, count: width * width)
        for i in 0..<width {
            for j in i..<width {
                let (a, b) = (columns[i], columns[j])
                let sum = Sums.sum(a.count) { (a[$0] - means[i]) * (b[$0] - means[j]) }
                gram[i * width + j] = sum
                gram[j * width + i] = sum
            }
        }
        var (n, status, size) = (Int32(width), Int32(0), Int32(max(1, 34 * width)))
        var eigenvalues = [Double](repeating: 0, count: width)
        var work = [Double](repeating: 0, count: Int(size))
        dsyev_("V", "U", &n, &gram, &n, &eigenvalues, &work, &size, &status)
        guard status == 0 else { throw MaxError(.malformed, "\(name): the eigenvectors did not converge") }
        var vectors = [Double](repeating: 0, count: width * components)
        for k in 0..<components {
            let from = (width - 1 - k) * width
            var largest = 0
            for i in 1..<max(width, 1) where gram[from + i].magnitude > gram[from + largest].magnitude { largest = i }
            let sign: Double = gram[from + largest] < 0 ? -1 : 1
            for i in 0..<width { vectors[i * components + k] = sign * gram[from + i] }
        }
        var value = flow.value
        if centered { value = try fit.add(Ops.sub, [value, try fit.constant(means)]) }
        value = try fit.add("matmul", [value, try fit.constant(vectors, shape: [width, components])])
        let sources = unique(flow.sources.flatMap { $0 })
        return FeatureFlow(
            value: value, kind: .numbers, columns: (0..<components).map { .init(Text("\(name) \($0 + 1)")) },
            sources: Array(repeating: sources, count: components))
    }
}
