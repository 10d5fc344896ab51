import MaxIR
import MaxSettings
import Testing

import MaxExpectations

private func report(
    _ columns: [(Text, TestTable.Values)], target: Text? = nil, other: [(Text, TestTable.Values)]? = nil,
    _ given: [String: SettingValue] = [:],
    batch: Int = 7
) throws -> DataReport {
    let table = TestTable(columns)
    let second = other.map { TestTable($0) }
    let out = try DataChecks.run(
        table: table.batches(of: batch), target: target, other: second?.batches(), settings: try Settings(given, for: DataChecks.settings))
    withExtendedLifetime((table, second)) {}
    return out
}

private func names(_ report: DataReport) -> [String] { report.findings.map { "\($0.check)\($0.column.map { ":\($0)" } ?? "")" } }

private let classes = TestTable.Values.texts((0..<300).map { $0 % 3 == 0 ? "yes" : "no" })
private func noise(_ seed: UInt64) -> TestTable.Values {
    var random = Sequence64(seed)
    return .doubles((0..<300).map { _ in random.unit() })
}

@Suite struct CheckTests {
    @Test func namesAndCodesAreUnique() {
        #expect(Set(Check.all.map(\.name)).count == Check.all.count)
        #expect(Set(Check.all.map(\.code)).count == Check.all.count)
        #expect(Set(DataChecks.settings.map(\.name)).count == DataChecks.settings.count)
    }

    @Test func aGoodTableHasNoFindings() throws {
        let found = try report([("a", noise(1)), ("b", noise(2)), ("y", classes)], target: "y")
        #expect(found.findings.isEmpty && found.notChecked.isEmpty, "\(found.text)")
        #expect(found.text == "no findings in 300 rows of 3 columns\n")
        try found.requireNoErrors()
    }

    @Test func emptyTables() throws {
        #expect(names(try report([], target: nil)) == ["empty-table"])
        #expect(names(try report([("a", .doubles([])), ("t", .texts([]))], target: "a")) == ["empty-table"])
        #expect(try report([]).findings.hasErrors)
    }

    @Test func oneRow() throws {
        let found = try report([("a", .doubles([1])), ("t", .texts(["x"])), ("y", .integers([1]))], target: "y")
        #expect(names(found) == ["one-class:y"], "\(found.text)")
    }

