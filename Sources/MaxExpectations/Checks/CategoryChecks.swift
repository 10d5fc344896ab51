import MaxIR
import MaxSettings

extension Check {
    static let categoryChecks = [
        Check(
            "rare-categories", "D501", "categories of few rows",
            [Setting("rare_categories_rows", .integer(2...1_000_000), 5, "rows below which a category is rare")]
        ) { data, found in
            let limit = UInt64(data.settings.integer("rare_categories_rows"))
            for (index, summary) in data.features where !isID(summary) && summary.distinct > 1 {
                // Where most texts stand once, they are no categories.
                guard let table = data.columns[index].texts, summary.present >= 100, summary.distinct * 2 <= summary.present else {
                    continue
                }
                var (rare, rows) = (0, UInt64(0))
                for slot in 0..<table.capacity where table.slots[slot].count != 0 && table.slots[slot].count < limit {
                    rare += 1
                    rows += table.slots[slot].count
                }
                guard rare > 0 else { continue }
                found.add(
                    .note, summary.name, [("categories", Double(rare)), ("rows", Double(rows)), ("distinct", Double(summary.distinct))],
                    "\(Shown.share(rare, of: summary.distinct)) categories have fewer than \(limit) rows, together \(rows)",
                    "treat them as one category")
            }
        },
        Check(
            "many-categories", "D502", "a column of texts with very many categories",
            [Setting("many_categories", .integer(2...1_000_000), 1000, "categories above which a column has too many")]
        ) { data, found in
            for (_, summary) in data.features where summary.element == .string && !isID(summary) {
                guard summary.distinct > data.settings.integer("many_categories") else { continue }
                found.add(
                    .warning, summary.name, [("distinct", Double(summary.distinct)), ("present", Double(summary.present))],
                    "\(summary.isExact ? "" : "more than ")\(summary.distinct) different texts in \(summary.present) rows",
                    "hash or embed it, group it, or drop it; one column per category would be too many")
            }
        },
        Check("ids", "D503", "a column in which every row has a value of its own") { data, found in
            for (_, summary) in data.features where isID(summary) {
                found.add(
                    .warning, summary.name, [("distinct", Double(summary.distinct))], "all \(summary.present) values are different",
                    "leave it out: it names the row and tells nothing about others")
            }
        },
        Check(
            "unseen-categories", "D504", "categories of the second table that the first does not have",
            [
                Setting(
                    "unseen_categories_share", .number(0...1), 0.0,
                    "share of the second table's rows above which unseen categories are named")
            ]
        ) { data, found in
            guard let other = data.other else { return }
            for (index, summary) in data.features {
                guard let known = data.columns[index].texts,
                    let position = other.table.columns.firstIndex(where: { $0.name == summary.name }),
                    let given = other.columns[position].texts
                else { continue }
                let unseen = counted(given) { known.find($0) == nil }
                let present = other.columns[position].rows - other.columns[position].missing
                guard unseen.count > 0, Double(unseen.rows) > data.settings.number("unseen_categories_share") * Double(present) else {
                    continue
                }
                found.add(
                    .warning, summary.name, [("categories", Double(unseen.count)), ("rows", Double(unseen.rows))],
                    "\(Shown.count(unseen.count, "category", "categories")) in \(Shown.share(unseen.rows, of: present)) rows of the second table \(unseen.count == 1 ? "is" : "are") not in the first",
                    "the model has learned nothing about them: check how the tables were split", examples: unseen.examples)
            }
        },
    ]

    /// Texts or integers, at least a hundred, all different.
    private static func isID(_ summary: ColumnSummary) -> Bool {
        (summary.element == .string || summary.element.isInteger) && summary.isExact && summary.present >= 100
            && summary.distinct == summary.present
    }
}
