import COpenBLAS
import Glibc

/// Fully connected layers, with their weights in one block: for each layer `[from, to]` weights, then `to` biases.
final class Layers: @unchecked Sendable {
    enum Activation: String, Sendable { case relu, tanh, logistic }

    /// What a graph is given: `[from, to]` weights.
    struct Dense: Sendable {
        var weights: [Double]
        var biases: [Double]
    }

    static let mostParameters = 1 << 27

    let sizes: [Int]
    let activation: Activation
    let task: Task
    let parameters: Block<Double>
    /// Where each layer's weights start.
    let starts: [Int]

    /// Weights and biases from -b to b, b = √(6 / (from + to)), for `logistic` √(2 / (from + to)). Source: Glorot, Bengio 2010;
    /// scikit-learn.
    init(sizes: [Int], activation: Activation, task: Task, seed: UInt64) {
        self.sizes = sizes
        self.activation = activation
        self.task = task
        var starts: [Int] = []
        var count = 0
        for (from, to) in zip(sizes, sizes.dropFirst()) {
            starts.append(count)
            count += (from + 1) * to
        }
        self.starts = starts
        parameters = Block<Double>(count, 0)
        for layer in starts.indices {
            let (from, to) = (sizes[layer], sizes[layer + 1])
            let bound = ((activation == .logistic ? 2.0 : 6.0) / Double(from + to)).squareRoot()
            for place in starts[layer]..<starts[layer] + (from + 1) * to {
                parameters[place] = bound * (2 * CounterGenerator.unit(UInt64(place), seed: seed) - 1)
            }
        }
    }

    var outputs: Int { sizes.last ?? 1 }
    var isFinite: Bool { (0..<parameters.count).allSatisfy { parameters[$0].isFinite } }
    /// Values of all layers for one row, the inputs among them.
    var valuesPerRow: Int { sizes.reduce(0, +) }

    /// Places of the weights, as opposed to biases.
    func isWeight(_ place: Int, layer: Int) -> Bool { place - starts[layer] < sizes[layer] * sizes[layer + 1] }

    /// Values of all layers for `rows` rows: layer by layer, `[rows, size]` each; those of the inputs are there already.
    func forward(_ values: UnsafeMutablePointer<Double>, rows: Int) {
        var input = values
        for layer in starts.indices {
            let (from, to) = (sizes[layer], sizes[layer + 1])
            let out = input + rows * from
            let (weights, biases) = (parameters.start + starts[layer], parameters.start + starts[layer] + from * to)
            for row in 0..<rows { (out + row * to).update(from: biases, count: to) }
            cblas_dgemm(
                CblasRowMajor, CblasNoTrans, CblasNoTrans, Int32(rows), Int32(to), Int32(from), 1, input, Int32(from), weights, Int32(to),
                1,
                out, Int32(to))
            if layer + 1 < starts.count { activate(out, rows * to) }
            input = out
        }
    }

    private func activate(_ values: UnsafeMutablePointer<Double>, _ count: Int) {
        switch activation {
        case .relu: for place in 0..<count { values[place] = max(values[place], 0) }
        case .tanh: for place in 0..<count { values[place] = Glibc.tanh(values[place]) }
        case .logistic: for place in 0..<count { values[place] = GLMFamily.logistic(values[place]) }
        }
    }

    /// Loss of one row's scores; in `scores` what it is derived in them, times `weight`.
    func loss(_ scores: UnsafeMutablePointer<Double>, _ target: Double, weight: Double) -> Double {
        switch task {
        case .multiclass:
            var top = -Double.infinity
            for k in 0..<outputs { top = max(top, scores[k]) }
            var sum = 0.0
            for k in 0..<outputs { sum += Glibc.exp(scores[k] - top) }
            let loss = top + Glibc.log(sum) - scores[Int(target)]
            for k in 0..<outputs { scores[k] = weight * (Glibc.exp(scores[k] - top) / sum - (k == Int(target) ? 1 : 0)) }
            return weight * loss
        case .binary:
            let s = scores[0]
            scores[0] = weight * (GLMFamily.logistic(s) - target)
            return weight * (max(s, 0) + log1p(Glibc.exp(-abs(s))) - target * s)
        default:
            let error = scores[0] - target
            scores[0] = weight * error
            return weight * 0.5 * error * error
        }
    }

    /// Gradients of all parameters, from the derivatives in the scores that stand in the last layer's values; destroys the values.
    func backward(_ values: UnsafeMutablePointer<Double>, rows: Int, into gradient: UnsafeMutablePointer<Double>) {
        var end = values + rows * valuesPerRow
        for layer in starts.indices.reversed() {
            let (from, to) = (sizes[layer], sizes[layer + 1])
            let delta = end - rows * to
            let input = delta - rows * from
            let (weights, biases) = (gradient + starts[layer], gradient + starts[layer] + from * to)
            cblas_dgemm(
                CblasRowMajor, CblasTrans, CblasNoTrans, Int32(from), Int32(to), Int32(rows), 1, input, Int32(from), delta, Int32(to), 0,
                weights, Int32(to))
            for k in 0..<to { biases[k] = 0 }
            for row in 0..<rows { for k in 0..<to { biases[k] += delta[row * to + k] } }
            if layer > 0 { derive(input, delta, rows: rows, layer: layer) }
            end = delta
        }
    }

    /// Replaces values of the layer's inputs by the derivatives in what they were before their activation.
    private func derive(_ input: UnsafeMutablePointer<Double>, _ delta: UnsafePointer<Double>, rows: Int, layer: Int) {
        let (from, to) = (sizes[layer], sizes[layer + 1])
        withUnsafeTemporaryAllocation(of: Double.self, capacity: rows * from) { local in
            guard let local = local.baseAddress else { return }
            cblas_dgemm(
                CblasRowMajor, CblasNoTrans, CblasTrans, Int32(rows), Int32(from), Int32(to), 1, delta, Int32(to),
                parameters.start + starts[layer], Int32(to), 0, local, Int32(from))
            switch activation {
            case .relu: for place in 0..<rows * from { input[place] = input[place] > 0 ? local[place] : 0 }
            case .tanh: for place in 0..<rows * from { input[place] = local[place] * (1 - input[place] * input[place]) }
            case .logistic: for place in 0..<rows * from { input[place] = local[place] * input[place] * (1 - input[place]) }
            }
        }
    }

    /// Layers for columns, and a target, in their own units.
    func folded(_ rows: NeuralRows) -> [Dense] {
        var dense = starts.indices.map { layer in
            let (from, to) = (sizes[layer], sizes[layer + 1])
            let weights = (0..<from * to).map { parameters[starts[layer] + $0] }
            return Dense(weights: weights, biases: (0..<to).map { parameters[starts[layer] + from * to + $0] })
        }
        let to = sizes[1]
        for column in 0..<sizes[0] {
            for k in 0..<to {
                dense[0].weights[column * to + k] /= rows.scales[column]
                dense[0].biases[k] -= dense[0].weights[column * to + k] * rows.means[column]
            }
        }
        guard task == .regression else { return dense }
        let last = dense.count - 1
        dense[last].weights = dense[last].weights.map { $0 * rows.targetScale }
        dense[last].biases = dense[last].biases.map { $0 * rows.targetScale + rows.targetMean }
        return dense
    }
}