    @Test func allMissing() throws {
        let found = try report(
            [("a", .doubles([nil, nil])), ("n", .doubles([.nan, .nan])), ("t", .texts([nil, nil])), ("y", .texts([nil, nil]))], target: "y")
        #expect(names(found) == ["target-missing:y", "all-missing:a", "all-missing:n", "all-missing:t", "duplicate-rows"], "\(found.text)")
        #expect(
            throws: MaxError(
                .policyFailed, "data checks: column \"y\": target-missing: no row has a target: check the column and how it was joined")
        ) {
            try found.requireNoErrors()
        }
    }

    @Test func namesThatAreTheSameOrNearly() throws {
        let found = try report([("a", noise(1)), ("a", noise(2)), ("B", noise(3)), (" b", noise(4))])
        #expect(names(found) == ["duplicate-names:a", "duplicate-names:B"] && found.findings.map(\.severity) == [.error, .warning])
    }

    @Test func targets() throws {
        #expect(names(try report([("a", noise(1))], target: "z")) == ["target-unknown:z"])
        #expect(
            names(try report([("a", .doubles([1, 2, 3])), ("y", .doubles([1, .infinity, 3]))], target: "y")) == ["target-infinite:y"])
        #expect(names(try report([("a", noise(1)), ("y", .doubles([Double?](repeating: 4, count: 300)))], target: "y")) == ["one-class:y"])
        let few = TestTable.Values.texts((0..<300).map { $0 < 5 ? "rare" : "often" })
        #expect(names(try report([("a", noise(1)), ("y", few)], target: "y")) == ["imbalance:y"])
        #expect(names(try report([("a", noise(1)), ("y", few)], target: "y", ["errors": "imbalance"])) == ["imbalance:y"])
        #expect(try report([("a", noise(1)), ("y", few)], target: "y", ["errors": "imbalance"]).findings.hasErrors)
        #expect(names(try report([("a", noise(1)), ("y", few)], target: "y", ["skip": "imbalance"])).isEmpty)
    }

    @Test func textsThatShouldBeNumbers() throws {
        let values = (0..<300).map { Text($0 % 100 == 7 ? "n/a" : "\($0).5") }
        let found = try report([("t", .texts(values)), ("a", noise(1))])
        #expect(names(found) == ["text-numbers:t"], "\(found.text)")
        let finding = try #require(found.findings.first { $0.check == "text-numbers" })
        #expect(finding.severity == .warning && finding.sentence == "3 of 300 (1 %) texts are not numbers, 1 different one, all others are")
        #expect(finding.examples.isEmpty && !String(decoding: found.json, as: UTF8.self).contains("n/a"))
        let quoted = try report([("t", .texts(values)), ("a", noise(1))], ["quote": true])
        #expect(quoted.findings.first?.examples == ["\"n/a\""] && quoted.text.contains("for example \"n/a\""))
        #expect(
            names(try report([("t", .texts((0..<90).map { Text("\($0 % 9)") })), ("i", .integers((0..<90).map { Int64($0) }))])) == [
                "text-numbers:t"
            ])
        #expect(
            names(try report([("t", .texts((0..<90).map { Text("2024-01-1\($0 % 9)") })), ("i", .integers((0..<90).map { Int64($0) }))]))
                == ["text-times:t"])
    }

    @Test func textsThatAreNotUTF8AndEmptyOnes() throws {
        let found = try report([("t", .texts([Text(utf8: [0xc3, 0x28]), "", nil, "x"])), ("i", .integers([1, 2, 3, 4]))])
        #expect(names(found) == ["not-utf8:t", "empty-texts:t"], "\(found.text)")
    }

    @Test func columnsThatSayLittle() throws {
        var values = [Double?](repeating: nil, count: 300)
        values[3] = 1
        values[4] = 2
        var nearly = [Int64?](repeating: 5, count: 2000)
        nearly[77] = 6
        #expect(names(try report([("m", .doubles(values)), ("a", noise(1))])) == ["mostly-missing:m"])
        #expect(names(try report([("c", .integers([Int64?](repeating: 5, count: 300))), ("a", noise(1))])) == ["constant:c"])
        #expect(
            names(
                try report(
                    [("c", .integers(nearly)), ("a", .integers((0..<2000).map { Int64($0 / 2) + ($0 % 2 == 0 ? 0 : 4000) }))],
                    ["skip": "ids"])) == ["nearly-constant:c"])
        #expect(names(try report([("x", .doubles([1, .infinity, -.infinity, 2])), ("i", .integers([1, 2, 3, 4]))])) == ["infinite:x"])
    }

    @Test func outliersAndTimes() throws {
        var values = (0..<300).map { Double?(Double($0 % 10)) }
        values[7] = 9999
        let found = try report([("x", .doubles(values)), ("a", noise(1))])
        #expect(names(found) == ["outliers:x"] && found.findings[0].numbers.first?.value == 1)
        #expect(
            names(try report([("t", .times([0, 9_000_000_000_000_000, nil])), ("i", .integers([1, 2, 3]))])) == ["times-out-of-range:t"])
    }

    @Test func categories() throws {
        let rare = TestTable.Values.texts((0..<300).map { Text($0 < 2 ? "odd" : "c\($0 % 3)") })
        let found = try report([("t", rare), ("a", noise(1))])
        #expect(names(found) == ["rare-categories:t"], "\(found.text)")
        let many = TestTable.Values.texts((0..<3000).map { Text("c\($0 % 1500)") })
        let numbers = TestTable.Values.doubles((0..<3000).map { Double($0) * 0.37 })
        #expect(names(try report([("t", many), ("a", numbers)], ["rare_categories_rows": 2])) == ["many-categories:t"])
        #expect(names(try report([("i", .integers((0..<300).map { Int64($0) })), ("a", noise(1))])) == ["ids:i"])
        let unseen = try report(
            [("t", .texts(["a", "b", "a"])), ("i", .integers([1, 2, 3]))], other: [("t", .texts(["b", "z", nil, "z"]))])
        #expect(names(unseen) == ["unseen-categories:t"] && unseen.findings[0].numbers.map(\.value) == [1, 2])
    }

    @Test func duplicates() throws {
        let found = try report([("a", .doubles([1, 2, .nan, 1, nil])), ("t", .texts(["x", "y", "x", "x", "x"]))], batch: 2)
        #expect(names(found) == ["duplicate-rows"] && found.findings[0].numbers.map(\.value) == [2, 5])
        let columns = try report([
            ("a", .doubles([1, 2, nil, 4])), ("b", .integers([1, 2, nil, 4])), ("c", .unsigned([1, 2, 3, 4])),
            ("d", .floats([1, 2, .nan, 4])),
        ])
        #expect(names(columns) == ["duplicate-columns:b", "duplicate-columns:d"], "\(columns.text)")
        // Equal as f64, but not equal.
        #expect(names(try report([("a", .integers([1 << 60, 1])), ("b", .integers([1 << 60 + 1, 1]))])).isEmpty)
    }

    @Test func leakageIntoClasses() throws {
        let y = (0..<300).map { $0 % 3 == 0 }
        let copied = TestTable.Values.texts(y.map { $0 ? "yes" : "no" })
        #expect(names(try report([("a", noise(1)), ("y", classes), ("z", copied)], target: "y")) == ["target-copy:z"])
        let shifted = TestTable.Values.doubles(y.enumerated().map { Double($0.offset) * 1e-3 + ($0.element ? 10 : 0) })
        let found = try report([("x", shifted), ("a", noise(1)), ("y", classes)], target: "y")
        #expect(names(found) == ["leakage:x"] && found.findings[0].numbers.first?.value == 1, "\(found.text)")
        let coded = TestTable.Values.texts(y.enumerated().map { Text("\($0.element ? "a" : "b")\($0.offset % 4)") })
        #expect(names(try report([("x", coded), ("a", noise(1)), ("y", classes)], target: "y")) == ["leakage:x"])
        let onlyWhere = TestTable.Values.doubles(y.enumerated().map { $0.element ? Double($0.offset % 7) : nil })
        #expect(names(try report([("x", onlyWhere), ("a", noise(1)), ("y", classes)], target: "y")) == ["leakage:x"])
        // Texts that are all different determine every row, and tell nothing.
        let ids = TestTable.Values.texts((0..<300).map { Text("id\($0)") })
        #expect(names(try report([("x", ids), ("a", noise(1)), ("y", classes)], target: "y")) == ["ids:x"])
    }

    @Test func leakageIntoNumbers() throws {
        var random = Sequence64(9)
        let y = (0..<300).map { _ in random.unit() * 50 }
        let x = TestTable.Values.doubles(y.map { -$0.squareRoot() })
        let found = try report([("x", x), ("a", noise(1)), ("y", .doubles(y))], target: "y")
        #expect(names(found) == ["leakage:x"] && found.findings[0].numbers.first?.value == -1, "\(found.text)")
        let grouped = (0..<300).map { Double($0 % 6) }
        let names6 = TestTable.Values.texts((0..<300).map { Text(["u", "v", "w", "r", "s", "t"][$0 % 6]) })
        #expect(
            names(try report([("x", names6), ("a", noise(1)), ("y", .doubles(grouped))], target: "y", ["task": "regression"])) == [
                "leakage:x"
            ])
    }

    @Test func batchesDoNotMatter() throws {
        let columns: [(Text, TestTable.Values)] = [
            ("x", .doubles((0..<300).map { Double($0 % 9) })), ("t", .texts((0..<300).map { Text("\($0 % 9)") })), ("y", classes),
        ]
        let whole = try report(columns, target: "y", batch: 0).json
        for batch in [1, 8, 299] { #expect(try report(columns, target: "y", batch: batch).json == whole) }
    }

    @Test func whatIsNoCheckIsRefused() {
        #expect(throws: MaxError.self) { try report([("a", noise(1))], ["skip": "nothing"]) }
    }
}
