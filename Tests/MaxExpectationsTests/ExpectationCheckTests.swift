import CAllocations
import MaxExpectations
import MaxIR
import MaxRuntime
import Testing

private func run(_ column: ColumnExpectation, _ values: TestTable.Values) throws -> ExpectationCheck {
    let table = TestTable([(column.name, values)])
    let check = ExpectationCheck(try ExpectationRules(Expectations(columns: [column]), columns: [column.name]))
    table.views.withUnsafeBufferPointer { _ = check.check($0, rows: table.rows) }
    return check
}

@Suite struct ExpectationCheckTests {
    @Test(
        arguments: [
            (
                ColumnExpectation(name: "x", element: .f64, minimum: 0, maximum: 10),
                TestTable.Values.doubles([0, 10, 10.5, nil, .nan, -0.0, .infinity]),
                [2, 6], "column \"x\": range: found 10.5, expected 0.0 to 10.0"
            ),
            (
                ColumnExpectation(name: "x", element: .f64, minimum: 0), .doubles([1e300, -1e-9]), [1],
                "column \"x\": range: found -1e-09, expected at least 0.0"
            ),
            (
                ColumnExpectation(name: "x", element: .f64, maximum: 0), .integers([.max, .min]), [0],
                "column \"x\": range: found 9.223372036854776e+18, expected at most 0.0"
            ),
            (ColumnExpectation(name: "x", element: .f64), .doubles([.infinity, -.infinity, 1]), [], ""),
            (
                ColumnExpectation(name: "x", element: .f64, maximumMissingShare: 0), .doubles([1, nil, .nan]), [1, 2],
                "column \"x\": missing: found no value, expected one in every row"
            ),
            (ColumnExpectation(name: "x", element: .f64, maximumMissingShare: 0.1), .doubles([1, nil, .nan]), [], ""),
            (
                ColumnExpectation(name: "x", element: .i64), .doubles([1, 1.5, -2, .infinity]), [1, 3],
                "column \"x\": type: found 1.5, expected i64"
            ),
            (
                ColumnExpectation(name: "x", element: .i8), .integers([127, 128, -128, -129]), [1, 3],
                "column \"x\": type: found 128.0, expected i8"
            ),
            (
                ColumnExpectation(name: "x", element: .u8), .integers([-1, 0, 255, 256]), [0, 3],
                "column \"x\": type: found -1.0, expected u8"
            ),
            (ColumnExpectation(name: "x", element: .bool), .integers([0, 1, 2]), [2], "column \"x\": type: found 2.0, expected bool"),
            (ColumnExpectation(name: "x", element: .bool), .booleans([true, false]), [], ""),
            (ColumnExpectation(name: "x", element: .timestamp), .integers([0, .min, .max]), [], ""),
            (ColumnExpectation(name: "x", element: .f32), .texts(["1", nil]), [0], "column \"x\": type: found a text, expected f32"),
            (ColumnExpectation(name: "x", element: .string), .doubles([1, nil]), [0], "column \"x\": type: found f64, expected string"),
            (
                ColumnExpectation(name: "x", element: .string, categories: ["a", "é", ""]),
                .texts(["a", "é", "", "b", nil, Text(utf8: [0xc3])]), [3, 5],
                "column \"x\": category: found a text of 1 byte, expected one of the 3 known"
            ),
            (ColumnExpectation(name: "x", element: .string, categories: ["a"], maximumOtherShare: 0.5), .texts(["a", "b"]), [], ""),
            (
                ColumnExpectation(name: "x", element: .string, categories: ["0", "-12", "-9223372036854775808"]),
                .integers([0, -12, .min, 7]), [3],
                "column \"x\": category: found a text of 1 byte, expected one of the 3 known"
            ),
            (ColumnExpectation(name: "x", element: .string, categories: ["18446744073709551615"]), .unsigned([.max, 3]), [1], nil),
            (ColumnExpectation(name: "x", element: .f64, minimum: 0, maximum: 1), .doubles([]), [], ""),
        ] as [(ColumnExpectation, TestTable.Values, [Int], String?)])
    func rowsAreHeldAgainstTheRules(column: ColumnExpectation, values: TestTable.Values, rows: [Int], sentence: String?) throws {
        let check = try run(column, values)
        #expect(check.violatingRows == rows && check.violatingRowCount == rows.count)
        if let sentence { #expect((check.firstViolation?.sentence ?? "") == sentence) }
        #expect(check.firstViolation?.row == rows.first)
    }

    @Test func manyRowsAndColumnsAreCountedEach() throws {
        let table = TestTable([
            ("a", .doubles((0..<5000).map { Double($0 % 10) })), ("free", .texts((0..<5000).map { Text("\($0)") })),
            ("b", .texts((0..<5000).map { $0 % 100 == 0 ? "odd" : "even" })),
        ])
        let expectations = Expectations(columns: [
            ColumnExpectation(name: "b", element: .string, categories: ["even"]), ColumnExpectation(name: "gone", element: .f64),
            ColumnExpectation(name: "a", element: .f64, maximum: 8),
        ])
        let rules = try ExpectationRules(expectations, columns: ["a", "free", "b"])
        let check = ExpectationCheck(rules)
        #expect(rules.unmatched == ["gone"])
        for first in [0, 2500] {
            table.views.map { $0.dropping(first) }.withUnsafeBufferPointer { _ = check.check($0, rows: 2500) }
        }
        #expect(check.rows == 5000 && check.count(column: 0, .range) == 500 && check.count(column: 2, .category) == 50)
        #expect(check.violatingRowCount == 550)
        check.reset()
        #expect(check.rows == 0 && check.violatingRowCount == 0 && check.count(column: 0, .range) == 0)
    }

    @Test func tablesAreJudgedWhole() throws {
        let column = ColumnExpectation(
            name: "x", element: .string, maximumMissingShare: 0.1, categories: ["a"], maximumOtherShare: 0.2, isNotConstant: true)
        func judged(_ values: [Text?], minimumRows: Int = 0) throws -> [String] {
            let table = TestTable([("x", .texts(values))])
            let check = ExpectationCheck(try ExpectationRules(Expectations(minimumRows: minimumRows, columns: [column]), columns: ["x"]))
            // In batches: nothing depends on them.
            for first in stride(from: 0, to: values.count, by: 13) {
                table.views.map { $0.dropping(first) }.withUnsafeBufferPointer { _ = check.check($0, rows: min(13, values.count - first)) }
            }
            return check.tableViolations().map(\.sentence)
        }
        #expect(try judged((0..<200).map { $0 < 20 ? nil : $0 < 50 ? "b" : "a" }).isEmpty)
        #expect(
            try judged((0..<200).map { $0 < 21 ? nil : $0 < 50 ? "b" : "a" }) == [
                "column \"x\": missing-share: found 10.5 % missing, expected at most 10 %"
            ])
        #expect(
            try judged((0..<200).map { $0 < 50 ? "b" : "a" })
                == ["column \"x\": other-share: found 25 % of no known category, expected at most 20 %"])
        #expect(
            try judged([Text?](repeating: "a", count: 200)) == ["column \"x\": constant: found 200 equal values, expected different ones"])
        // Too few rows to judge.
        #expect(try judged([Text?](repeating: "b", count: 99)).isEmpty)
        #expect(try judged([], minimumRows: 3) == ["rows: found 0, expected at least 3"])
        #expect(try judged(["a", "a", "a"], minimumRows: 3).isEmpty)
    }

    @Test func aNumberThatNeverChangesIsNamed() throws {
        let column = ColumnExpectation(name: "x", element: .f64, isNotConstant: true)
        #expect(try run(column, .doubles([Double?](repeating: 3, count: 150))).tableViolations().map(\.rule) == [.constant])
        #expect(try run(column, .doubles((0..<150).map { $0 == 149 ? 4 : 3 })).tableViolations().isEmpty)
        #expect(try run(column, .doubles([Double?](repeating: nil, count: 150))).tableViolations().isEmpty)
    }

    @Test func aFileOfAnotherModelIsRefused() {
        #expect(throws: MaxError.self) {
            try ExpectationRules(Expectations(columns: [ColumnExpectation(name: "a", element: .f64)]), columns: ["b"])
        }
    }

    @Test func rowsThatAreAsExpectedAllocateNothing() throws {
        let table = TestTable([
            ("a", .doubles([1, nil, 3])), ("b", .texts(["x", "y", "x"])), ("c", .integers([1, 2, 3])), ("d", .integers([1, 2, 3])),
        ])
        let rules = try ExpectationRules(
            Expectations(columns: [
                ColumnExpectation(name: "a", element: .f64, maximumMissingShare: 0.5, minimum: 0, maximum: 9, isNotConstant: true),
                ColumnExpectation(name: "b", element: .string, categories: ["x", "y"], isNotConstant: true),
                ColumnExpectation(name: "c", element: .i64, minimum: 0),
                ColumnExpectation(name: "d", element: .string, categories: ["1", "2", "3"]),
            ]), columns: ["a", "b", "c", "d"])
        let check = ExpectationCheck(rules)
        table.views.withUnsafeBufferPointer { views in
            _ = check.check(views, rows: 3)
            let before = maxai_allocation_count()
            var isExpected = true
            for _ in 0..<100 {
                check.reset()
                isExpected = check.check(views, rows: 3) && isExpected
            }
            let allocations = maxai_allocation_count() - before
            #expect(isExpected && allocations == 0)
        }
    }
}
