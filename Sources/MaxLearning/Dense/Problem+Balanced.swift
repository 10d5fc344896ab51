import MaxIR

extension Problem {
    /// The rows' weights times rows / (classes · rows of the own class), each counted by weight.
    ///
    /// Source: scikit-learn, `class_weight="balanced"`.
    /// - Throws: `.malformed` for a class without weight.
    func balancedWeights() throws(MaxError) -> [Double] {
        var counts = [Double](repeating: 0, count: classes)
        for row in 0..<rows { counts[Int(target[row])] += weights?[row] ?? 1 }
        if let empty = counts.firstIndex(where: { !($0 > 0) }) {
            throw MaxError(.malformed, "target: no row of class \(empty) has weight, expected some of each of \(classes) classes")
        }
        let total = counts.reduce(0, +)
        return (0..<rows).map { (weights?[$0] ?? 1) * total / (Double(classes) * counts[Int(target[$0])]) }
    }
}
