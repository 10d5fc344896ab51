import Glibc
import MaxIR

extension Calibration {
    /// The temperature of the least log-loss; 1/T is found by golden section on [1/64, 64], where the loss is convex.
    /// Source: Guo, Pleiss, Sun, Weinberger 2017.
    ///
    /// - logits: one margin per row with two classes, else `rows × classes`.
    /// - Throws: as `platt`.
    public static func temperature(
        logits: [Double], targets: [Double], classes: Int = 2, weights: [Double]? = nil
    ) throws(MaxError) -> Calibration {
        let width = classes > 2 ? classes : 1
        try check(logits, targets, weights, classes: classes, width: width)
        func loss(_ inverse: Double) -> Double {
            var sum = Sum()
            for row in targets.indices {
                let here: Double
                if width == 1 {
                    here = softplus(targets[row] == 1 ? -inverse * logits[row] : inverse * logits[row])
                } else {
                    let values = logits[(row * width)..<((row + 1) * width)]
                    let largest = values.max() ?? 0
                    var normaliser = 0.0
                    for value in values { normaliser += exp(inverse * (value - largest)) }
                    here = log(normaliser) - inverse * (logits[row * width + Int(targets[row])] - largest)
                }
                sum.add((weights?[row] ?? 1) * here)
            }
            return sum.value
        }
        let ratio = (5.0.squareRoot() - 1) / 2
        var low = -log(64.0)
        var high = log(64.0)
        var (a, b) = (high - ratio * (high - low), low + ratio * (high - low))
        var (lossA, lossB) = (loss(exp(a)), loss(exp(b)))
        while high - low > 1e-9 {
            if lossA <= lossB {
                (high, b, lossB) = (b, a, lossA)
                a = high - ratio * (high - low)
                lossA = loss(exp(a))
            } else {
                (low, a, lossA) = (a, b, lossB)
                b = low + ratio * (high - low)
                lossB = loss(exp(b))
            }
        }
        return .temperature(exp(-(low + high) / 2))
    }
}
