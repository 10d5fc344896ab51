/// Rows of two classes from the highest score to the lowest, with equal scores as one step.
///
/// Source of the steps: a threshold of a ROC curve, Fawcett 2006. Order never depends on how equal scores stood in the input.
struct ScoreOrder {
    /// Row numbers, highest score first; equal scores by row number.
    let rows: [Int]
    /// Where each step ends in `rows`.
    let ends: [Int]

    init(_ scores: [Double]) {
        let rows = Array(scores.indices).sorted { scores[$0] != scores[$1] ? scores[$0] > scores[$1] : $0 < $1 }
        var ends: [Int] = []
        for place in rows.indices where place + 1 == rows.count || scores[rows[place + 1]] != scores[rows[place]] {
            ends.append(place + 1)
        }
        self.rows = rows
        self.ends = ends
    }
}

/// Weights of the positives and negatives at or above each distinct score.
struct Steps {
    var scores: [Double] = []
    var positives: [Double] = []
    var negatives: [Double] = []

    init(_ scored: Scored) {
        let order = ScoreOrder(scored.prediction)
        var positive = Sum()
        var negative = Sum()
        var start = 0
        for end in order.ends {
            for place in start..<end {
                let row = order.rows[place]
                if scored.target[row] == 1 { positive.add(scored.weight(row)) } else { negative.add(scored.weight(row)) }
            }
            scores.append(scored.prediction[order.rows[start]])
            positives.append(positive.value)
            negatives.append(negative.value)
            start = end
        }
    }

    var allPositives: Double { positives.last ?? 0 }
    var allNegatives: Double { negatives.last ?? 0 }
    var hasBothClasses: Bool { allPositives > 0 && allNegatives > 0 }
}
