import CMaxLearning
import Glibc
import MaxIR

/// What boosting lowers: gradients of a loss in the scores, and what becomes of scores when the model is used.
///
/// Scores of several outputs stand one output after the other: output k of row i at `k * rows + i`.
protocol Objective: Sendable {
    /// Trees per iteration.
    var outputs: Int { get }
    /// Scores before the first tree.
    var start: [Double] { get }
    /// Every hessian is the row's weight.
    var hasConstantHessian: Bool { get }
    /// For leaves that give a quantile of the residuals instead of a Newton step: which one.
    var leafQuantile: Double? { get }
    /// Gradients and hessians of the rows of `range`, for all outputs.
    func gradients(_ score: UnsafePointer<Double>, _ range: Range<Int>, _ g: UnsafeMutablePointer<Float>, _ h: UnsafeMutablePointer<Float>)
    /// The weighted mean loss of scores of `targets`; what early stopping watches, lower is better.
    func loss(_ score: UnsafePointer<Double>, _ targets: Targets) -> Double
    /// Appends the link to a graph: `raw` is `[N, outputs]`.
    func append(to graph: inout GraphBuilder, raw: ValueID) throws(MaxError) -> ModelOutputs
}

extension Objective {
    var leafQuantile: Double? { nil }
}

/// Truth and weights of rows.
struct Targets: Sendable {
    let values: [Double]
    let weights: [Double]?
    let queries: [Int]?

    var rows: Int { values.count }
    func weight(_ row: Int) -> Double { weights?[row] ?? 1 }
    var totalWeight: Double { weights.map { $0.reduce(0, +) } ?? Double(rows) }

    var mean: Double {
        var sum = 0.0
        for row in values.indices { sum += values[row] * weight(row) }
        return sum / totalWeight
    }

    /// The value below which `share` of the weight lies. Source: LightGBM `PercentileFun`, `WeightedPercentileFun`.
    func quantile(_ share: Double) -> Double { Quantile.of(values, weights, share) }
}

enum Quantile {
    /// Without weights: between the order statistics, as LightGBM counts them from above; with weights: where the cumulated
    /// weight reaches the share, in between where neighbours differ by at least 1.
    static func of(_ values: [Double], _ weights: [Double]?, _ share: Double) -> Double {
        guard values.count > 1 else { return values.first ?? 0 }
        let order = values.indices.sorted { (values[$0], $0) < (values[$1], $1) }
        guard let weights else {
            let position = Double(values.count - 1) * share
            let low = Int(position.rounded(.down))
            guard low + 1 < values.count else { return values[order[values.count - 1]] }
            let (a, b) = (values[order[low]], values[order[low + 1]])
            return a + (b - a) * (position - Double(low))
        }
        var sums: [Double] = []
        var sum = 0.0
        for index in order {
            sum += weights[index]
            sums.append(sum)
        }
        let limit = sum * share
        let place = sums.firstIndex { $0 > limit } ?? values.count - 1
        return values[order[place]]
    }
}

/// Losses of one score per row whose gradient is a formula. Source of the formulas: LightGBM `regression_objective.hpp`.
struct RegressionObjective: Objective {
    enum Loss: Sendable, Hashable {
        case squared, absolute, poisson, gamma
        case huber(Double)
        case quantile(Double)
        case tweedie(Double)
    }

    let kind: Loss
    let targets: Targets
    let outputs = 1
    let start: [Double]

    /// - Throws: `.malformed` for a target that the loss is not defined for, with the row.
    init(_ kind: Loss, _ targets: Targets) throws(MaxError) {
        self.kind = kind
        self.targets = targets
        switch kind {
        case .poisson, .tweedie:
            if let row = targets.values.firstIndex(where: { $0 < 0 }) {
                throw MaxError(.malformed, "target: row \(row): found \(targets.values[row]), expected 0 or more for this objective")
            }
            guard targets.mean > 0 else { throw MaxError(.malformed, "target: all values are 0, expected some above for this objective") }
            start = [Glibc.log(targets.mean)]
        case .gamma:
            if let row = targets.values.firstIndex(where: { $0 <= 0 }) {
                throw MaxError(.malformed, "target: row \(row): found \(targets.values[row]), expected more than 0 for the objective gamma")
            }
            start = [Glibc.log(targets.mean)]
        case .absolute: start = [targets.quantile(0.5)]
        case .quantile(let share): start = [targets.quantile(share)]
        case .squared, .huber: start = [targets.mean]
        }
    }

