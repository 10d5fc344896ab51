import MaxIR
import MaxLearning
import MaxSettings

extension EncodedColumn {
    func targetEncoded(_ fit: FeatureFit, _ settings: Settings) throws(MaxError) -> FeatureFlow {
        guard let target = fit.target else { throw MaxError(.usage, "target: column \(name.quoted): there is no target to learn from") }
        for (row, value) in target.enumerated() where !value.isFinite {
            throw MaxError(.malformed, "target: the target of row \(row) is \(value), expected a finite number")
        }
        let folds = min(settings.integer("folds"), target.count)
        let fold = Self.folds(target, isClass: fit.classes > 1, folds, fit.seed)
        let outputs = fit.classes > 2 ? fit.classes : 1
        let count = categories.counts.count + 1
        let codes = categories.codes.map { $0 < 0 ? count - 1 : Int($0) }
        var parts: [ValueID] = []
        var columns: [FeatureMatrix.Column] = []
        var held: [[Double]] = []
        for output in 0..<outputs {
            let y = outputs == 1 ? target : target.map { $0 == Double(output) ? 1 : 0 }
            let smoothing = settings.optionalNumber("smoothing")
            let all = TargetMeans(y, codes, count, smoothing) { _ in true }
            parts.append(
                try lookup(
                    fit, Array(0..<count - 1), { all.encoding[$0] }, missing: all.encoding[count - 1], unknown: all.mean))
            var values = [Double](repeating: all.mean, count: y.count)
            for part in 0..<folds where folds > 1 {
                let others = TargetMeans(y, codes, count, smoothing) { fold[$0] != part }
                for row in y.indices where fold[row] == part { values[row] = others.encoding[codes[row]] }
            }
            held.append(values)
            let suffix = outputs == 1 ? "" : " for class \(output)"
            columns.append(.init(Text("target mean of \(name)\(suffix)")))
        }
        let out = try fit.concat(parts)
        for (column, values) in held.enumerated() { fit.held.append((out, column, values)) }
        return FeatureFlow(value: out, kind: .numbers, columns: columns, sources: Array(repeating: source, count: columns.count))
    }

    /// Rows in the order of a hash of seed and position, dealt to the folds one after the other; class by class.
    private static func folds(_ target: [Double], isClass: Bool, _ folds: Int, _ seed: UInt64) -> [Int] {
        let keys = target.indices.map { row -> UInt64 in
            var z = seed &+ UInt64(row) &* 0x9E37_79B9_7F4A_7C15
            z = (z ^ z >> 30) &* 0xBF58_476D_1CE4_E5B9
            z = (z ^ z >> 27) &* 0x94D0_49BB_1331_11EB
            return z ^ z >> 31
        }
        let order = target.indices.sorted { a, b in
            if isClass, target[a] != target[b] { return target[a] < target[b] }
            return keys[a] != keys[b] ? keys[a] < keys[b] : a < b
        }
        var out = [Int](repeating: 0, count: target.count)
        for (position, row) in order.enumerated() { out[row] = position % folds }
        return out
    }
}

/// The encoding of each category, learned from some rows in their order.
private struct TargetMeans {
    let mean: Double
    let encoding: [Double]

    init(_ y: [Double], _ codes: [Int], _ categories: Int, _ smoothing: Double?, _ has: (Int) -> Bool) {
        var counts = [Double](repeating: 0, count: categories)
        var sums = [Double](repeating: 0, count: categories)
        var rows = 0
        for row in y.indices where has(row) {
            counts[codes[row]] += 1
            sums[codes[row]] += y[row]
            rows += 1
        }
        let mean = Sums.sum(y.count) { has($0) ? y[$0] : 0 } / Double(max(rows, 1))
        self.mean = mean
        guard let smoothing else {
            let means = sums.indices.map { counts[$0] > 0 ? sums[$0] / counts[$0] : 0 }
            var squares = [Double](repeating: 0, count: categories)
            for row in y.indices where has(row) {
                let difference = y[row] - means[codes[row]]
                squares[codes[row]] += difference * difference
            }
            let variance = Sums.sum(y.count) { has($0) ? (y[$0] - mean) * (y[$0] - mean) : 0 } / Double(max(rows, 1))
            encoding = sums.indices.map { k in
                let weight = variance * counts[k] / (variance * counts[k] + squares[k] / counts[k])
                return weight.isNaN ? mean : weight * means[k] + (1 - weight) * mean
            }
            return
        }
        encoding = sums.indices.map { counts[$0] == 0 ? mean : (sums[$0] + smoothing * mean) / (counts[$0] + smoothing) }
    }
}
