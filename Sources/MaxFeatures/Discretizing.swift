import MaxIR
import MaxLearning
import MaxSettings

extension Featurizers {
    static let discretize = Featurizer(
        "discretize",
        "The number of inner edges that are not above x: bin 0 to bins - 1. Edges are equally far apart from least to largest, or quantiles "
            + "(linear between order statistics) of which equal ones count once. NaN stays NaN, as a number; with `encode` one_hot every bin is a "
            + "column of 0 and 1, and NaN gives zeros. Source: scikit-learn KBinsDiscretizer, which refuses NaN and takes edges closer than 1e-8 as equal.",
        takes: [.numbers],
        settings: [
            Setting("bins", .integer(2...1024), 5, "bins per column"),
            Setting("strategy", .choice(["uniform", "quantile"]), "quantile", "how edges are chosen"),
            Setting("encode", .choice(["ordinal", "one_hot"]), "ordinal", "the number of the bin, or a column for each"),
        ]
    ) { fit, flow, settings throws(MaxError) in
        let bins = settings.integer("bins")
        var edges: [[Double]] = []
        for column in 0..<flow.width {
            edges.append(
                try fit.withNumbers(flow, column) { numbers -> [Double] in
                    let sorted = Quantiles.sorted(numbers)
                    guard let low = sorted.first, let high = sorted.last, low < high else { return [] }
                    if settings.text("strategy") == "quantile" { return quantileEdges(sorted, bins) }
                    return rising((0...bins).map { $0 == bins ? high : low + Double($0) * ((high - low) / Double(bins)) })
                })
        }
        let bin = try binned(flow, edges, fit)
        var out = flow
        guard settings.text("encode") == "one_hot" else {
            out.value = bin
            out.columns = flow.columns.map { .init(Text("bin of \($0.name)")) }
            return out
        }
        let total = edges.reduce(0) { $0 + $1.count + 1 }
        guard total <= Limits.ports else {
            throw MaxError(.limitExceeded, "discretize: \(total) columns, expected at most \(Limits.ports): give fewer bins or columns")
        }
        var parts: [ValueID] = []
        (out.columns, out.sources) = ([], [])
        for (column, edges) in edges.enumerated() {
            let one = try fit.gather(bin, [column], of: flow.width)
            let flat = try fit.add(Ops.squeeze, [one, try fit.builder.constant(Tensor([Int64(1)]))])
            let flags = try fit.add(Ops.oneHotEncoder, [flat], ["cats_int64s": .ints((0...edges.count).map { Int64($0) })])
            parts.append(try fit.cast(flags))
            out.columns += (0...edges.count).map { .init(Text("bin \($0) of \(flow.columns[column].name)")) }
            out.sources += Array(repeating: flow.sources[column], count: edges.count + 1)
        }
        out.value = try fit.concat(parts)
        return out
    }

    /// The number of the bin of every value; NaN stays NaN.
    private static func binned(_ flow: FeatureFlow, _ edges: [[Double]], _ fit: FeatureFit) throws(MaxError) -> ValueID {
        // The k-th edge of every column at a time; a column with fewer edges has NaN, which nothing reaches.
        var total: ValueID?
        for k in 0..<(edges.map(\.count).max() ?? 0) {
            let edge = try fit.constant(edges.map { k < $0.count ? $0[k] : .nan })
            let step = try fit.cast(try fit.add(Ops.greaterOrEqual, [flow.value, edge]))
            if let sum = total { total = try fit.add(Ops.add, [sum, step]) } else { total = step }
        }
        let isMissing = try fit.add("is_nan", [flow.value])
        let zero = try fit.constant([0])
        return try fit.add(Ops.select, [isMissing, flow.value, total ?? zero])
    }

    /// The inner ones of the edges of equally full bins; none where values do not vary.
    static func quantileEdges(_ sorted: [Double], _ bins: Int) -> [Double] {
        guard let low = sorted.first, let high = sorted.last, low < high else { return [] }
        return rising((0...bins).map { Quantiles.of(sorted, Double($0) / Double(bins)) })
    }

    /// Inner edges, of equal ones the first.
    private static func rising(_ edges: [Double]) -> [Double] {
        var found: [Double] = []
        for edge in edges where found.last.map({ edge > $0 }) ?? true { found.append(edge) }
        return Array(found.dropFirst().dropLast())
    }
}
