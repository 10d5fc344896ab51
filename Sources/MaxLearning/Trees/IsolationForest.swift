import Glibc
import MaxIR
import MaxSettings

extension Learners {
    static let isolationForest = Learner(
        "isolation_forest",
        "How few random splits it takes to set a row apart: 2^(-mean depth / c(rows)), from 0 to 1, above 0.5 unusual. Source: Liu, Ting, Zhou 2008, as scikit-learn IsolationForest.",
        tasks: [.anomaly], needs: [.complete, .numbers],
        settings: [
            Setting("trees", .integer(1...100_000), 100, "how many"),
            Setting("rows", .integer(2...1_000_000), 256, "rows that each tree sees, drawn without replacement"),
            Setting("threshold", .number(0...1), 0.5, "the score above which a row is labelled 1"),
        ],
        fit: { problem, settings throws(MaxError) in try IsolationForest.fit(problem, settings) })
}

/// Trees of random splits.
struct IsolationForest: FittedModel {
    let ensemble: TreeEnsemble
    /// The mean depth at which a search of a tree of that many rows ends in vain.
    let norm: Double
    let threshold: Double
    let facts: [(name: String, value: String)]
    var importance: [Double]? { nil }

    static func fit(_ problem: Problem, _ settings: Settings) throws(MaxError) -> IsolationForest {
        try problem.check()
        let size = min(settings.integer("rows"), problem.rows)
        let limit = Int(Glibc.ceil(Glibc.log2(Double(max(size, 2)))))
        let trees = settings.integer("trees")
        var builder = TreeEnsembleBuilder(outputs: 1)
        for number in 0..<trees {
            let seed = CounterGenerator.bits(UInt64(number), seed: problem.seed)
            var nodes: [SourceNode] = []
            var state = UInt64(0)
            func random() -> Double {
                state += 1
                return CounterGenerator.unit(state, seed: seed)
            }
            func grow(_ rows: [Int], _ depth: Int) -> Int {
                let place = nodes.count
                let leaf = SourceNode.leaf(.init([Double(depth) + averageDepth(rows.count)], id: place, cover: Double(rows.count)))
                nodes.append(leaf)
                guard depth < limit, rows.count > 1 else { return place }
                let varying = problem.features.columns.indices.filter { column in
                    let first = problem.features.value(row: rows[0], column: column)
                    return rows.contains { problem.features.value(row: $0, column: column) != first }
                }
                guard !varying.isEmpty else { return place }
                let column = varying[min(Int(random() * Double(varying.count)), varying.count - 1)]
                let values = rows.map { problem.features.value(row: $0, column: column) }
                let (low, high) = (values.min() ?? 0, values.max() ?? 0)
                var cut = low + random() * (high - low)
                if problem.features.element == .f32 { cut = Double(Float(cut)) }
                if !(cut < high) { cut = low }
                let left = grow(rows.filter { problem.features.value(row: $0, column: column) <= cut }, depth + 1)
                let right = grow(rows.filter { !(problem.features.value(row: $0, column: column) <= cut) }, depth + 1)
                nodes[place] = .split(
                    .init(
                        column: column, comparison: .lessOrEqual, threshold: cut, missing: .nan, missingGoesTrue: false, ifTrue: left,
                        ifFalse: right, cover: Double(rows.count)))
                return place
            }
            let order = (0..<problem.rows).map { (CounterGenerator.bits(UInt64($0), seed: ~seed), $0) }.sorted { $0 < $1 }
            _ = grow(order.prefix(size).map(\.1).sorted(), 0)
            let made = nodes
            try builder.addTree(count: made.count, output: 0) { at throws(MaxError) in made[at] }
            problem.progress(Double(number + 1) / Double(trees), "tree \(number + 1) of \(trees)")
        }
        let ensemble = try builder.finish(
            threshold: problem.features.element, base: .f64([0]), setRule: .truncated, columns: problem.features.columns.count)
        return IsolationForest(
            ensemble: ensemble, norm: averageDepth(size) * Double(trees), threshold: settings.number("threshold"),
            facts: [("trees", "\(trees)"), ("rows per tree", "\(size)")])
    }

    /// The mean length of an unsuccessful search in a binary tree of n. Source: Preiss 1999, as scikit-learn `_average_path_length`.
    static func averageDepth(_ n: Int) -> Double {
        if n <= 1 { return 0 }
        if n == 2 { return 1 }
        return 2 * (Glibc.log(Double(n) - 1) + 0.577_215_664_901_532_9) - 2 * (Double(n) - 1) / Double(n)
    }

    func append(to graph: inout GraphBuilder, features: ValueID) throws(MaxError) -> ModelOutputs {
        let raw = try graph.flat(try graph.add(Ops.trees, [features], ensemble.attributes))
        let exponent = try graph.apply("div", [raw, try graph.constant(Tensor(scalar: -max(norm, 1e-300)))])
        let score = try graph.apply("pow", [try graph.constant(Tensor(scalar: 2.0)), exponent])
        let isUnusual = try graph.apply("greater", [score, try graph.constant(Tensor(scalar: threshold))])
        return ModelOutputs(raw: raw, label: try graph.apply("cast", [isUnusual], ["to": .type(.i64)]), prediction: score)
    }
}
