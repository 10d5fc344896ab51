/// The area under the ROC curve with each row's part in its error.
///
/// AUC = Σ over positives of (negatives below + half of those equal) / (P·N). The variance is that of DeLong, DeLong and Clarke-Pearson,
/// Biometrics 44, 1988, computed from mid-ranks in O(n log n) as Sun and Xu, IEEE Signal Processing Letters 21, 2014; with weights,
/// Kish's effective numbers of rows stand for the numbers of rows.
struct AreaUnderCurve {
    let value: Double
    /// Per row given: the square root of what it adds to the variance, with the sign of its deviation.
    let influence: [Double]
    let hasError: Bool

    /// - Returns: nil when one class has no weight.
    init?(scores: [Double], isPositive: [Bool], weights: [Double]?) {
        let order = ScoreOrder(scores)
        var classWeight = (positive: Sum(), negative: Sum())
        var classSquares = (positive: Sum(), negative: Sum())
        for row in scores.indices {
            let w = weights?[row] ?? 1
            if isPositive[row] {
                classWeight.positive.add(w)
                classSquares.positive.add(w * w)
            } else {
                classWeight.negative.add(w)
                classSquares.negative.add(w * w)
            }
        }
        let positives = classWeight.positive.value
        let negatives = classWeight.negative.value
        guard positives > 0, negatives > 0 else { return nil }

        var placement = [Double](repeating: 0, count: scores.count)
        var above = (positive: Sum(), negative: Sum())
        var area = Sum()
        var start = 0
        for end in order.ends {
            var here = (positive: Sum(), negative: Sum())
            for place in start..<end {
                let row = order.rows[place]
                if isPositive[row] { here.positive.add(weights?[row] ?? 1) } else { here.negative.add(weights?[row] ?? 1) }
            }
            let below = negatives - above.negative.value - here.negative.value + here.negative.value / 2
            let over = above.positive.value + here.positive.value / 2
            for place in start..<end {
                let row = order.rows[place]
                placement[row] = isPositive[row] ? below / negatives : over / positives
            }
            area.add(here.negative.value * over)
            above.positive.add(here.positive.value)
            above.negative.add(here.negative.value)
            start = end
        }
        let value = area.value / positives / negatives
        self.value = value
        let factors = (
            positive: WeightedMean.correction(total: positives, squares: classSquares.positive.value),
            negative: WeightedMean.correction(total: negatives, squares: classSquares.negative.value)
        )
        hasError = factors.positive != nil && factors.negative != nil
        let scale = (
            positive: (factors.positive ?? 0).squareRoot() / positives, negative: (factors.negative ?? 0).squareRoot() / negatives
        )
        influence = scores.indices.map { row in
            (weights?[row] ?? 1) * (placement[row] - value) * (isPositive[row] ? scale.positive : scale.negative)
        }
    }

    var standardError: Double? { hasError ? Sum.of(influence.map { $0 * $0 }).squareRoot() : nil }

    static func measure(_ scored: Scored) -> Measured {
        guard let area = AreaUnderCurve(scores: scored.prediction, isPositive: scored.target.map { $0 == 1 }, weights: scored.weights)
        else { return Measured(undefined: "all rows are of one class") }
        return Measured(area.value, area.standardError)
    }

    enum Average { case macro, weighted }

    /// One class against the rest, over the classes that both have rows and leave some.
    static func oneAgainstRest(_ scored: Scored, _ average: Average) -> Measured {
        var areas: [(area: AreaUnderCurve, weight: Double)] = []
        for index in 0..<scored.classCount {
            let isPositive = scored.target.map { $0 == Double(index) }
            let scores = (0..<scored.rows).map { scored.probability($0, index) }
            guard let area = AreaUnderCurve(scores: scores, isPositive: isPositive, weights: scored.weights) else { continue }
            let support = Sum.of((0..<scored.rows).lazy.filter { isPositive[$0] }.map { scored.weight($0) })
            areas.append((area, average == .macro ? 1 : support))
        }
        return mean(areas.map { ($0.area, $0.weight, nil) }, rows: scored.rows)
    }

    /// Mean over pairs of classes of the mean of both directions. Source: Hand and Till, Machine Learning 45, 2001.
    static func oneAgainstOne(_ scored: Scored) -> Measured {
        var areas: [(AreaUnderCurve, Double, [Int]?)] = []
        let members = (0..<scored.classCount).map { index in (0..<scored.rows).filter { scored.target[$0] == Double(index) } }
        for a in 0..<scored.classCount {
            for b in 0..<scored.classCount where b != a && !members[a].isEmpty && !members[b].isEmpty {
                let rows = members[a] + members[b]
                let area = AreaUnderCurve(
                    scores: rows.map { scored.probability($0, a) }, isPositive: rows.map { scored.target[$0] == Double(a) },
                    weights: scored.weights.map { weights in rows.map { weights[$0] } })
                if let area { areas.append((area, 1, rows)) }
            }
        }
        return mean(areas, rows: scored.rows)
    }

    private static func mean(_ areas: [(area: AreaUnderCurve, weight: Double, rows: [Int]?)], rows: Int) -> Measured {
        let total = Sum.of(areas.map(\.weight))
        guard total > 0 else { return Measured(undefined: "all rows are of one class") }
        var influence = [Double](repeating: 0, count: rows)
        for (area, weight, chosen) in areas {
            for place in area.influence.indices { influence[chosen?[place] ?? place] += area.influence[place] * weight / total }
        }
        let error = areas.allSatisfy { $0.area.hasError } ? Sum.of(influence.map { $0 * $0 }).squareRoot() : nil
        return Measured(Sum.of(areas.map { $0.area.value * $0.weight }) / total, error)
    }
}
