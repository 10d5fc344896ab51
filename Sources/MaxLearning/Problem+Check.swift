import MaxIR

extension Problem {
    /// What no learner can do without.
    ///
    /// - Throws: `.malformed` with what is wrong: no rows, no columns, a target or weights of another length, a class that is none.
    func check() throws(MaxError) {
        guard rows > 0 else { throw MaxError(.malformed, "no rows to learn from") }
        guard !features.columns.isEmpty else { throw MaxError(.malformed, "no features to learn from") }
        guard rows < Int(UInt32.max) else { throw MaxError(.limitExceeded, "\(rows) rows, at most \(UInt32.max - 1)") }
        if task != .anomaly, task != .clustering {
            guard target.count == rows else { throw MaxError(.malformed, "\(target.count) targets for \(rows) rows") }
            if let row = target.firstIndex(where: { !$0.isFinite }) {
                throw MaxError(.malformed, "target: row \(row): found \(target[row]), expected a finite number")
            }
            if task == .binary || task == .multiclass {
                guard classes >= 2 else { throw MaxError(.malformed, "target: one class only, expected at least two") }
                if let row = target.firstIndex(where: { $0 < 0 || $0 >= Double(classes) || $0 != $0.rounded() }) {
                    throw MaxError(.malformed, "target: row \(row): found \(target[row]), expected the number of one of \(classes) classes")
                }
            }
        }
        if let weights {
            guard weights.count == rows else { throw MaxError(.malformed, "\(weights.count) weights for \(rows) rows") }
            if let row = weights.firstIndex(where: { !($0 >= 0) || $0.isInfinite }) {
                throw MaxError(.malformed, "weights: row \(row): found \(weights[row]), expected a finite number from 0 on")
            }
            guard weights.contains(where: { $0 > 0 }) else { throw MaxError(.malformed, "weights: all are 0") }
        }
    }
}
