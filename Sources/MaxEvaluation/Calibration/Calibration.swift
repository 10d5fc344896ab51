import Glibc

/// What turns a model's output into a probability, as numbers that a graph can hold.
public enum Calibration: Sendable, Equatable {
    /// `1 / (1 + exp(−(slope · margin + intercept)))`.
    case platt(slope: Double, intercept: Double)
    /// Linear between the points, constant beyond the ends, as scikit-learn's IsotonicRegression with `clip`. `x` strictly ascends, `y` does not fall.
    case isotonic(x: [Double], y: [Double])
    /// Margins (log-odds, or logits by class) are divided by this before the logistic or softmax. Guo et al. 2017.
    case temperature(Double)

    public var name: String {
        switch self {
        case .platt: "platt"
        case .isotonic: "isotonic"
        case .temperature: "temperature"
        }
    }

    /// The probability of class 1 for a margin (Platt, temperature) or score (isotonic).
    public func apply(_ score: Double) -> Double {
        switch self {
        case .platt(let slope, let intercept): return logistic(slope * score + intercept)
        case .temperature(let temperature): return logistic(score / temperature)
        case .isotonic(let x, let y):
            guard let first = y.first, let last = y.last else { return .nan }
            if score.isNaN { return .nan }
            var low = 0
            var high = x.count
            while low < high {
                let middle = (low + high) / 2
                if x[middle] < score { low = middle + 1 } else { high = middle }
            }
            if low == 0 { return first }
            if low == x.count { return last }
            return y[low - 1] + (y[low] - y[low - 1]) * ((score - x[low - 1]) / (x[low] - x[low - 1]))
        }
    }

    public func apply(_ scores: [Double]) -> [Double] { scores.map { apply($0) } }

    /// Softmax of the logits over the temperature; row by row. Only a temperature has several classes: nil for the others.
    public func apply(logits: [Double], classes: Int) -> [Double]? {
        guard case .temperature(let temperature) = self, classes > 1, logits.count.isMultiple(of: classes) else { return nil }
        var out = logits
        for start in stride(from: 0, to: logits.count, by: classes) {
            let row = logits[start..<(start + classes)]
            let largest = row.max() ?? 0
            let exponentials = row.map { exp(($0 - largest) / temperature) }
            let sum = Sum.of(exponentials)
            for index in 0..<classes { out[start + index] = exponentials[index] / sum }
        }
        return out
    }
}

func logistic(_ x: Double) -> Double { x >= 0 ? 1 / (1 + exp(-x)) : exp(x) / (1 + exp(x)) }
/// ln(1 + eˣ) without overflow.
func softplus(_ x: Double) -> Double { max(x, 0) + log1p(exp(-abs(x))) }
