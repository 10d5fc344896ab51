import MaxIR

extension Calibration {
    /// The non-falling function of the score that is nearest to the classes in squared error: pool adjacent violators, with weights.
    /// Equal scores are one point at their mean. Linear between points, as scikit-learn's IsotonicRegression(out_of_bounds="clip").
    /// Source: Zadrozny and Elkan 2002; Barlow et al. 1972.
    ///
    /// - Throws: as `platt`.
    public static func isotonic(scores: [Double], targets: [Double], weights: [Double]? = nil) throws(MaxError) -> Calibration {
        try check(scores, targets, weights)
        let order = ScoreOrder(scores.map { -$0 })
        var points: [(x: Double, sum: Double, weight: Double)] = []
        var start = 0
        for end in order.ends {
            var sum = Sum()
            var weight = Sum()
            for row in order.rows[start..<end] {
                let w = weights?[row] ?? 1
                sum.add(w * targets[row])
                weight.add(w)
            }
            if weight.value > 0 { points.append((scores[order.rows[start]], sum.value, weight.value)) }
            start = end
        }
        var pools: [(sum: Double, weight: Double, last: Int)] = []
        for (index, point) in points.enumerated() {
            var pool = (sum: point.sum, weight: point.weight, last: index)
            while let before = pools.last, before.sum / before.weight >= pool.sum / pool.weight {
                pool.sum += before.sum
                pool.weight += before.weight
                pools.removeLast()
            }
            pools.append(pool)
        }
        // Of a pool only its ends are needed.
        var x: [Double] = []
        var y: [Double] = []
        var first = 0
        for pool in pools {
            let value = min(max(pool.sum / pool.weight, 0), 1)
            x.append(points[first].x)
            y.append(value)
            if pool.last > first {
                x.append(points[pool.last].x)
                y.append(value)
            }
            first = pool.last + 1
        }
        return .isotonic(x: x, y: y)
    }
}
