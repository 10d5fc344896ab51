import MaxIR
import MaxSettings

extension Check {
    static let duplicateChecks = [
        Check(
            "duplicate-rows", "D601", "rows that equal an earlier one in all columns",
            [Setting("duplicate_rows_share", .number(0...1), 0.0, "share of the rows above which duplicates are named")]
        ) { data, found in
            guard !data.table.columns.isEmpty, data.rows > 1 else { return }
            let repeated = repeatedRows(data)
            guard repeated > 0, Double(repeated) > data.settings.number("duplicate_rows_share") * Double(data.rows) else { return }
            found.add(
                .warning, nil, [("repeated", Double(repeated)), ("rows", Double(data.rows))],
                "\(Shown.share(repeated, of: data.rows)) rows equal an earlier one in all columns",
                "drop them unless they are observations of their own: in both halves of a split they make a model look better than it is")
        },
        Check("duplicate-columns", "D602", "a column that equals an earlier one in all rows") { data, found in
            for (earlier, later) in equalColumns(data) where later != data.target && earlier != data.target {
                found.add(
                    .warning, data.table.columns[later].name, other: data.table.columns[earlier].name, [],
                    "equals column \(data.table.columns[earlier].name.quoted) in all \(data.rows) rows", "drop one of them")
            }
        },
        Check("target-copy", "D701", "a column that equals the target in all rows") { data, found in
            guard let target = data.target, data.summaries[target].distinct > 1 else { return }
            let comparison = CellComparison(data.table)
            for (index, summary) in data.features where data.hashes.columns[index] == data.hashes.columns[target] {
                guard comparison.columnsAreEqual(index, target) else { continue }
                found.add(
                    .error, summary.name, other: data.table.columns[target].name, [], "equals the target in all \(data.rows) rows",
                    "leave it out: it will not be known when the model is used")
            }
        },
    ]

    /// Rows that equal an earlier one.
    private static func repeatedRows(_ data: CheckedData) -> Int {
        let hashes = data.hashes.rows
        var capacity = 64
        while capacity / 8 * 5 <= hashes.count { capacity *= 2 }
        let mask = capacity - 1
        let comparison = CellComparison(data.table)
        // 0 is free, n stands for row n - 1.
        var places = [Int](repeating: 0, count: capacity)
        var repeated = 0
        for row in hashes.indices {
            var position = Int(truncatingIfNeeded: hashes[row]) & mask
            while places[position] != 0 {
                let earlier = places[position] - 1
                if hashes[earlier] == hashes[row], comparison.rowsAreEqual(earlier, row) { break }
                position = (position + 1) & mask
            }
            if places[position] == 0 { places[position] = row + 1 } else { repeated += 1 }
        }
        return repeated
    }

    /// Pairs of columns, each with the first that it equals; constant and empty columns are other checks' findings.
    private static func equalColumns(_ data: CheckedData) -> [(Int, Int)] {
        var pairs: [(Int, Int)] = []
        let comparison = CellComparison(data.table)
        let candidates = data.summaries.indices.filter { data.summaries[$0].distinct > 1 }
        for (place, later) in candidates.enumerated() {
            for earlier in candidates[..<place]
            where data.hashes.columns[earlier] == data.hashes.columns[later] && comparison.columnsAreEqual(earlier, later) {
                pairs.append((earlier, later))
                break
            }
        }
        return pairs
    }
}