    private var isLogarithmic: Bool {
        switch kind {
        case .poisson, .gamma, .tweedie: true
        default: false
        }
    }

    var hasConstantHessian: Bool { !isLogarithmic && targets.weights == nil }

    var leafQuantile: Double? {
        switch kind {
        case .absolute: 0.5
        case .quantile(let share): share
        default: nil
        }
    }

    func gradients(_ score: UnsafePointer<Double>, _ range: Range<Int>, _ g: UnsafeMutablePointer<Float>, _ h: UnsafeMutablePointer<Float>)
    {
        targets.values.withUnsafeBufferPointer { y in
            for row in range {
                let (s, t) = (score[row], y[row])
                var (gradient, hessian) = (0.0, 1.0)
                switch kind {
                case .squared: gradient = s - t
                case .absolute: gradient = s > t ? 1 : s < t ? -1 : 0
                case .huber(let limit): gradient = max(-limit, min(limit, s - t))
                case .quantile(let share): gradient = s > t ? 1 - share : -share
                case .poisson:
                    gradient = Glibc.exp(s) - t
                    hessian = Glibc.exp(s + 0.7)
                case .gamma:
                    hessian = t * Glibc.exp(-s)
                    gradient = 1 - hessian
                case .tweedie(let power):
                    let (a, b) = (t * Glibc.exp((1 - power) * s), Glibc.exp((2 - power) * s))
                    gradient = b - a
                    hessian = (2 - power) * b - (1 - power) * a
                }
                let weight = targets.weight(row)
                g[row] = Float(gradient * weight)
                h[row] = Float(hessian * weight)
            }
        }
    }

    func loss(_ score: UnsafePointer<Double>, _ targets: Targets) -> Double {
        var sum = 0.0
        for row in 0..<targets.rows {
            let (s, t) = (score[row], targets.values[row])
            let loss: Double
            switch kind {
            case .squared: loss = (s - t) * (s - t)
            case .absolute: loss = abs(s - t)
            case .huber(let limit): loss = abs(s - t) <= limit ? 0.5 * (s - t) * (s - t) : limit * (abs(s - t) - 0.5 * limit)
            case .quantile(let share): loss = t > s ? share * (t - s) : (1 - share) * (s - t)
            case .poisson: loss = Glibc.exp(s) - t * s
            case .gamma: loss = t * Glibc.exp(-s) + s
            case .tweedie(let power): loss = -t * Glibc.exp((1 - power) * s) / (1 - power) + Glibc.exp((2 - power) * s) / (2 - power)
            }
            sum += loss * targets.weight(row)
        }
        return sum / targets.totalWeight
    }

    func append(to graph: inout GraphBuilder, raw: ValueID) throws(MaxError) -> ModelOutputs {
        let score = try graph.flat(raw)
        let prediction = isLogarithmic ? try graph.apply("exp", [score]) : score
        return ModelOutputs(raw: score, prediction: prediction)
    }
}

extension GraphBuilder {
    /// `[N, 1]` as `[N]`.
    mutating func flat(_ value: ValueID) throws(MaxError) -> ValueID { try add(Ops.squeeze, [value, try constant(Tensor([Int64(1)]))]) }

    /// An operator that is always there.
    mutating func apply(_ name: String, _ operands: [ValueID], _ attributes: [String: Attribute] = [:]) throws(MaxError) -> ValueID {
        guard let op = Ops.named[name] else { throw MaxError(.internal, "no operator '\(name)'") }
        return try add(op, operands, attributes)
    }
}
