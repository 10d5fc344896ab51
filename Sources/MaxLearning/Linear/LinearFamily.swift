import Glibc

/// A loss of linear scores, row by row.
protocol LinearFamily: Sendable {
    /// Scores per row.
    var outputs: Int { get }
    /// Loss of one row; `eta` has `outputs` scores, `stride` apart.
    func loss(_ eta: UnsafePointer<Double>, _ stride: Int, _ y: Double) -> Double
    /// Derivatives in the scores.
    func gradient(_ eta: UnsafePointer<Double>, _ stride: Int, _ y: Double, _ out: UnsafeMutablePointer<Double>)
    /// The matrix of second derivatives times `direction`.
    func curvature(
        _ eta: UnsafePointer<Double>, _ stride: Int, _ y: Double, _ direction: UnsafePointer<Double>, _ out: UnsafeMutablePointer<Double>)
    /// Scores before anything is known but the weighted mean of the target (of each class).
    func start(_ means: [Double]) -> [Double]
}

/// Half the unit deviances of exponential families, with their canonical or logarithmic link. Source: McCullagh, Nelder 1989.
struct GLMFamily: LinearFamily {
    enum Kind: Sendable, Hashable {
        case gaussian, binomial, poisson, gamma
        case tweedie(Double)
    }

    let kind: Kind
    let outputs = 1

    func loss(_ eta: UnsafePointer<Double>, _ stride: Int, _ y: Double) -> Double {
        let s = eta[0]
        switch kind {
        case .gaussian: return 0.5 * (s - y) * (s - y)
        case .binomial: return max(s, 0) + log1p(Glibc.exp(-abs(s))) - y * s
        case .poisson: return Glibc.exp(s) - y * s + (y > 0 ? y * Glibc.log(y) - y : 0)
        case .gamma: return s + y * Glibc.exp(-s) - Glibc.log(y) - 1
        case .tweedie(let p):
            let own = y > 0 ? Glibc.pow(y, 2 - p) / ((1 - p) * (2 - p)) : 0
            return own - y * Glibc.exp((1 - p) * s) / (1 - p) + Glibc.exp((2 - p) * s) / (2 - p)
        }
    }

    func gradient(_ eta: UnsafePointer<Double>, _ stride: Int, _ y: Double, _ out: UnsafeMutablePointer<Double>) {
        let s = eta[0]
        switch kind {
        case .gaussian: out[0] = s - y
        case .binomial: out[0] = Self.logistic(s) - y
        case .poisson: out[0] = Glibc.exp(s) - y
        case .gamma: out[0] = 1 - y * Glibc.exp(-s)
        case .tweedie(let p): out[0] = Glibc.exp((2 - p) * s) - y * Glibc.exp((1 - p) * s)
        }
    }

    func curvature(
        _ eta: UnsafePointer<Double>, _ stride: Int, _ y: Double, _ direction: UnsafePointer<Double>, _ out: UnsafeMutablePointer<Double>
    ) {
        let s = eta[0]
        let second: Double
        switch kind {
        case .gaussian: second = 1
        case .binomial:
            let p = Self.logistic(s)
            second = p * (1 - p)
        case .poisson: second = Glibc.exp(s)
        case .gamma: second = y * Glibc.exp(-s)
        case .tweedie(let p): second = (2 - p) * Glibc.exp((2 - p) * s) - (1 - p) * y * Glibc.exp((1 - p) * s)
        }
        out[0] = second * direction[0]
    }

    func start(_ means: [Double]) -> [Double] {
        switch kind {
        case .gaussian: [means[0]]
        case .binomial: [Glibc.log(means[0] / (1 - means[0]))]
        case .poisson, .gamma, .tweedie: [Glibc.log(means[0])]
        }
    }

    static func logistic(_ x: Double) -> Double { x >= 0 ? 1 / (1 + Glibc.exp(-x)) : Glibc.exp(x) / (1 + Glibc.exp(x)) }
}

/// Cross-entropy over a softmax.
struct SoftmaxFamily: LinearFamily {
    let outputs: Int

    private func probabilities(_ eta: UnsafePointer<Double>, _ stride: Int, _ out: UnsafeMutablePointer<Double>) -> Double {
        var top = -Double.infinity
        for k in 0..<outputs { top = max(top, eta[k * stride]) }
        var sum = 0.0
        for k in 0..<outputs {
            out[k] = Glibc.exp(eta[k * stride] - top)
            sum += out[k]
        }
        for k in 0..<outputs { out[k] /= sum }
        return top + Glibc.log(sum)
    }

    func loss(_ eta: UnsafePointer<Double>, _ stride: Int, _ y: Double) -> Double {
        var top = -Double.infinity
        for k in 0..<outputs { top = max(top, eta[k * stride]) }
        var sum = 0.0
        for k in 0..<outputs { sum += Glibc.exp(eta[k * stride] - top) }
        return top + Glibc.log(sum) - eta[Int(y) * stride]
    }

    func gradient(_ eta: UnsafePointer<Double>, _ stride: Int, _ y: Double, _ out: UnsafeMutablePointer<Double>) {
        _ = probabilities(eta, stride, out)
        out[Int(y)] -= 1
    }

    func curvature(
        _ eta: UnsafePointer<Double>, _ stride: Int, _ y: Double, _ direction: UnsafePointer<Double>, _ out: UnsafeMutablePointer<Double>
    ) {
        _ = probabilities(eta, stride, out)
        var mean = 0.0
        for k in 0..<outputs { mean += out[k] * direction[k] }
        for k in 0..<outputs { out[k] *= direction[k] - mean }
    }

    func start(_ means: [Double]) -> [Double] {
        let logs = means.map { Glibc.log(max($0, 1e-15)) }
        let middle = logs.reduce(0, +) / Double(logs.count)
        return logs.map { $0 - middle }
    }
}
