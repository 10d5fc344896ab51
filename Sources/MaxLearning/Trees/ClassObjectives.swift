import CMaxLearning
import Glibc
import MaxIR

/// Logistic loss of two classes. Source: LightGBM `binary_objective.hpp` with sigmoid 1.
struct BinaryObjective: Objective {
    let targets: Targets
    let outputs = 1
    let start: [Double]
    let hasConstantHessian = false

    init(_ targets: Targets) throws(MaxError) {
        self.targets = targets
        let mean = targets.mean
        guard mean > 0, mean < 1 else { throw MaxError(.malformed, "target: one class only among the rows to learn from") }
        start = [Glibc.log(mean / (1 - mean))]
    }

    func gradients(_ score: UnsafePointer<Double>, _ range: Range<Int>, _ g: UnsafeMutablePointer<Float>, _ h: UnsafeMutablePointer<Float>)
    {
        targets.values.withUnsafeBufferPointer { y in
            guard let y = y.baseAddress else { return }
            let first = range.lowerBound
            if let weights = targets.weights {
                weights.withUnsafeBufferPointer {
                    maxai_gradients_binary(score + first, y + first, $0.baseAddress.map { $0 + first }, g + first, h + first, range.count)
                }
            } else {
                maxai_gradients_binary(score + first, y + first, nil, g + first, h + first, range.count)
            }
        }
    }

    func loss(_ score: UnsafePointer<Double>, _ targets: Targets) -> Double {
        var sum = 0.0
        for row in 0..<targets.rows {
            let margin = targets.values[row] > 0 ? score[row] : -score[row]
            // log(1 + e^-m) without overflow.
            let loss = margin > 0 ? Glibc.log1p(Glibc.exp(-margin)) : -margin + Glibc.log1p(Glibc.exp(margin))
            sum += loss * targets.weight(row)
        }
        return sum / targets.totalWeight
    }

    func append(to graph: inout GraphBuilder, raw: ValueID) throws(MaxError) -> ModelOutputs {
        let score = try graph.flat(raw)
        return ModelOutputs(raw: score, probability: try graph.apply("logistic", [score], ["form": .string("clamped")]))
    }
}

/// Cross-entropy of several classes over a softmax; a tree for each class and iteration.
/// Source: LightGBM `multiclass_objective.hpp`.
struct SoftmaxObjective: Objective {
    let targets: Targets
    let outputs: Int
    let start: [Double]
    let hasConstantHessian = false

    init(_ targets: Targets, classes: Int) throws(MaxError) {
        self.targets = targets
        outputs = classes
        var weights = [Double](repeating: 0, count: classes)
        for row in 0..<targets.rows { weights[Int(targets.values[row])] += targets.weight(row) }
        guard weights.count(where: { $0 > 0 }) > 1 else {
            throw MaxError(.malformed, "target: one class only among the rows to learn from")
        }
        let total = targets.totalWeight
        start = weights.map { Glibc.log(max($0 / total, 1e-15)) }
    }

    func gradients(_ score: UnsafePointer<Double>, _ range: Range<Int>, _ g: UnsafeMutablePointer<Float>, _ h: UnsafeMutablePointer<Float>)
    {
        let rows = targets.rows
        let factor = Double(outputs) / Double(outputs - 1)
        let probability = Block<Double>(outputs * range.count, 0)
        let local = Block<Double>(outputs * range.count, 0)
        for k in 0..<outputs { for i in 0..<range.count { local[k * range.count + i] = score[k * rows + range.lowerBound + i] } }
        maxai_softmax(local.start, range.count, outputs, 0, range.count, probability.start)
        for k in 0..<outputs {
            for i in 0..<range.count {
                let row = range.lowerBound + i
                let p = probability[k * range.count + i]
                let weight = targets.weight(row)
                g[k * rows + row] = Float((p - (targets.values[row] == Double(k) ? 1 : 0)) * weight)
                h[k * rows + row] = Float(factor * p * (1 - p) * weight)
            }
        }
    }

    func loss(_ score: UnsafePointer<Double>, _ targets: Targets) -> Double {
        let rows = targets.rows
        var sum = 0.0
        for row in 0..<rows {
            var top = -Double.infinity
            for k in 0..<outputs { top = max(top, score[k * rows + row]) }
            var total = 0.0
            for k in 0..<outputs { total += Glibc.exp(score[k * rows + row] - top) }
            sum += (Glibc.log(total) + top - score[Int(targets.values[row]) * rows + row]) * targets.weight(row)
        }
        return sum / targets.totalWeight
    }

    func append(to graph: inout GraphBuilder, raw: ValueID) throws(MaxError) -> ModelOutputs {
        ModelOutputs(raw: raw, probability: try graph.apply("softmax", [raw], ["axis": .int(1)]))
    }
}
