import MaxIR
import MaxSettings

extension Check {
    static let textChecks = [
        Check(
            "text-numbers", "D301", "a column of texts that are numbers, or nearly all are",
            [Setting("text_numbers_share", .number(0.5...1), 0.8, "share of numbers from which a column of texts should be one of numbers")]
        ) { data, found in
            for (index, summary) in data.summaries.enumerated() {
                guard let texts = summary.texts else { continue }
                let filled = summary.present - texts.empty
                guard filled > 0, Double(texts.asNumbers) >= data.settings.number("text_numbers_share") * Double(filled) else { continue }
                let others = filled - texts.asNumbers
                if others == 0 {
                    found.add(
                        .note, summary.name, [("numbers", Double(texts.asNumbers))], "all \(filled) texts are numbers",
                        "read the column as numbers, unless they are names such as postal codes")
                } else {
                    let different = data.columns[index].texts.map { counted($0) { !$0.isEmpty && !TextForms.isNumber($0) } }
                    found.add(
                        .warning, summary.name, [("numbers", Double(texts.asNumbers)), ("others", Double(others))],
                        "\(Shown.share(others, of: filled)) texts are not numbers"
                            + (different.map { ", \(Shown.count($0.count, "different one", "different ones"))" } ?? "")
                            + ", all others are",
                        "name the texts that stand for a missing value, or repair them, and read the column as numbers",
                        examples: different?.examples ?? [])
                }
            }
        },
        Check(
            "text-times", "D302", "a column of texts that are dates or times",
            [Setting("text_times_share", .number(0.5...1), 0.8, "share of times from which a column of texts should be one of times")]
        ) { data, found in
            for (index, summary) in data.summaries.enumerated() {
                guard let texts = summary.texts else { continue }
                let filled = summary.present - texts.empty
                guard filled > 0, Double(texts.asTimes) >= data.settings.number("text_times_share") * Double(filled) else { continue }
                let others = filled - texts.asTimes
                let different = data.columns[index].texts.map { counted($0) { !$0.isEmpty && !TextForms.isTime($0) } }
                found.add(
                    others == 0 ? .note : .warning, summary.name, [("times", Double(texts.asTimes)), ("others", Double(others))],
                    others == 0
                        ? "all \(filled) texts are dates or times"
                        : "\(Shown.share(others, of: filled)) texts are no dates or times, all others are",
                    "read the column as times", examples: others == 0 ? [] : different?.examples ?? [])
            }
        },
        Check("not-utf8", "D303", "texts that are not UTF-8") { data, found in
            for summary in data.summaries {
                guard let texts = summary.texts, texts.notUTF8 > 0 else { continue }
                found.add(
                    .warning, summary.name, [("texts", Double(texts.notUTF8))],
                    "\(Shown.share(texts.notUTF8, of: summary.present)) texts are not UTF-8", "convert the source to UTF-8")
            }
        },
        Check("empty-texts", "D304", "texts of no characters beside missing values") { data, found in
            for (_, summary) in data.features {
                guard let texts = summary.texts, texts.empty > 0, summary.missing > 0 else { continue }
                found.add(
                    .note, summary.name, [("empty", Double(texts.empty)), ("missing", Double(summary.missing))],
                    "\(Shown.count(texts.empty, "text is", "texts are")) empty and \(Shown.count(summary.missing, "value is", "values are")) missing",
                    "decide whether both mean the same")
            }
        },
    ]

    /// How many of the different texts are such, and the first few in order.
    static func counted(_ table: TextTable, _ isSuch: (UnsafeBufferPointer<UInt8>) -> Bool) -> (count: Int, rows: Int, examples: [String]) {
        var (count, rows) = (0, UInt64(0))
        var examples: [Text] = []
        for slot in 0..<table.capacity where table.slots[slot].count != 0 && isSuch(table.text(slot)) {
            count += 1
            rows += table.slots[slot].count
            let text = Text(utf8: Array(table.text(slot)))
            if examples.count == 3, let last = examples.last, text > last { continue }
            examples.insert(text, at: examples.firstIndex { text < $0 } ?? examples.count)
            if examples.count > 3 { examples.removeLast() }
        }
        return (count, Int(clamping: rows), examples.map(\.quoted))
    }
}
