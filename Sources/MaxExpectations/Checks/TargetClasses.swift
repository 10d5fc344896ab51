import MaxIR
import MaxRuntime

/// The target of each row, as a class or as a number.
final class TargetClasses {
    /// Texts, booleans, few different integers, and whatever the setting `task` calls so.
    let isClassification: Bool
    /// Of each row, as its place among the classes in order; -1 where the target is missing. Empty for regression.
    let classes: [Int32]
    let classCount: Int
    /// Of each row of a regression: its rank among all, equals sharing the mean; NaN where the target is missing.
    let ranks: [Double]
    let numbers: [Double]
    /// More classes, or more different values, than are looked at.
    let isTooMany: Bool

    private static let classLimit = 256

    init(_ data: CheckedData) {
        guard let target = data.target else {
            (isClassification, classes, classCount, ranks, numbers, isTooMany) = (false, [], 0, [], [], true)
            return
        }
        let summary = data.summaries[target]
        switch data.settings.text("task") {
        case "classification": isClassification = true
        case "regression": isClassification = summary.element == .string
        default:
            isClassification =
                summary.element == .string || summary.element == .bool || (summary.element.isInteger && summary.distinct <= 20)
                || (summary.distinct <= 2)
        }
        let column = data.columns[target]
        let codes = column.codes(data.table, target)
        if isClassification {
            var order = [Int32](repeating: -1, count: column.slotCount)
            isTooMany = !column.isExact || summary.distinct > Self.classLimit
            classCount = summary.distinct
            guard !isTooMany else {
                (classes, ranks, numbers) = ([], [], [])
                return
            }
            for (place, slot) in column.orderedSlots.enumerated() { order[slot] = Int32(place) }
            classes = codes.map { $0 < 0 ? -1 : order[Int($0)] }
            (ranks, numbers) = ([], [])
        } else {
            (classes, classCount, isTooMany) = ([], 0, !column.isExact)
            let slotRanks = column.slotRanks
            ranks = codes.map { $0 < 0 ? .nan : slotRanks[Int($0)] }
            numbers = codes.map { code in
                guard code >= 0, let values = column.values else { return .nan }
                return column.domain.number(values.slots[Int(code)].key)
            }
        }
    }
}

extension ColumnAccumulator {
    /// Slots of the table of counts; 0 when values are not counted each.
    var slotCount: Int { values?.capacity ?? texts?.capacity ?? 0 }

    /// The slot of every row's value; -1 where it is missing or values are not counted each.
    func codes(_ table: TableBatches, _ column: Int) -> [Int32] {
        var out: [Int32] = []
        out.reserveCapacity(table.rows)
        for batch in table.batchRows.indices {
            let (view, rows) = (table.views(batch)[column], table.batchRows[batch])
            if let texts {
                for row in 0..<rows { out.append(view.isValid(row) ? Int32(texts.find(view.text(row)) ?? -1) : -1) }
            } else if let values {
                withUnsafeTemporaryAllocation(of: UInt64.self, capacity: CellKeys.chunk) { keys in
                    withUnsafeTemporaryAllocation(of: Bool.self, capacity: CellKeys.chunk) { isPresent in
                        guard let keys = keys.baseAddress, let isPresent = isPresent.baseAddress else { return }
                        for first in stride(from: 0, to: rows, by: CellKeys.chunk) {
                            let range = first..<min(first + CellKeys.chunk, rows)
                            _ = CellKeys.read(view, range, keys: keys, isPresent: isPresent)
                            for index in 0..<range.count { out.append(isPresent[index] ? Int32(values.find(keys[index]) ?? -1) : -1) }
                        }
                    }
                }
            } else {
                out.append(contentsOf: repeatElement(-1, count: rows))
            }
        }
        return out
    }

    /// The slots in use, in the order of their values.
    var orderedSlots: [Int] {
        if let values { return values.sorted(domain).map(\.slot) }
        guard let texts else { return [] }
        return (0..<texts.capacity).filter { texts.slots[$0].count != 0 }
            .sorted { texts.text($0).lexicographicallyPrecedes(texts.text($1)) }
    }

    /// The rank of each slot's value among all rows, from 1; equals share the mean of their places.
    var slotRanks: [Double] {
        guard let values else { return [] }
        var ranks = [Double](repeating: .nan, count: values.capacity)
        var before = 0.0
        for entry in values.sorted(domain) {
            ranks[entry.slot] = before + Double(entry.count + 1) / 2
            before += Double(entry.count)
        }
        return ranks
    }
}
