import Glibc

/// The rows of one query by score: steps of equal scores, best first. Relevance is `target`; above 0 counts as relevant.
///
/// What depends on the order within a step is its expectation over all orders, so that nothing depends on how rows stood.
struct RankedQuery {
    /// Per step: how many rows.
    let sizes: [Int]
    /// Per step: how many relevant.
    let relevant: [Int]
    /// Per step: sum of the relevances.
    let gains: [Double]
    /// All relevances, largest first.
    let ideal: [Double]

    init(_ scores: ArraySlice<Double>, _ targets: ArraySlice<Double>) {
        let scores = Array(scores)
        let targets = Array(targets)
        let order = ScoreOrder(scores)
        var sizes: [Int] = []
        var relevant: [Int] = []
        var gains: [Double] = []
        var start = 0
        for end in order.ends {
            let rows = order.rows[start..<end]
            sizes.append(rows.count)
            relevant.append(rows.count { targets[$0] > 0 })
            gains.append(Sum.of(rows.map { targets[$0] }))
            start = end
        }
        self.sizes = sizes
        self.relevant = relevant
        self.gains = gains
        ideal = targets.sorted(by: >)
    }

    var allRelevant: Int { relevant.reduce(0, +) }

    /// Σ relevance / log₂(1 + rank) up to rank k, equal scores averaged; over the ideal. NaN without relevance.
    /// Source: Järvelin and Kekäläinen 2002, with ties as McSherry and Najork 2008.
    func normalisedGain(_ k: Int) -> Double {
        var gain = Sum()
        var rank = 1
        for step in sizes.indices where rank <= k {
            var discount = Sum()
            for place in rank..<(rank + sizes[step]) where place <= k { discount.add(1 / log2(1 + Double(place))) }
            gain.add(gains[step] / Double(sizes[step]) * discount.value)
            rank += sizes[step]
        }
        let best = Sum.of(ideal.prefix(k).enumerated().map { $1 / log2(2 + Double($0)) })
        return best > 0 ? gain.value / best : .nan
    }

    /// Expected number of relevant rows among the first k.
    func relevantWithin(_ k: Int) -> Double {
        var found = Sum()
        var left = k
        for step in sizes.indices where left > 0 {
            let taken = min(left, sizes[step])
            found.add(Double(relevant[step]) * Double(taken) / Double(sizes[step]))
            left -= taken
        }
        return found.value
    }

    /// P(at least one relevant row among the first k).
    func hit(_ k: Int) -> Double {
        var left = k
        for step in sizes.indices where left > 0 {
            if relevant[step] > 0 {
                var none = 1.0
                for place in 0..<min(left, sizes[step]) {
                    none *= max(0, Double(sizes[step] - relevant[step] - place)) / Double(sizes[step] - place)
                }
                return 1 - none
            }
            left -= sizes[step]
        }
        return 0
    }

    /// Expected 1 / rank of the first relevant row. NaN without one.
    var reciprocalRank: Double {
        var before = 0
        for step in sizes.indices {
            if relevant[step] > 0 {
                var none = 1.0
                var sum = Sum()
                for place in 0...(sizes[step] - relevant[step]) {
                    let here = Double(relevant[step]) / Double(sizes[step] - place)
                    sum.add(none * here / Double(before + place + 1))
                    none *= 1 - here
                }
                return sum.value
            }
            before += sizes[step]
        }
        return .nan
    }

    /// Σ over steps of (relevant in the step)/(all relevant) · precision at its end. NaN without a relevant row.
    var averagePrecision: Double {
        let all = allRelevant
        guard all > 0 else { return .nan }
        var sum = Sum()
        var found = 0
        var seen = 0
        for step in sizes.indices {
            found += relevant[step]
            seen += sizes[step]
            sum.add(Double(relevant[step]) / Double(all) * Double(found) / Double(seen))
        }
        return sum.value
    }
}

extension Metrics {
    /// The mean over queries for which the value is defined; a query weighs as much as its rows on average.
    private static func perQuery(
        _ name: String, _ title: String, _ summary: String, undefined: String, tasks: [EvaluationTask] = [.ranking], parameter: Bool = true,
        _ value: @escaping @Sendable (RankedQuery, Int) -> Double
    ) -> Metric {
        Metric(
            name, title, summary, tasks: tasks, larger: true, kind: .ranking, error: "closed form, of a mean over queries",
            parameter: parameter ? Metric.Parameter(name: "k", standard: 10, range: 1...1e9, isInteger: true) : nil
        ) { scored, k in
            var values: [Double] = []
            var weights: [Double] = []
            var start = 0
            for size in scored.queries ?? [scored.rows] where size > 0 {
                let rows = start..<(start + size)
                start += size
                let one = value(RankedQuery(scored.prediction[rows], scored.target[rows]), Int(k))
                let weight = Sum.of(rows.lazy.map { scored.weight($0) }) / Double(size)
                if one.isFinite, weight > 0 {
                    values.append(one)
                    weights.append(weight)
                }
            }
            return values.isEmpty ? Measured(undefined: undefined) : WeightedMean.measure(values, weights)
        }
    }

    static let ranking: [Metric] = [
        perQuery(
            "ndcg", "NDCG",
            "Σ relevance/log₂(1 + rank) to rank k over the ideal; ties averaged; Järvelin and Kekäläinen 2002; scikit-learn ndcg_score",
            undefined: "no query has a relevant row"
        ) { $0.normalisedGain($1) },
        perQuery(
            "map", "Mean average precision", "mean over queries of average precision; scikit-learn average_precision_score per query",
            undefined: "no query has a relevant row", parameter: false
        ) { query, _ in query.averagePrecision },
        perQuery(
            "mrr", "Mean reciprocal rank", "mean over queries of 1/rank of the first relevant row, expected over ties; Voorhees 1999",
            undefined: "no query has a relevant row", parameter: false
        ) { query, _ in query.reciprocalRank },
        perQuery(
            "precision_at", "Precision at k", "relevant rows among the first k ÷ k, expected over ties; anomalies: all rows are one query",
            undefined: "no queries", tasks: [.ranking, .anomaly]
        ) { $0.relevantWithin($1) / Double($1) },
        perQuery(
            "recall_at", "Recall at k", "relevant rows among the first k ÷ all relevant, expected over ties",
            undefined: "no query has a relevant row", tasks: [.ranking, .anomaly]
        ) { $0.relevantWithin($1) / Double($0.allRelevant) },
        perQuery(
            "hit_rate", "Hit rate at k", "share of queries with a relevant row among the first k, expected over ties",
            undefined: "no queries"
        ) { $0.hit($1) },
    ]
}
