import Glibc
import MaxIR
import MaxRuntime
import Testing

import MaxExpectations

private func summary(_ values: TestTable.Values, batch: Int = 0) throws -> ColumnSummary {
    let table = TestTable([("x", values)])
    return try #require(try table.batches(of: batch).summaries().first)
}

private func accumulated(_ values: TestTable.Values, limit: Int, cut: [Range<Int>]) throws -> ColumnAccumulator {
    let table = TestTable([("x", values)])
    let out = ColumnAccumulator(values.element, limit: limit)
    for range in cut {
        let part = ColumnAccumulator(values.element, limit: limit)
        try part.add(table.views[0].dropping(range.lowerBound), rows: range.count)
        try out.merge(part)
    }
    return out
}

@Suite struct SummaryTests {
    @Test func numbersAreCountedAndMeasured() throws {
        let found = try summary(.doubles([3, nil, -1, .nan, 0, -0.0, 3, .infinity]), batch: 3)
        let numbers = try #require(found.numbers)
        #expect(found.rows == 8 && found.missing == 2 && found.nan == 1 && found.distinct == 4)
        #expect(numbers.minimum == -1 && numbers.maximum == 3 && numbers.mean == 1)
        #expect(numbers.infinite == 1 && numbers.negative == 1 && numbers.zero == 2)
        #expect(abs((numbers.standardDeviation ?? 0) - 3.5.squareRoot()) < 1e-15)
        #expect(numbers.quantile(0.5) == 0 && numbers.quantile(0.99) == .infinity && numbers.quantile(0.01) == -1)
        #expect(found.frequent.map(\.count) == [2, 2, 1, 1] && found.frequent.first?.value == .number(0))
    }

    @Test(arguments: [
        TestTable.Values.doubles([]), .integers([]), .texts([]), .doubles([nil]), .doubles([.nan]), .integers([nil, nil]), .texts([nil]),
    ])
    func withoutValuesThereIsNothingToSay(values: TestTable.Values) throws {
        let found = try summary(values)
        #expect(found.numbers == nil && found.texts == nil && found.distinct == 0 && found.frequent.isEmpty)
        #expect(found.missing == values.count)
    }

    @Test func onlyInfiniteValuesHaveNoMean() throws {
        let numbers = try #require(try summary(.doubles([.infinity, -.infinity])).numbers)
        #expect(numbers.mean == nil && numbers.minimum == nil && numbers.standardDeviation == nil && numbers.infinite == 2)
        #expect(numbers.quantile(0.5) == -.infinity)
    }

    @Test func hugeNumbersDoNotOverflow() throws {
        let huge = Double.greatestFiniteMagnitude
        let numbers = try #require(try summary(.doubles([huge, huge, huge, -1])).numbers)
        #expect(numbers.mean == huge * 0.75 && numbers.standardDeviation == nil)
        let small = try #require(try summary(.doubles([.leastNonzeroMagnitude, .leastNonzeroMagnitude])).numbers)
        #expect(small.mean == .leastNonzeroMagnitude && small.standardDeviation == 0)
        let integers = try #require(try summary(.integers([.max, .min, .max])).numbers)
        #expect(integers.maximum == 0x1p63 && integers.minimum == -0x1p63)
        let unsigned = try summary(.unsigned([.max, .max, 1]))
        #expect(unsigned.numbers?.maximum == 0x1p64 && unsigned.frequent[0].value == .number(0x1p64))
    }

    /// Deviations that a sum of squares in f64 would lose.
    @Test func aSmallDeviationAroundALargeMeanIsKept() throws {
        let numbers = try #require(try summary(.doubles([1e12, 1e12 + 1, 1e12 + 2])).numbers)
        #expect(numbers.mean == 1e12 + 1 && numbers.standardDeviation == 1)
    }

    @Test func typesOfAllKindsAreRead() throws {
        #expect(try summary(.floats([0.5, 1.5])).numbers?.mean == 1)
        #expect(try summary(.booleans([true, false, true, true])).numbers?.mean == 0.75)
        #expect(try summary(.times([0, nil, 86_400_000_000])).numbers?.maximum == 86_400_000_000)
    }

    @Test func textsAreMeasuredAndTiesGoByValue() throws {
        let found = try summary(.texts(["b", "a", nil, "", "12", "-1.5e3", "2026-02-28", "2026-02-30", "é", Text(utf8: [0xff]), "b", "a"]))
        let texts = try #require(found.texts)
        #expect(found.missing == 1 && found.distinct == 9)
        #expect(texts.empty == 1 && texts.asNumbers == 2 && texts.asTimes == 1 && texts.notUTF8 == 1)
        #expect(texts.minimumBytes == 0 && texts.maximumBytes == 10)
        #expect(found.frequent.prefix(3).map(\.value) == [.text("a"), .text("b"), .text("")])
    }

    @Test(arguments: [
        ("1", true), ("-1", true), ("+1.5", true), (".5", true), ("5.", true), ("1e5", true), ("1E-5", true), ("", false), ("-", false),
        (".", false), ("1e", false), ("e5", false), ("1,5", false), (" 1", false), ("0x1", false), ("NaN", false), ("1.2.3", false),
    ])
    func aNumberIsADecimalNumber(text: String, isNumber: Bool) {
        #expect(Array(text.utf8).withUnsafeBufferPointer(TextForms.isNumber) == isNumber)
    }

