import Glibc
import MaxIR

extension Calibration {
    /// Logistic regression of the class on the margin with smoothed targets (N₊+1)/(N₊+2) and 1/(N₋+2), by Newton's method with
    /// backtracking. Source: Platt 1999; Lin, Lin, Weng, "A note on Platt's probabilistic outputs", Machine Learning 68, 2007.
    ///
    /// - targets: 0 or 1.
    /// - Throws: `.usage` without rows of both classes or with numbers that are not finite.
    public static func platt(margins: [Double], targets: [Double], weights: [Double]? = nil) throws(MaxError) -> Calibration {
        try check(margins, targets, weights)
        func weight(_ row: Int) -> Double { weights?[row] ?? 1 }
        let positives = Sum.of(targets.indices.lazy.map { targets[$0] == 1 ? weight($0) : 0 })
        let negatives = Sum.of(targets.indices.lazy.map { targets[$0] == 1 ? 0 : weight($0) })
        let high = (positives + 1) / (positives + 2)
        let low = 1 / (negatives + 2)
        // Margins are brought to a spread of 1 for the ridge and the tolerance to mean the same everywhere.
        let scale = margins.reduce(0) { max($0, abs($1)) }
        let unit = scale > 0 ? scale : 1

        func loss(_ slope: Double, _ intercept: Double) -> Double {
            var sum = Sum()
            for row in margins.indices {
                let z = slope * (margins[row] / unit) + intercept
                sum.add(weight(row) * (softplus(z) - (targets[row] == 1 ? high : low) * z))
            }
            return sum.value
        }
        var slope = 0.0
        var intercept = log((positives + 1) / (negatives + 1))
        var current = loss(slope, intercept)
        for _ in 0..<100 {
            var gradient = (Sum(), Sum())
            var hessian = (Sum(), Sum(), Sum())
            for row in margins.indices {
                let x = margins[row] / unit
                let p = logistic(slope * x + intercept)
                let difference = weight(row) * (p - (targets[row] == 1 ? high : low))
                let curvature = weight(row) * p * (1 - p)
                gradient.0.add(difference * x)
                gradient.1.add(difference)
                hessian.0.add(curvature * x * x)
                hessian.1.add(curvature * x)
                hessian.2.add(curvature)
            }
            let (g0, g1) = (gradient.0.value, gradient.1.value)
            if abs(g0) < 1e-12 * (positives + negatives), abs(g1) < 1e-12 * (positives + negatives) { break }
            let ridge = 1e-12 * (hessian.0.value + hessian.2.value)
            let (a, b, c) = (hessian.0.value + ridge, hessian.1.value, hessian.2.value + ridge)
            let determinant = a * c - b * b
            guard determinant > 0 else { break }
            let (d0, d1) = (-(c * g0 - b * g1) / determinant, -(a * g1 - b * g0) / determinant)
            var step = 1.0
            var moved = false
            while step >= 1e-10 {
                let next = loss(slope + step * d0, intercept + step * d1)
                if next <= current + 1e-4 * step * (g0 * d0 + g1 * d1) {
                    moved = next < current
                    (slope, intercept, current) = (slope + step * d0, intercept + step * d1, next)
                    break
                }
                step /= 2
            }
            if !moved { break }
        }
        return .platt(slope: slope / unit, intercept: intercept)
    }

    static func check(_ scores: [Double], _ targets: [Double], _ weights: [Double]?, classes: Int = 2, width: Int = 1) throws(MaxError) {
        guard classes >= 2, !targets.isEmpty, scores.count == targets.count.multipliedReportingOverflow(by: width).partialValue,
            weights == nil || weights?.count == targets.count
        else {
            throw MaxError(
                .usage,
                "calibration: found \(scores.count) scores for \(targets.count) rows of \(classes) classes, expected \(width) per row")
        }
        guard scores.allSatisfy(\.isFinite) else { throw MaxError(.usage, "calibration: found a score that is not finite") }
        guard targets.allSatisfy({ $0 >= 0 && $0 < Double(classes) && $0 == $0.rounded() }) else {
            throw MaxError(.usage, "calibration: found a target that is not a class number below \(classes)")
        }
        guard weights?.allSatisfy({ $0.isFinite && $0 >= 0 }) ?? true else {
            throw MaxError(.usage, "calibration: found a weight that is negative or not finite")
        }
        let present = Set(targets.indices.filter { weights?[$0] ?? 1 > 0 }.map { targets[$0] })
        guard present.count > 1 else {
            throw MaxError(.usage, "calibration: found rows of one class only, expected at least two: calibrate on more rows")
        }
    }
}
