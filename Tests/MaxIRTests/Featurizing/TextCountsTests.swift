import Glibc
import MaxIR
import Testing

@Suite struct TextCountsTests {
    private func counts(_ texts: [Text], _ attributes: [String: Attribute]) throws -> [[Double]] {
        let y = try Featurizing.tensor(Ops.textCounts, attributes, Tensor(texts))
        let values: [Double] = try #require(y.values())
        let width = y.shape[1]
        return (0..<y.shape[0]).map { Array(values[$0 * width..<($0 + 1) * width]) }
    }

    private func words(_ text: Text, _ unit: TextAnalyzer.Unit = .word, least: Int = 1, most: Int = 1, lower: Bool = true) -> [Text] {
        var (found, units): ([Text], TextUnits) = ([], TextUnits())
        text.utf8.withUnsafeBufferPointer { bytes in
            TextAnalyzer(unit: unit, least: least, most: most, lower: lower).forEachGram(of: bytes, in: &units) {
                found.append(Text(utf8: Array($0)))
            }
        }
        return found
    }

    @Test func `words have two letters, digits or underscores and more`() {
        #expect(words("The cat, a 12 x_y; _ I'm") == ["the", "cat", "12", "x_y"])
        #expect(words("e\u{301}te\u{301} 日本語 👍ok ²³ Ⅷx") == ["te", "日本語", "ok", "²³", "ⅷx"])
        #expect(words("ab cd ef", least: 1, most: 2) == ["ab", "cd", "ef", "ab cd", "cd ef"])
        #expect(words("") == [])
        #expect(words(" \t\u{0}") == [])
    }

    @Test func `a sigma at the end of a word is a final one`() {
        #expect(words("ΟΔΟΣ ΣΑΣ. ΑΣ'Α Σ Α'Σ1", .whole) == ["οδος σας. ασ'α σ α'ς1"])
        #expect(words("İI", .whole) == ["i\u{307}i"])
        #expect(words("ΣΑ", .whole, lower: false) == ["ΣΑ"])
    }

    @Test func `white characters in a row are one space`() {
        #expect(words("a \t\u{a0}b", .char) == ["a", " ", "b"])
        #expect(words("a\tb\u{1c}\u{1c}", .char) == ["a", "\t", "b", " "])
        #expect(words("\u{2003}é", .char, least: 1, most: 2) == ["\u{2003}", "é", "\u{2003}é"])
        #expect(words("ab", .char, least: 2, most: 16) == ["ab"])
    }

    @Test func `bytes that are no UTF-8 are counted as their replacement`() {
        #expect(words(Text(utf8: [0x61, 0x62, 0xff, 0x63, 0x64])) == ["ab", "cd"])
        #expect(words(Text(utf8: [0xff]), .whole, lower: false) == [Text(utf8: [0xff])])
    }

    @Test func `a vocabulary counts, and the first of equal entries has the column`() throws {
        let y = try counts(
            ["aa bb aa", "", "zz", "missing aa"], ["vocabulary": .strings(["aa", "bb", "aa"]), "missing": .string("missing aa")])
        #expect(y == [[2, 1, 0], [0, 0, 0], [0, 0, 0], [0, 0, 0]])
    }

    @Test func `weights, sublinear counts and norms come in this order`() throws {
        let base: [String: Attribute] = ["vocabulary": .strings(["aa", "bb"]), "weights": .floats([1, 3]), "sublinear": .int(1)]
        let raw = try counts(["aa aa bb"], base)
        #expect(raw == [[1 + log(2), 3]])
        let sum = raw[0][0] + 3
        #expect(try counts(["aa aa bb"], base.merging(["norm": .string("l1")]) { $1 }) == [[raw[0][0] / sum, 3 / sum]])
        #expect(try counts(["aa aa bb", "cc"], base.merging(["binary": .int(1), "norm": .string("l2")]) { $1 })[1] == [0, 0])
    }

    @Test func `hashes that cancel leave zeros, and signs stay`() throws {
        let texts = (0..<200).map { Text("word\($0)") }
        let one = try counts([Text(texts.map(\.string).joined(separator: " "))], ["buckets": .int(1), "signed": .int(1)])
        let each = try counts(texts, ["buckets": .int(1), "signed": .int(1), "sublinear": .int(1), "norm": .string("l1")])
        #expect(one[0][0] == each.reduce(0) { $0 + $1[0] })
        #expect(each.allSatisfy { abs($0[0]) == 1 })
        let pair = [texts[each.firstIndex { $0[0] == 1 } ?? 0], texts[each.firstIndex { $0[0] == -1 } ?? 0]]
        let zero = try counts(
            [Text("\(pair[0]) \(pair[1]) \(pair[0]) \(pair[1])")], ["buckets": .int(1), "signed": .int(1), "norm": .string("l2")])
        #expect(zero == [[0]])
    }

    @Test func `what cannot be counted is refused`() {
        let wrong: [[String: Attribute]] = [
            [:], ["buckets": .int(-1)], ["buckets": .int(1 << 40)], ["vocabulary": .strings([])],
            ["buckets": .int(4), "norm": .string("l3")],
            ["buckets": .int(4), "weights": .floats([1])], ["buckets": .int(4), "least": .int(3), "most": .int(2)],
            ["buckets": .int(4), "most": .int(17)], ["buckets": .int(4), "analyzer": .string("line")],
            ["buckets": .int(4), "seed": .int(-1)],
        ]
        for attributes in wrong { #expect(throws: MaxError.self) { try counts(["a"], attributes) } }
    }
}