    @Test(arguments: [
        ("2024-02-29", true), ("2023-02-29", false), ("1900-02-29", false), ("2024-01-01T00:00", true), ("2024-01-01 23:59:60", true),
        ("2024-01-01T00:00:00.123Z", true), ("2024-01-01T00:00:00+01:00", true), ("2024-01-01T24:00", false), ("2024-1-1", false),
        ("2024-01-01T", false), ("2024-01-01T00:00:00.", false), ("20240101", false), ("", false), ("2024-13-01", false),
    ])
    func aTimeIsThatOfRFC3339(text: String, isTime: Bool) {
        #expect(Array(text.utf8).withUnsafeBufferPointer(TextForms.isTime) == isTime)
    }

    /// With every value counted, and after too many were seen.
    @Test(arguments: [1000, 100, 3]) func partsAndOrderDoNotMatter(limit: Int) throws {
        var random = Sequence64(3)
        let values = TestTable.Values.doubles(
            (0..<500).map { _ in [nil, .nan, random.unit() * 1e6 - 5e5, Double(random.below(50)), 1e-300][random.below(5)] })
        let whole = try accumulated(values, limit: limit, cut: [0..<500]).summary("x")
        for cut in [[0..<250, 250..<500], [300..<500, 0..<1, 1..<300], (0..<500).reversed().map { $0..<$0 + 1 }] {
            let other = try accumulated(values, limit: limit, cut: cut).summary("x")
            #expect(other.missing == whole.missing && other.distinct == whole.distinct && other.isExact == whole.isExact)
            #expect(other.numbers?.mean == whole.numbers?.mean)
            #expect(other.numbers?.standardDeviation == whole.numbers?.standardDeviation)
            #expect(other.numbers?.quantiles == whole.numbers?.quantiles)
            #expect(other.frequent == whole.frequent)
        }
    }

    @Test func sumsAreTheSameOnceValuesAreNoLongerCounted() throws {
        var random = Sequence64(5)
        let values = TestTable.Values.doubles((0..<4000).map { _ in random.unit() * 100 - 20 })
        let exact = try #require(try accumulated(values, limit: 1_000_000, cut: [0..<4000]).summary("x").numbers)
        let spilled = try accumulated(values, limit: 500, cut: [0..<4000]).summary("x")
        let numbers = try #require(spilled.numbers)
        #expect(!spilled.isExact && spilled.distinct == 500 && spilled.frequent.isEmpty)
        #expect(numbers.mean == exact.mean && numbers.standardDeviation == exact.standardDeviation && numbers.negative == exact.negative)
        for (a, b) in zip(numbers.quantiles, exact.quantiles) { #expect(abs(a.value - b.value) <= abs(b.value) * 0x1p-9) }
        let texts = TestTable.Values.texts((0..<300).map { Text("\($0)") })
        let many = try accumulated(texts, limit: 100, cut: [0..<200, 200..<300]).summary("x")
        #expect(!many.isExact && many.texts?.asNumbers == 300 && many.texts?.maximumBytes == 3)
    }

    @Test func theSumIsExact() {
        var random = Sequence64(11)
        var sum = ExactSum()
        var back: [Double] = []
        for _ in 0..<2000 {
            let value = scalbn(random.unit() - 0.5, Int32(random.below(1800)) - 900)
            sum.add(value, times: 3)
            back.append(value)
        }
        for value in back.reversed() { sum.add(-value, times: 3) }
        #expect(sum.scaled.value.high == 0 && sum.scaled.value.low == 0)
        sum.add(.leastNonzeroMagnitude)
        sum.add(.greatestFiniteMagnitude, times: .max)
        sum.add(-.greatestFiniteMagnitude, times: .max)
        let (value, exponent) = sum.scaled
        #expect(value.scaled(by: exponent).high == .leastNonzeroMagnitude)
    }

    @Test func aBatchOfAnotherTypeIsRefused() {
        let table = TestTable([("x", .integers([1]))])
        let wrong = TableBatches(columns: [("x", .f64)], batchRows: [1]) { _ in table.views }
        #expect(throws: MaxError(.malformed, "column \"x\": found a batch of i64, expected f64")) { try wrong.summaries() }
    }

    /// A table of the size of nycflights13: figures are printed, nothing is asked of them.
    @Test func speed() throws {
        var random = Sequence64(1)
        let rows = 336_776
        var columns: [(Text, TestTable.Values)] = []
        for (index, distinct) in [1, 12, 31, 1319, 1021, 528, 1412, 1163, 578, 3844, 510, 214, 24, 60].enumerated() {
            columns.append((Text("n\(index)"), .integers((0..<rows).map { _ in Int64(random.below(distinct)) })))
        }
        for (index, distinct) in [16, 4044, 3, 105].enumerated() {
            columns.append((Text("t\(index)"), .texts((0..<rows).map { _ in Text("N\(random.below(distinct))") })))
        }
        columns.append(("time", .times((0..<rows).map { _ in Int64(random.below(6936)) * 3_600_000_000 })))
        let table = TestTable(columns)
        let start = clock()
        _ = try table.batches(of: 1 << 16).summaries()
        let middle = clock()
        let report = try DataChecks.run(table: table.batches(of: 1 << 16), target: "n12")
        let end = clock()
        print("summaries \(Double(middle - start) / 1e6) s, report \(Double(end - middle) / 1e6) s, \(report.findings.count) findings")
        let wide = TestTable((0..<19).map { (Text("x\($0)"), .doubles((0..<rows).map { _ in random.unit() })) })
        let next = clock()
        _ = try wide.batches(of: 1 << 16).summaries()
        print("all values different: \(Double(clock() - next) / 1e6) s")
        #expect(report.rows == rows)
    }
}
