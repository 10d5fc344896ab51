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
        let fold = fit.folds(folds)
        let outputs = fit.classes > 2 ? fit.classes : 1
        let count = categories.counts.count + 1
        // A missing value is the last of the categories.
        let codes = categories.codes.map { $0 < 0 ? Int32(truncatingIfNeeded: count - 1) : $0 }
        let smoothing = settings.optionalNumber("smoothing")
        var parts: [ValueID] = []
        var columns: [FeatureMatrix.Column] = []
        var held: [[Double]] = []
        for output in 0..<outputs {
            let y = outputs == 1 ? target : target.map { $0 == Double(output) ? 1 : 0 }
            let all = TargetMeans(y, codes, count, smoothing)
            parts.append(
                try lookup(
                    fit, Array(0..<count - 1), { all.encoding[$0] }, missing: all.encoding[count - 1], unknown: all.mean))
            held.append(folds > 1 ? TargetMeans.held(y, codes, count, smoothing, fold, folds) : y.map { _ in all.mean })
            let suffix = outputs == 1 ? "" : " for class \(output)"
            columns.append(.init(Text("target mean of \(name)\(suffix)")))
        }
        let out = try fit.concat(parts)
        for (column, values) in held.enumerated() { fit.held.append((out, column, values)) }
        return FeatureFlow(value: out, kind: .numbers, columns: columns, sources: Array(repeating: source, count: columns.count))
    }
}

/// The encoding of each category, learned from some rows in their order.
private struct TargetMeans {
    let mean: Double
    let encoding: [Double]

    private init(mean: Double, encoding: [Double]) {
        self.mean = mean
        self.encoding = encoding
    }

    /// Of all rows, or of those outside of a fold.
    init(_ y: [Double], _ codes: [Int32], _ categories: Int, _ smoothing: Double?, without part: (fold: [UInt16], number: Int)? = nil) {
        func has(_ row: Int) -> Bool { part.map { Int($0.fold[row]) != $0.number } ?? true }
        var counts = [Double](repeating: 0, count: categories)
        var sums = [Double](repeating: 0, count: categories)
        var rows = 0
        for row in y.indices where has(row) {
            counts[Int(codes[row])] += 1
            sums[Int(codes[row])] += y[row]
            rows += 1
        }
        let mean = Sums.sum(y.count) { has($0) ? y[$0] : 0 } / Double(max(rows, 1))
        self.mean = mean
        guard smoothing == nil else {
            encoding = sums.indices.map { Self.encoding(counts[$0], sums[$0], 0, mean, 0, smoothing) }
            return
        }
        let means = sums.indices.map { counts[$0] > 0 ? sums[$0] / counts[$0] : 0 }
        var squares = [Double](repeating: 0, count: categories)
        for row in y.indices where has(row) {
            let difference = y[row] - means[Int(codes[row])]
            squares[Int(codes[row])] += difference * difference
        }
        let variance = Sums.sum(y.count) { has($0) ? (y[$0] - mean) * (y[$0] - mean) : 0 } / Double(max(rows, 1))
        encoding = sums.indices.map { Self.encoding(counts[$0], sums[$0], squares[$0], mean, variance, nil) }
    }

    /// - Parameters:
    ///   - squares: of differences to the category's mean.
    ///   - mean, variance: of all rows.
    private static func encoding(
        _ count: Double, _ sum: Double, _ squares: Double, _ mean: Double, _ variance: Double, _ smoothing: Double?
    ) -> Double {
        if let smoothing { return count == 0 ? mean : (sum + smoothing * mean) / (count + smoothing) }
        let weight = variance * count / (variance * count + squares / count)
        return weight.isNaN ? mean : weight * (sum / count) + (1 - weight) * mean
    }

    /// For every row, its category's encoding by the rows of the other folds.
    static func held(_ y: [Double], _ codes: [Int32], _ categories: Int, _ smoothing: Double?, _ fold: [UInt16], _ folds: Int) -> [Double] {
        var out = [Double](repeating: 0, count: y.count)
        guard let tables = FoldTables(y, codes, categories, fold, folds) else {
            for part in 0..<folds {
                let others = TargetMeans(y, codes, categories, smoothing, without: (fold, part))
                for row in y.indices where Int(fold[row]) == part { out[row] = others.encoding[Int(codes[row])] }
            }
            return out
        }
        var encodings = [Double](repeating: 0, count: folds * categories)
        let all = tables.others(of: categories)
        for category in 0..<categories {
            let own = tables.others(of: category)
            for part in 0..<folds {
                let (count, sum, squares) = own[part]
                let (rows, total, spread) = all[part]
                encodings[part * categories + category] = encoding(
                    count, sum, squares, total / max(rows, 1), spread / max(rows, 1), smoothing)
            }
        }
        for row in y.indices { out[row] = encodings[Int(fold[row]) * categories + Int(codes[row])] }
        return out
    }
}

/// Number, sum and squared differences to the mean of a target, for every fold and category, and for every fold.
private struct FoldTables {
    typealias Part = (count: Double, sum: Double, squares: Double)
    private let folds: Int
    private let width: Int
    private var parts: [Part]

    /// - Returns: nil where the table would be much larger than the rows.
    init?(_ y: [Double], _ codes: [Int32], _ categories: Int, _ fold: [UInt16], _ folds: Int) {
        let (size, overflows) = (categories + 1).multipliedReportingOverflow(by: folds)
        guard !overflows, size <= max(1 << 16, 2 * y.count) else { return nil }
        self.folds = folds
        let width = categories + 1
        self.width = width
        var parts = [Part](repeating: (0, 0, 0), count: size)
        for row in y.indices {
            let place = Int(fold[row]) * width + Int(codes[row])
            parts[place].count += 1
            parts[place].sum += y[row]
        }
        let means = parts.map { $0.sum / $0.count }
        for row in y.indices {
            let place = Int(fold[row]) * width + Int(codes[row])
            let difference = y[row] - means[place]
            parts[place].squares += difference * difference
        }
        for part in 0..<folds {
            var all: Part = (0, 0, 0)
            for place in part * width..<part * width + categories { all = Self.merged(all, parts[place]) }
            parts[part * width + categories] = all
        }
        self.parts = parts
    }

    /// For each fold, the others of them together, for a category or for all.
    func others(of category: Int) -> [Part] {
        var after = [Part](repeating: (0, 0, 0), count: folds + 1)
        for part in stride(from: folds - 1, through: 0, by: -1) {
            after[part] = Self.merged(parts[part * width + category], after[part + 1])
        }
        var before: Part = (0, 0, 0)
        return (0..<folds).map { part in
            defer { before = Self.merged(before, parts[part * width + category]) }
            return Self.merged(before, after[part + 1])
        }
    }

    /// Source: Chan, Golub, LeVeque 1983.
    private static func merged(_ a: Part, _ b: Part) -> Part {
        if a.count == 0 { return b }
        if b.count == 0 { return a }
        let count = a.count + b.count
        let difference = b.sum / b.count - a.sum / a.count
        return (count, a.sum + b.sum, a.squares + b.squares + difference * difference * (a.count * b.count / count))
    }
}
