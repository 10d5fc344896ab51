import Glibc
import MaxIR

/// LambdaMART: pairs of one query push each other by what swapping them would change of NDCG.
///
/// Source: Burges 2010, From RankNet to LambdaRank to LambdaMART; LightGBM `rank_objective.hpp` with sigmoid 1, gains
/// 2^relevance - 1, truncation at 30 and normalized lambdas.
struct RankingObjective: Objective {
    let targets: Targets
    let outputs = 1
    let start = [0.0]
    let hasConstantHessian = false
    private let starts: [Int]
    private let inverseIdeal: [Double]
    /// Rank below which a row must be for a pair to count.
    private static let truncation = 30

    init(_ targets: Targets) throws(MaxError) {
        guard let queries = targets.queries, queries.reduce(0, +) == targets.rows else {
            throw MaxError(.malformed, "ranking: the queries have \(targets.queries?.reduce(0, +) ?? 0) rows, expected \(targets.rows)")
        }
        if let row = targets.values.firstIndex(where: { $0 < 0 || $0 > 31 || $0 != $0.rounded() }) {
            throw MaxError(.malformed, "target: row \(row): found \(targets.values[row]), expected a relevance, an integer from 0 to 31")
        }
        self.targets = targets
        var starts = [0]
        for query in queries { starts.append(starts[starts.count - 1] + query) }
        self.starts = starts
        inverseIdeal = queries.indices.map { query in
            let ideal = targets.values[starts[query]..<starts[query + 1]].sorted(by: >).prefix(Self.truncation).enumerated()
                .reduce(0.0) { $0 + Self.gain($1.element) * Self.discount($1.offset) }
            return ideal > 0 ? 1 / ideal : 0
        }
    }

    static func gain(_ relevance: Double) -> Double { Glibc.exp2(relevance) - 1 }
    static func discount(_ rank: Int) -> Double { 1 / Glibc.log2(Double(rank) + 2) }

    /// Rows whose query begins in `range`: a piece of rows does the queries that start in it.
    func gradients(_ score: UnsafePointer<Double>, _ range: Range<Int>, _ g: UnsafeMutablePointer<Float>, _ h: UnsafeMutablePointer<Float>)
    {
        var query = starts.partitioningIndex { $0 >= range.lowerBound }
        while query + 1 < starts.count, starts[query] < range.upperBound {
            lambdas(query, score, g, h)
            query += 1
        }
    }

    private func lambdas(_ query: Int, _ score: UnsafePointer<Double>, _ g: UnsafeMutablePointer<Float>, _ h: UnsafeMutablePointer<Float>) {
        let first = starts[query]
        let count = starts[query + 1] - first
        var (lambda, hessian) = ([Double](repeating: 0, count: count), [Double](repeating: 0, count: count))
        let order = (0..<count).sorted { (score[first + $1], $0) < (score[first + $0], $1) }
        let (best, worst) = (order.first.map { score[first + $0] } ?? 0, order.last.map { score[first + $0] } ?? 0)
        var total = 0.0
        for i in 0..<min(Self.truncation, max(count - 1, 0)) {
            for j in i + 1..<count {
                let (a, b) = (order[i], order[j])
                let (labelA, labelB) = (targets.values[first + a], targets.values[first + b])
                if labelA == labelB { continue }
                let (high, low, highRank, lowRank) = labelA > labelB ? (a, b, i, j) : (b, a, j, i)
                let difference = score[first + high] - score[first + low]
                var change =
                    (Self.gain(max(labelA, labelB)) - Self.gain(min(labelA, labelB)))
                    * abs(Self.discount(highRank) - Self.discount(lowRank)) * inverseIdeal[query]
                if best != worst { change /= 0.01 + abs(difference) }
                let p = 1 / (1 + Glibc.exp(difference))
                let (push, curve) = (p * change, p * (1 - p) * change)
                lambda[low] += push
                lambda[high] -= push
                hessian[low] += curve
                hessian[high] += curve
                total += 2 * push
            }
        }
        let norm = total > 0 ? Glibc.log2(1 + total) / total : 1
        for i in 0..<count {
            let weight = targets.weight(first + i)
            g[first + i] = Float(lambda[i] * norm * weight)
            h[first + i] = Float(hessian[i] * norm * weight)
        }
    }

    /// 1 - NDCG over all rows of each query; queries without a relevant row count as perfect, as LightGBM has it.
    func loss(_ score: UnsafePointer<Double>, _ targets: Targets) -> Double {
        var first = 0
        var sum = 0.0
        for count in targets.queries ?? [] {
            let order = (0..<count).sorted { (score[first + $1], $0) < (score[first + $0], $1) }
            let ideal = targets.values[first..<first + count].sorted(by: >)
            var (found, most) = (0.0, 0.0)
            for rank in 0..<count {
                found += Self.gain(targets.values[first + order[rank]]) * Self.discount(rank)
                most += Self.gain(ideal[rank]) * Self.discount(rank)
            }
            sum += most > 0 ? 1 - found / most : 0
            first += count
        }
        return sum / Double(max(targets.queries?.count ?? 0, 1))
    }

    func append(to graph: inout GraphBuilder, raw: ValueID) throws(MaxError) -> ModelOutputs {
        let score = try graph.flat(raw)
        return ModelOutputs(raw: score, prediction: score)
    }
}

extension RandomAccessCollection where Index == Int {
    /// The first index whose element satisfies `isAfter`, which holds for all from some index on.
    func partitioningIndex(_ isAfter: (Element) -> Bool) -> Int {
        var (low, high) = (startIndex, endIndex)
        while low < high {
            let middle = (low + high) / 2
            if isAfter(self[middle]) { high = middle } else { low = middle + 1 }
        }
        return low
    }
}
