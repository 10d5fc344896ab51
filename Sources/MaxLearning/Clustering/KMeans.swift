import Glibc
import MaxIR
import MaxSettings

extension Learners {
    static let kmeans = Learner(
        "kmeans",
        "k-means: centres with the least sum of squared distances that was found; greedy k-means++ starts and Lloyd's iterations. Source: Arthur, Vassilvitskii 2007; scikit-learn KMeans.",
        tasks: [.clustering], needs: [.complete, .scaled, .numbers],
        settings: [
            Setting("clusters", .integer(1...10_000), 8, "how many"),
            Setting("starts", .integer(1...10_000), 10, "how often it begins anew; the best counts"),
            Setting("iterations", .integer(1...1_000_000), 300, "most of Lloyd's iterations of each start"),
            Setting(
                "tolerance", .number(0...1), 1e-4, "stop where the centres' squared shift, as part of the mean variance, is at most this"),
        ],
        fit: { problem, settings throws(MaxError) in
            try KMeans.fit(
                problem, clusters: settings.integer("clusters"), starts: settings.integer("starts"),
                iterations: settings.integer("iterations"), tolerance: settings.number("tolerance"))
        })
}

/// Centres; a row belongs to the nearest, of equally near ones to the first. `raw` is the distances to all of them, `prediction` the
/// distance to the own one.
struct KMeans: FittedModel {
    let columns: Int
    /// Subtracted from all rows, so that distances lose fewer digits.
    let means: [Double]
    /// `[clusters, columns]`, of shifted rows.
    let centres: [Double]
    let facts: [(name: String, value: String)]

    var importance: [Double]? { nil }

    static func fit(_ problem: Problem, clusters: Int, starts: Int, iterations: Int, tolerance: Double) throws(MaxError) -> KMeans {
        try problem.check()
        let crew = try Crew(threads: problem.threads)
        let rows = try CompleteRows(problem.features, crew: crew)
        let weights = problem.weights ?? [Double](repeating: 1, count: rows.rows)
        guard clusters <= rows.rows else {
            throw MaxError(.usage, "clusters: found \(clusters), expected at most the \(rows.rows) rows to learn from")
        }
        let lloyd = Lloyd(rows, weights: weights, clusters: clusters, crew: crew)
        guard lloyd.variance.isFinite else { throw MaxError(.malformed, "kmeans: distances are not finite: scale the features") }
        var best: Lloyd.Solution?
        for start in 0..<starts {
            let seeds = lloyd.seeds(CounterGenerator.bits(UInt64(start), seed: problem.seed))
            let found = lloyd.iterate(from: seeds, iterations: iterations, tolerance: tolerance)
            if found.inertia < best?.inertia ?? .infinity { best = found }
            problem.progress(Double(start + 1) / Double(starts), "start \(start + 1) of \(starts)")
        }
        guard let best else { throw MaxError(.malformed, "kmeans: no start gave finite distances: scale the features") }
        return KMeans(
            columns: rows.columns, means: lloyd.means, centres: best.centres,
            facts: [
                ("inertia", "\(best.inertia)"), ("iterations", "\(best.iterations)"),
                (
                    "stopped",
                    best.isStable ? "no row changes its cluster" : best.iterations < iterations ? "the centres rest" : "iterations"
                ),
            ])
    }

    func append(to graph: inout GraphBuilder, features: ValueID) throws(MaxError) -> ModelOutputs {
        let clusters = centres.count / columns
        let x = try graph.apply("sub", [try graph.wide(features), try graph.vector(means)])
        var products = [Double](repeating: 0, count: centres.count)
        var squares = [Double](repeating: 0, count: clusters)
        for cluster in 0..<clusters {
            for column in 0..<columns {
                let value = centres[cluster * columns + column]
                products[column * clusters + cluster] = -2 * value
                squares[cluster] += value * value
            }
        }
        let relative = try graph.affine(x, products, squares)
        let own = try graph.apply("reduce_sum_square", [x, try graph.axes(1)], ["keepdims": .int(1)])
        let square = try graph.apply("relu", [try graph.apply("add", [relative, own])])
        let distance = try graph.apply("sqrt", [square])
        let label = try graph.apply("arg_min", [relative], ["axis": .int(1), "keepdims": .int(0)])
        let nearest = try graph.apply("reduce_min", [distance, try graph.axes(1)], ["keepdims": .int(0)])
        return ModelOutputs(raw: clusters == 1 ? try graph.flat(distance) : distance, label: label, prediction: nearest)
    }
}
