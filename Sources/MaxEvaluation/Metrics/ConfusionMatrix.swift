import Glibc

/// Weights by true class (row) and chosen class (column).
public struct ConfusionMatrix: Sendable, Equatable {
    public let classes: Int
    /// `classes × classes`, row by row.
    public internal(set) var counts: [Double]
    /// Sums of squared weights, for errors.
    var squares: [Double]

    /// Above this many classes no errors are computed: their cost grows with the fourth power.
    static let maximumClassesWithError = 48

    init(classes: Int, counts: [Double]) {
        self.classes = classes
        self.counts = counts
        squares = counts
    }

    /// - Precondition: targets are class numbers, as `Scored.fault` has checked.
    init(checked scored: Scored) {
        let classes = scored.classCount
        self.classes = classes
        var sums = [Sum](repeating: Sum(), count: classes * classes)
        var squareSums = sums
        for row in 0..<scored.rows {
            let cell = Int(scored.target[row]) * classes + scored.decision(row)
            let weight = scored.weight(row)
            sums[cell].add(weight)
            squareSums[cell].add(weight * weight)
        }
        counts = sums.map(\.value)
        squares = squareSums.map(\.value)
    }

    /// nil where the rows do not fit a classification.
    public init?(_ scored: Scored) {
        let scored = scored.normalised
        guard scored.fault(.classes) == nil else { return nil }
        self.init(checked: scored)
    }

    public subscript(truth: Int, chosen: Int) -> Double { counts[truth * classes + chosen] }
    var total: Double { Sum.of(counts) }
    func truth(_ index: Int) -> Double { Sum.of(counts[(index * classes)..<((index + 1) * classes)]) }
    func chosen(_ index: Int) -> Double { Sum.of((0..<classes).map { self[$0, index] }) }

    /// A statistic of the cells with its error by the delta method: Σ (Σw² of the cell)·(∂f/∂cell)², derivatives by central differences.
    /// The statistic must not change when all cells are scaled.
    func measure(undefined: String, _ statistic: (ConfusionMatrix) -> Double) -> Measured {
        let value = statistic(self)
        guard value.isFinite else { return Measured(undefined: undefined) }
        guard classes <= Self.maximumClassesWithError else { return Measured(value) }
        var variance = Sum()
        var moved = self
        for cell in counts.indices where counts[cell] > 0 {
            let step = counts[cell] * 1e-4
            moved.counts[cell] = counts[cell] + step
            let high = statistic(moved)
            moved.counts[cell] = counts[cell] - step
            let slope = (high - statistic(moved)) / (2 * step)
            moved.counts[cell] = counts[cell]
            variance.add(squares[cell] * slope * slope)
        }
        return Measured(value, variance.value.squareRoot())
    }

    // MARK: Statistics

    var accuracy: Double { Sum.of((0..<classes).map { self[$0, $0] }) / total }
    func precision(_ index: Int) -> Double { self[index, index] / chosen(index) }
    func recall(_ index: Int) -> Double { self[index, index] / truth(index) }

    /// (1+β²)·TP / ((1+β²)·TP + β²·FN + FP)
    func fScore(_ index: Int, beta: Double = 1) -> Double {
        let square = beta * beta
        return (1 + square) * self[index, index] / (square * truth(index) + chosen(index))
    }

    var balancedAccuracy: Double {
        let recalls = (0..<classes).map(recall).filter { !$0.isNaN }
        return Sum.of(recalls) / Double(recalls.count)
    }

    /// Cohen 1960: (p₀ − pₑ) / (1 − pₑ).
    var kappa: Double {
        let total = total
        let expected = Sum.of((0..<classes).map { truth($0) / total * (chosen($0) / total) })
        return (accuracy - expected) / (1 - expected)
    }

    /// Gorodkin 2004, for any number of classes; 0 when all rows are of one class or all choices are.
    var matthews: Double {
        let total = total
        let truths = (0..<classes).map(truth)
        let choices = (0..<classes).map(chosen)
        let right = Sum.of((0..<classes).map { self[$0, $0] })
        let covariance = right * total - Sum.of((0..<classes).map { truths[$0] * choices[$0] })
        let spread = (total * total - Sum.of(truths.map { $0 * $0 })) * (total * total - Sum.of(choices.map { $0 * $0 }))
        return spread > 0 ? covariance / spread.squareRoot() : 0
    }

    /// Mean over the classes that occur as truth or as choice; an undefined part counts as 0, as in scikit-learn.
    func macro(_ part: (Int) -> Double) -> Double {
        let present = (0..<classes).filter { truth($0) > 0 || chosen($0) > 0 }
        return Sum.of(present.map { finite(part($0)) }) / Double(present.count)
    }

    func weighted(_ part: (Int) -> Double) -> Double {
        let total = total
        return Sum.of((0..<classes).map { truth($0) > 0 ? truth($0) * finite(part($0)) : 0 }) / total
    }

    private func finite(_ value: Double) -> Double { value.isFinite ? value : 0 }
}
