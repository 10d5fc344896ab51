import MaxCompiler

/// Damage that keeps a text looking like JSON or CSV for longer: whole tokens change.
extension [UInt8] {
    mutating func damageText(_ random: inout SeededGenerator, others: [[UInt8]]) {
        guard !isEmpty, random.below(4) > 0 else { return damage(&random, others: others) }
        let position = random.below(count)
        switch random.below(8) {
        case 0:
            // A bracket more, or many.
            let bracket = Array(["[", "{", "]", "}", "{\"a\":", "[["][random.below(6)].utf8)
            let times = [1, 1, 2, 70, 20_000][random.below(5)]
            insert(contentsOf: (0..<times).flatMap { _ in bracket }, at: position)
        case 1:
            // One structural byte for another.
            let marks = Array("[]{},:\"\\\n\r\t;|'".utf8)
            guard let found = self[position...].firstIndex(where: marks.contains) else { return }
            self[found] = marks[random.below(marks.count)]
        case 2:
            let strings = [
                "\\ud800", "\\u0000", "\\", "\u{feff}", "\"\"", "e\u{301}", "é", "\u{1b}[31m", "a\\nb", "__proto__", "../../etc/passwd",
                String(repeating: "A", count: 5000),
            ]
            insert(contentsOf: strings[random.below(strings.count)].utf8, at: position)
        case 3: if let member = token(from: position) { insert(contentsOf: Array(self[member]) + [0x2c], at: member.lowerBound) }
        case 4: if let member = token(from: position) { removeSubrange(member) }
        case 5:
            // Two tokens change places.
            guard let first = token(from: position), let second = token(from: random.below(count)), !first.overlaps(second) else { return }
            let (low, high) = first.lowerBound < second.lowerBound ? (first, second) : (second, first)
            let (a, b) = (Array(self[low]), Array(self[high]))
            replaceSubrange(high, with: a)
            replaceSubrange(low, with: b)
        case 6:
            if let member = token(from: position) {
                let values = ["null", "true", "-0", "1e400", "[]", "{}", "\"\"", "\"x\"", "[0]", "-1", "4294967295", "1.5", "[[[]]]"]
                replaceSubrange(member, with: Array(values[random.below(values.count)].utf8))
            }
        default: damage(&random, others: others)
        }
    }

    /// What stands between two commas or brackets, from `position` on.
    private func token(from position: Int) -> Range<Int>? {
        let marks = Array("[]{},:\n".utf8)
        guard let before = self[position...].firstIndex(where: marks.contains),
            let after = self[(before + 1)...].firstIndex(where: marks.contains), after > before + 1
        else { return nil }
        return before + 1..<after
    }
}
