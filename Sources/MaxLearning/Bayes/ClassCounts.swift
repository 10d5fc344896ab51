import Glibc
import MaxIR

/// The weight of every class, and weighted sums of the features in each: what the naive Bayes learners count.
struct ClassCounts {
    let classes: Int
    let columns: Int
    /// Per class.
    let weights: [Double]
    /// Per class, one sum for each column.
    let sums: [Double]

    /// - Parameter value: what is summed of a row's column.
    init(_ problem: Problem, _ rows: CompleteRows, _ crew: Crew, value: (_ class: Int, _ column: Int, _ x: Double) -> Double) {
        let (classes, columns) = (problem.classes, rows.columns)
        let width = classes * (columns + 1)
        let totals = OrderedChains(width: width).total(of: rows.rows, size: CompleteRows.blockRows, crew: crew) { block, sums in
            for row in block {
                let (own, weight, x) = (Int(problem.target[row]), problem.weights?[row] ?? 1, rows.row(row))
                let place = sums + own * (columns + 1)
                for column in 0..<columns { place[column] += weight * value(own, column, x[column]) }
                place[columns] += weight
            }
        }
        self.classes = classes
        self.columns = columns
        weights = (0..<classes).map { totals[$0 * (columns + 1) + columns] }
        sums = (0..<classes).flatMap { own in totals[own * (columns + 1)..<own * (columns + 1) + columns] }
    }

    /// Logarithms of each class's share, or of equal shares.
    ///
    /// - Throws: `.malformed` for a class without weight.
    func logPriors(areUniform: Bool) throws(MaxError) -> [Double] {
        if let empty = weights.firstIndex(where: { !($0 > 0) }) {
            throw MaxError(.malformed, "target: no row of class \(empty) has weight, expected some of each of \(classes) classes")
        }
        let total = weights.reduce(0, +)
        return weights.map { areUniform ? -Glibc.log(Double(classes)) : Glibc.log($0) - Glibc.log(total) }
    }
}

extension GraphBuilder {
    /// Probabilities of joint log likelihoods `[N, K]`; with two classes, of their difference.
    mutating func posterior(_ joint: ValueID, classes: Int) throws(MaxError) -> ModelOutputs {
        guard classes == 2 else {
            return ModelOutputs(
                raw: joint, probability: try apply("softmax", [joint], ["axis": .int(1)]),
                label: try apply("arg_max", [joint], ["axis": .int(1), "keepdims": .int(0)]))
        }
        let margin = try flat(try apply("matmul", [joint, try matrix([-1, 1], 2, 1)]))
        let above = try apply("greater", [margin, try scalar(0)])
        return ModelOutputs(
            raw: margin, probability: try apply("logistic", [margin], ["form": .string("clamped")]),
            label: try apply("cast", [above], ["to": .type(.i64)]))
    }
}
