import MaxIR
import MaxSettings

extension Check {
    static let tableChecks = [
        Check("empty-table", "D101", "a table without rows or without columns") { data, found in
            if data.table.columns.isEmpty {
                found.add(.error, nil, [("columns", 0)], "the table has no columns", "check what was read")
            } else if data.rows == 0 {
                found.add(.error, nil, [("rows", 0)], "the table has no rows", "check what was read, and any filter before it")
            }
        },
        Check("duplicate-names", "D102", "two columns of one name, exactly or but for case and spaces") { data, found in
            var places: [Text: [Int]] = [:]
            for (index, column) in data.table.columns.enumerated() { places[folded(column.name), default: []].append(index) }
            for indices in places.values.filter({ $0.count > 1 }).sorted(by: { $0[0] < $1[0] }) {
                let names = indices.map { data.table.columns[$0].name }
                let isExact = Set(names).count < names.count
                found.add(
                    isExact ? .error : .warning, names[0], other: names[1], [("columns", Double(names.count))],
                    isExact
                        ? "\(names.count) columns have this name"
                        : "\(names.count) columns differ in case or spaces only: \(names.prefix(4).map(\.quoted).joined(separator: ", "))",
                    "rename all but one")
            }
        },
    ]

    /// ASCII in lower case, without spaces at the ends.
    private static func folded(_ name: Text) -> Text {
        var bytes = name.utf8[...]
        while bytes.first == 0x20 { bytes.removeFirst() }
        while bytes.last == 0x20 { bytes.removeLast() }
        return Text(utf8: bytes.map { (0x41...0x5a).contains($0) ? $0 | 0x20 : $0 })
    }

    static let targetChecks = [
        Check("target-unknown", "D201", "no column of the target's name") { data, found in
            guard let name = data.targetName, data.target == nil else { return }
            let names =
                data.table.columns.prefix(16).map(\.name.quoted).joined(separator: ", ") + (data.table.columns.count > 16 ? ", …" : "")
            found.add(.error, name, [], "the table has no such column: found \(names)", "name another target")
        },
        Check("target-missing", "D202", "rows without a target") { data, found in
            guard let target = data.target, data.rows > 0 else { return }
            let summary = data.summaries[target]
            guard summary.missing > 0 else { return }
            let isAll = summary.present == 0
            found.add(
                isAll ? .error : .warning, summary.name, [("missing", Double(summary.missing)), ("rows", Double(summary.rows))],
                isAll ? "no row has a target" : "\(Shown.share(summary.missing, of: summary.rows)) rows have no target",
                isAll ? "check the column and how it was joined" : "they cannot be learned from: drop them, or find out why")
        },
        Check("target-infinite", "D205", "a target that is infinite") { data, found in
            guard let target = data.target, let numbers = data.summaries[target].numbers, numbers.infinite > 0 else { return }
            found.add(
                .error, data.summaries[target].name, [("infinite", Double(numbers.infinite))],
                "\(Shown.share(numbers.infinite, of: data.summaries[target].present)) targets are infinite",
                "drop these rows, or transform the target so that it is finite")
        },
        Check("one-class", "D203", "a target of one value") { data, found in
            guard let target = data.target else { return }
            let summary = data.summaries[target]
            guard summary.present > 0, summary.distinct == 1 else { return }
            found.add(
                .error, summary.name, [("distinct", 1)], "all \(summary.present) targets are equal",
                "there is nothing to learn: check the column",
                examples: summary.frequent.map(\.value.shown))
        },
        Check(
            "imbalance", "D204", "a class with few rows",
            [
                Setting("imbalance_share", .number(0...1), 0.01, "share of the rows below which a class is small"),
                Setting("imbalance_rows", .integer(0...1_000_000_000), 10, "rows below which a class is too small to learn"),
            ]
        ) { data, found in
            guard let target = data.target, data.classes.isClassification, data.summaries[target].distinct > 1 else { return }
            let summary = data.summaries[target]
            guard let smallest = summary.frequent.last, let largest = summary.frequent.first, summary.allValues != nil else { return }
            let share = Double(smallest.count) / Double(summary.present)
            let isTiny = smallest.count < data.settings.integer("imbalance_rows")
            guard isTiny || share < data.settings.number("imbalance_share") else { return }
            found.add(
                .warning, summary.name,
                [("smallest", Double(smallest.count)), ("largest", Double(largest.count)), ("classes", Double(summary.distinct))],
                "the smallest of \(summary.distinct) classes has \(Shown.share(smallest.count, of: summary.present)) rows, the largest \(largest.count)",
                isTiny
                    ? "gather more rows of it, or leave the class out"
                    : "look at precision and recall, not accuracy; consider class weights",
                examples: [smallest.value.shown])
        },
    ]
}
