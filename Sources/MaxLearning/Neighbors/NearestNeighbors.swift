import MaxIR
import MaxSettings

extension Learners {
    static let nearestNeighbors = Learner(
        "knn",
        "The mean of the k nearest rows, by Euclidean distance over all of them, which the model holds; of equally near rows the earlier, of equal votes the lower class. Source: scikit-learn KNeighborsClassifier and KNeighborsRegressor, brute force.",
        tasks: [.binary, .multiclass, .regression], needs: [.complete, .scaled, .numbers],
        settings: [Setting("k", .integer(1...10_000), 5, "how many rows are asked")],
        fit: { problem, settings throws(MaxError) in try NearestNeighbors(problem, k: settings.integer("k")) })
}

/// Ranks the training rows t of each row x by t·t - 2 x·t, which is the squared distance but for x·x.
struct NearestNeighbors: FittedModel {
    /// Most values, rows × columns, that a model may hold, and most rows: every prediction goes over all of them.
    static let largestSize = 1 << 24
    static let mostRows = 1 << 16

    let k: Int
    let columns: Int
    /// 0: regression.
    let classes: Int
    /// Subtracted from all rows, so that distances lose fewer digits.
    let means: [Double]
    /// `[columns, rows]`: -2 t.
    let products: [Double]
    /// t·t.
    let squares: [Double]
    let target: [Double]

    var importance: [Double]? { nil }
    var facts: [(name: String, value: String)] { [("rows held", "\(target.count)"), ("k", "\(k)")] }

    init(_ problem: Problem, k: Int) throws(MaxError) {
        try problem.check()
        let (count, columns) = (problem.rows, problem.features.columns.count)
        guard k <= count else { throw MaxError(.usage, "k: found \(k), expected at most the \(count) rows to learn from") }
        guard count <= Self.mostRows, try elementCount(of: [count, columns]) <= Self.largestSize else {
            throw MaxError(
                .limitExceeded,
                "knn: \(count) rows of \(columns) columns, at most \(Self.mostRows) rows and \(Self.largestSize) values can be held: learn from fewer rows"
            )
        }
        if let weights = problem.weights, weights.contains(where: { $0 != weights[0] }) {
            throw MaxError(.unsupported, "knn: rows have different weights, expected none: leave the weights out")
        }
        let rows = try CompleteRows(problem.features, crew: try Crew(threads: problem.threads))
        var means = [Double](repeating: 0, count: columns)
        for column in 0..<columns {
            for row in 0..<count { means[column] += rows.row(row)[column] / Double(count) }
        }
        var products = [Double](repeating: 0, count: columns * count)
        var squares = [Double](repeating: 0, count: count)
        for row in 0..<count {
            for column in 0..<columns {
                let value = rows.row(row)[column] - means[column]
                products[column * count + row] = -2 * value
                squares[row] += value * value
            }
        }
        guard squares.allSatisfy(\.isFinite) else { throw MaxError(.malformed, "knn: distances are not finite: scale the features") }
        self.k = k
        self.columns = columns
        self.means = means
        self.products = products
        self.squares = squares
        classes = problem.task == .regression ? 0 : problem.classes
        target = problem.target
    }

    func append(to graph: inout GraphBuilder, features: ValueID) throws(MaxError) -> ModelOutputs {
        let x = try graph.apply("sub", [try graph.wide(features), try graph.vector(means)])
        let distance = try graph.affine(x, products, squares)
        guard let op = Ops.named["top_k"] else { throw MaxError(.internal, "no operator 'top_k'") }
        let nearest = try graph.node(
            op, [distance, try graph.axes(k)], ["axis": .int(1), "largest": .int(0), "sorted": .int(1)], results: 2)
        let places = nearest[1]
        func mean(_ values: Tensor) throws(MaxError) -> ValueID {
            let picked = try graph.apply("gather", [try graph.constant(values), places], ["axis": .int(0)])
            return try graph.apply("reduce_mean", [picked, try graph.axes(1)], ["keepdims": .int(0)])
        }
        if classes <= 2 {
            let value = try mean(Tensor(target))
            if classes == 0 { return ModelOutputs(raw: value, prediction: value) }
            let above = try graph.apply("greater", [value, try graph.scalar(0.5)])
            return ModelOutputs(raw: value, probability: value, label: try graph.apply("cast", [above], ["to": .type(.i64)]))
        }
        let shares = (0..<classes).map { own in target.map { Int($0) == own ? 1.0 : 0 } }
        var table = [Double](repeating: 0, count: target.count * classes)
        for own in 0..<classes { for row in target.indices { table[row * classes + own] = shares[own][row] } }
        let votes = try mean(Tensor(table, shape: [target.count, classes]))
        return ModelOutputs(
            raw: votes, probability: votes, label: try graph.apply("arg_max", [votes], ["axis": .int(1), "keepdims": .int(0)]))
    }
}
