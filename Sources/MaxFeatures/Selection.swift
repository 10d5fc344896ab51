import Glibc
import MaxIR
import MaxLearning
import MaxSettings

/// The columns that say most about the target.
extension Featurizers {
    static let selection: [Featurizer] = [mutualInformation, importance]

    private static let features = Setting("features", .integer(1...Limits.ports), 16, "columns that stay, the best ones, in their order")

    static let mutualInformation = Featurizer(
        "mutual_information",
        "Leaves the columns of the greatest mutual information with the target. Of a column with more than `bins` different values, bins between "
            + "its quantiles count, as `discretize` has them; of others the values; a missing value is one of its own. So it is with a target of "
            + "numbers. Of equal columns the first stays. Source: "
            + "scikit-learn SelectKBest with mutual_info_classif of such bins (discrete_features); of equal columns it takes the last. Its "
            + "estimate from nearest neighbours with noise is another one.",
        takes: [.numbers], usesTarget: true, isJoint: true,
        settings: [features, Setting("bins", .integer(2...1024), 16, "bins of a column, and of a target of numbers")]
    ) { fit, flow, settings throws(MaxError) in
        let bins = settings.integer("bins")
        let target = try numbers(of: fit, "mutual_information")
        let other = target.withUnsafeBufferPointer { codes($0, fit.classes > 1 ? Int.max : bins) }
        var scores: [Double] = []
        for column in 0..<flow.width { scores.append(try fit.withNumbers(flow, column) { information(codes($0, bins), other) }) }
        return try keeping(best(settings.integer("features"), of: scores), flow, fit)
    }

    static let importance = Featurizer(
        "importance",
        "Leaves the columns of the greatest importance in a model of trees that is learned for it: the gain of all splits on a column, of `trees` "
            + "trees with the learner's other settings as they are by default. Of equal columns the first stays. Source: scikit-learn "
            + "SelectFromModel with max_features.",
        takes: [.numbers], usesTarget: true, isJoint: true,
        settings: [
            features, Setting("learner", .choice(["gbdt", "random_forest"]), "gbdt", "what is learned"),
            Setting("trees", .integer(1...10_000), 50, "how many"),
        ]
    ) { fit, flow, settings throws(MaxError) in
        guard let learner = Learners.named(settings.text("learner")) else { throw MaxError(.internal, "importance: no such learner") }
        let target = try numbers(of: fit, "importance")
        let matrix = try FeatureMatrix(rows: fit.rows.count, columns: flow.columns)
        for column in 0..<flow.width {
            try fit.withNumbers(flow, column) { from in
                let to = matrix.f64(column)
                for row in from.indices { to[row] = from[row] }
            }
        }
        let task: MaxLearning.Task = fit.classes > 2 ? .multiclass : fit.classes == 2 ? .binary : .regression
        let problem = Problem(task, features: matrix, target: target, classes: fit.classes, seed: fit.seed, threads: fit.threads)
        let given = try Settings(["trees": .integer(settings.integer("trees"))], for: learner.settings)
        guard let scores = try learner.fit(problem, given).importance, scores.count == flow.width else {
            throw MaxError(.internal, "importance: \(learner.name) has none")
        }
        return try keeping(best(settings.integer("features"), of: scores), flow, fit)
    }

    private static func numbers(of fit: FeatureFit, _ name: String) throws(MaxError) -> [Double] {
        guard let target = fit.target else { throw MaxError(.usage, "\(name): there is no target to learn from") }
        for (row, value) in target.enumerated() where !value.isFinite {
            throw MaxError(.malformed, "\(name): the target of row \(row) is \(value), expected a finite number")
        }
        return target
    }

    /// Positions of the `count` greatest, ascending; NaN is least, and of equals the first is taken.
    private static func best(_ count: Int, of scores: [Double]) -> [Int] {
        let known = scores.map { $0.isNaN ? -Double.infinity : $0 }
        return known.indices.sorted { (-known[$0], $0) < (-known[$1], $1) }.prefix(count).sorted()
    }

    /// The number of each value, or the bin where there are more values than bins; -1 for NaN.
    private static func codes(_ numbers: UnsafeBufferPointer<Double>, _ bins: Int) -> [Int32] {
        let sorted = Quantiles.sorted(numbers)
        var values: [Double] = []
        for value in sorted where values.last != value {
            values.append(value)
            if values.count > bins { break }
        }
        let edges = values.count > bins ? quantileEdges(sorted, bins) : Array(values.dropFirst())
        return numbers.map { number in
            if number.isNaN { return -1 }
            var (low, high) = (0, edges.count)
            while low < high {
                let middle = (low + high) / 2
                if edges[middle] <= number { low = middle + 1 } else { high = middle }
            }
            return Int32(truncatingIfNeeded: low)
        }
    }

    /// Σ p(a, b) log(p(a, b) / p(a) p(b)), in nats.
    private static func information(_ a: [Int32], _ b: [Int32]) -> Double {
        // One more than -1, which is a value of its own.
        let (width, height) = (Int(b.max() ?? 0) + 2, Int(a.max() ?? 0) + 2)
        var counts = [Int](repeating: 0, count: width * height)
        for row in a.indices { counts[(Int(a[row]) + 1) * width + Int(b[row]) + 1] += 1 }
        var rows = [Int](repeating: 0, count: height)
        var columns = [Int](repeating: 0, count: width)
        for i in 0..<height {
            for j in 0..<width {
                rows[i] += counts[i * width + j]
                columns[j] += counts[i * width + j]
            }
        }
        let all = Double(a.count)
        var sum = 0.0
        for i in 0..<height {
            for j in 0..<width where counts[i * width + j] > 0 {
                let count = Double(counts[i * width + j])
                sum += count / all * Glibc.log(count * all / (Double(rows[i]) * Double(columns[j])))
            }
        }
        return max(0, sum)
    }
}
