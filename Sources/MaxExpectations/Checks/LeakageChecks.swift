import MaxIR
import MaxSettings

extension Check {
    static let leakageChecks = [
        Check(
            "leakage", "D702", "a single column that nearly determines the target",
            [
                Setting("leakage_auc", .number(0.5...1), 0.99, "area under the ROC curve of one column from which it is suspected"),
                Setting(
                    "leakage_determined", .number(0...1), 0.99,
                    "share of what the commonest class gets wrong that one column's values get right, each row told by the others of its value, from which it is suspected"
                ),
                Setting(
                    "leakage_correlation", .number(0...1), 0.999, "Spearman's correlation with a number from which a column is suspected"),
                Setting("leakage_rows", .integer(10...1_000_000), 100, "rows below which nothing is suspected"),
            ]
        ) { data, found in
            guard let target = data.target, data.summaries[target].distinct > 1,
                data.summaries[target].present >= data.settings.integer("leakage_rows")
            else { return }
            guard !data.classes.isTooMany else {
                return found.pass(nil, "the target has \(data.summaries[target].distinct) or more different values")
            }
            for (index, summary) in data.features where summary.present > 0 && (summary.distinct > 1 || summary.missing > 0) {
                if data.hashes.columns[index] == data.hashes.columns[target] { continue }
                guard data.columns[index].isExact else {
                    found.pass(summary.name, "more than \(summary.distinct) different values")
                    continue
                }
                let leakage = Leakage(data, index)
                if data.classes.isClassification { leakage.classes(summary, &found) } else { leakage.numbers(summary, &found) }
            }
        }
    ]
}

/// How well one column alone tells the target.
private struct Leakage {
    let data: CheckedData
    let column: ColumnAccumulator
    /// Of every row: the slot of its value, the last for missing ones.
    let codes: [Int32]
    let slots: Int

    init(_ data: CheckedData, _ index: Int) {
        self.data = data
        column = data.columns[index]
        slots = column.slotCount + 1
        let missing = Int32(slots - 1)
        codes = column.codes(data.table, index).map { $0 < 0 ? missing : $0 }
    }

    private static let advice = "find out whether it is known when the model is used; leave it out if not"

    func classes(_ summary: ColumnSummary, _ found: inout Findings) {
        let target = data.classes
        guard slots * target.classCount <= 1 << 25 else {
            return found.pass(summary.name, "\(summary.distinct) different values and \(target.classCount) classes are too many to count")
        }
        var counts = [UInt32](repeating: 0, count: slots * target.classCount)
        var totals = [Int](repeating: 0, count: target.classCount)
        for (code, label) in zip(codes, target.classes) where label >= 0 {
            counts[Int(code) * target.classCount + Int(label)] &+= 1
            totals[Int(label)] += 1
        }
        let rows = totals.reduce(0, +)
        if target.classCount == 2, column.domain != .text, let area = area(counts, totals),
            max(area, 1 - area) >= data.settings.number("leakage_auc")
        {
            found.add(
                .warning, summary.name, [("auc", area)],
                "the column alone tells the classes apart: area under the ROC curve \(Shown.number(area))",
                Self.advice)
            return
        }
        let commonest = totals.max() ?? 0
        guard rows - commonest >= 10 else { return }
        let right = determined(counts, target.classCount)
        let share = Double(right - commonest) / Double(rows - commonest)
        guard share >= data.settings.number("leakage_determined") else { return }
        found.add(
            .warning, summary.name, [("determined", share), ("right", Double(right)), ("rows", Double(rows))],
            "its values determine the target: rows of equal value tell \(Shown.share(right, of: rows)) classes, the commonest class alone \(commonest)",
            Self.advice)
    }

    /// Rows whose class is the commonest among the other rows of the same value.
    private func determined(_ counts: [UInt32], _ classCount: Int) -> Int {
        var right = 0
        for slot in 0..<slots {
            var (first, second) = (UInt32(0), UInt32(0))
            for label in 0..<classCount {
                let count = counts[slot * classCount + label]
                if count > first { (first, second) = (count, first) } else if count > second { second = count }
            }
            if first > second + 1 { right += Int(first) }
        }
        return right
    }

    /// The chance that a row of the second class has the larger value, ties counting half, of the rows that have values; nil
    /// where fewer than half have, or fewer than ten of a class.
    private func area(_ counts: [UInt32], _ totals: [Int]) -> Double? {
        var (negatives, positives, twice) = (0.0, 0.0, 0.0)
        for slot in column.orderedSlots {
            let (negative, positive) = (Double(counts[slot * 2]), Double(counts[slot * 2 + 1]))
            twice += positive * (2 * negatives + negative)
            negatives += negative
            positives += positive
        }
        guard negatives >= 10, positives >= 10, negatives + positives >= 0.5 * Double(totals[0] + totals[1]) else { return nil }
        return twice / 2 / negatives / positives
    }

    func numbers(_ summary: ColumnSummary, _ found: inout Findings) {
        if column.domain != .text, let correlation = correlation(), abs(correlation) >= data.settings.number("leakage_correlation") {
            found.add(
                .warning, summary.name, [("correlation", correlation)],
                "the column orders the rows as the target does: Spearman's correlation \(Shown.number(correlation))", Self.advice)
            return
        }
        let explained = explained()
        guard explained >= data.settings.number("leakage_determined") else { return }
        found.add(
            .warning, summary.name, [("determined", explained)],
            "its values determine the target: the mean of the other rows of equal value explains \(Shown.percent(explained)) of its variance",
            Self.advice)
    }

    private func correlation() -> Double? {
        let ranks = column.slotRanks
        var (rows, meanX, meanY) = (0.0, 0.0, 0.0)
        for (code, rank) in zip(codes, data.classes.ranks) where code < slots - 1 && !rank.isNaN {
            rows += 1
            meanX += ranks[Int(code)]
            meanY += rank
        }
        guard rows >= 0.5 * Double(codes.count), rows > 2 else { return nil }
        meanX /= rows
        meanY /= rows
        var (xx, xy, yy) = (0.0, 0.0, 0.0)
        for (code, rank) in zip(codes, data.classes.ranks) where code < slots - 1 && !rank.isNaN {
            let (x, y) = (ranks[Int(code)] - meanX, rank - meanY)
            xx += x * x
            xy += x * y
            yy += y * y
        }
        return xx > 0 && yy > 0 ? xy / (xx.squareRoot() * yy.squareRoot()) : nil
    }

    /// The share of the target's variance that the mean of the other rows of equal value explains; below 0 if it is worse
    /// than the mean of all.
    private func explained() -> Double {
        var counts = [Double](repeating: 0, count: slots)
        var sums = [Double](repeating: 0, count: slots)
        var (rows, total) = (0.0, 0.0)
        for (code, number) in zip(codes, data.classes.numbers) where number.isFinite {
            counts[Int(code)] += 1
            sums[Int(code)] += number
            rows += 1
            total += number
        }
        guard rows > 1 else { return 0 }
        let mean = total / rows
        var (left, variance) = (0.0, 0.0)
        for (code, number) in zip(codes, data.classes.numbers) where number.isFinite {
            let count = counts[Int(code)]
            let guess = count > 1 ? (sums[Int(code)] - number) / (count - 1) : mean
            left += (number - guess) * (number - guess)
            variance += (number - mean) * (number - mean)
        }
        return variance > 0 ? 1 - left / variance : 0
    }
}
