import MaxFeatures
import MaxIR
import MaxLearning
import MaxSettings
import Testing

@Suite struct FeaturePlanTests {
    private static let plan = FeaturePlan(columns: [
        ColumnPlan(
            columns: ["x", "y"], steps: [FeatureStep("impute", ["strategy": "median", "indicator": true]), FeatureStep("standard")]),
        ColumnPlan(columns: ["word"], steps: [FeatureStep("one_hot", ["max_categories": 3])]),
        ColumnPlan(columns: ["word"], steps: [FeatureStep("category")]),
        ColumnPlan(columns: ["time"], steps: [FeatureStep("date_parts"), FeatureStep("robust")]),
        ColumnPlan(columns: ["word"], steps: [FeatureStep("target")]),
    ])

    private func bits(_ matrix: FeatureMatrix) -> [UInt64] {
        matrix.columns.indices.flatMap { matrix.f64($0).map(\.bitPattern) }
    }

    @Test func resultsDependNeitherOnFilesNorOnThreads() throws {
        let whole = try Tables.mixed()
        let target = try whole.numbers(4)
        let first = try Self.plan.fit(whole, target: target, classes: 2, threads: 1)
        let split = try Tables.mixed(parts: [1, 250, 99, 150])
        let second = try Self.plan.fit(split, target: target, classes: 2, threads: 3)
        #expect(first.columns == second.columns)
        #expect(first.builder.graph == second.builder.graph)
        let trained = bits(try first.matrix(of: whole, training: true))
        let alike = bits(try second.matrix(of: split, threads: 3, training: true))
        let served = bits(try first.matrix(of: whole))
        #expect(trained == alike)
        #expect(served != trained)
    }

    @Test func aMaskPicksRows() throws {
        let table = try Tables.mixed()
        let mask = (0..<table.rows).map { $0 % 3 == 0 }
        let fitted = try Self.plan.fit(table, rows: mask, target: try table.numbers(4), classes: 2)
        let some = try fitted.matrix(of: table, rows: mask)
        let all = try fitted.matrix(of: table)
        #expect(some.rows == 167)
        for column in some.columns.indices {
            for row in 0..<some.rows {
                #expect(some.value(row: row, column: column).bitPattern == all.value(row: 3 * row, column: column).bitPattern)
            }
        }
    }

    @Test func unknownAndMissingValues() throws {
        let train = try Tables.read("word", ["a", "b", "a", "\"\""], types: [("word", .string)])
        let test = try Tables.read("word", ["c", "a", "\"\"", "<missing>"], types: [("word", .string)])
        let plan = FeaturePlan(columns: [
            ColumnPlan(columns: ["word"], steps: [FeatureStep("category")]), ColumnPlan(columns: ["word"], steps: [FeatureStep("ordinal")]),
            ColumnPlan(columns: ["word"], steps: [FeatureStep("frequency")]),
        ])
        let out = try plan.fit(train).matrix(of: test)
        #expect(out.value(row: 0, column: 0).isNaN)
        #expect(out.value(row: 0, column: 1) == -1)
        #expect(out.value(row: 0, column: 2) == 0)
        #expect(out.value(row: 1, column: 2) == 0.5)
        #expect(out.value(row: 1, column: 0) == 1)
        #expect(out.value(row: 2, column: 0) == 0)
    }

    @Test func constantsAndEmptyColumnsStayFinite() throws {
        let table = try Tables.read("x,y", ["1.1,", "1.1,", "1.1,"], types: [("x", .f64), ("y", .f64)])
        for name in ["standard", "min_max", "max_abs", "robust"] {
            let plan = FeaturePlan(columns: [ColumnPlan(columns: ["x", "y"], steps: [FeatureStep("impute"), FeatureStep(name)])])
            let out = try plan.fit(table).matrix(of: table)
            #expect(out.value(row: 0, column: 0) == (name == "max_abs" ? 1 : 0))
            #expect(out.value(row: 2, column: 1) == 0)
        }
    }

    @Test(
        arguments: [
            (["x"], "nothing", [:]), (["x"], "impute", ["strategy": "best"]), (["x"], "date_parts", [:]), (["word"], "standard", [:]),
            (["absent"], "impute", [:]), (["time"], "date_parts", ["parts": .list(["moon"])]), (["x"], "pca", ["components": 3]),
            (["word"], "target", [:]), (["word"], "clip", [:]), (["x"], "pca", ["components": 1]),
        ] as [([Text], String, [String: SettingValue])])
    func whatDoesNotFitIsRefused(columns: [Text], name: String, settings: [String: SettingValue]) throws {
        let table = try Tables.mixed()
        #expect(throws: MaxError.self) {
            try FeaturePlan(columns: [ColumnPlan(columns: columns, steps: [FeatureStep(name, settings)])]).fit(table)
        }
    }

    @Test(arguments: [Learner.Needs(), [.complete, .scaled, .numbers], [.numbers], [.complete]])
    func theStandardPlanSuitsTheLearner(needs: Learner.Needs) throws {
        let table = try Tables.mixed()
        let (plan, reasons) = try FeaturePlan.standard(for: table, leaveOut: ["target"], needs: needs)
        #expect(reasons.count == 4)
        let out = try plan.fit(table, target: try table.numbers(4), classes: 2).matrix(of: table)
        let hasCategories = out.columns.contains { $0.kind != .number }
        #expect(hasCategories == !needs.contains(.numbers))
        guard needs.contains(.complete), needs.contains(.numbers) else { return }
        for column in out.columns.indices {
            let isFinite = out.f64(column).allSatisfy { $0.isFinite }
            #expect(isFinite)
        }
    }

    @Test(arguments: [
        ("x / y", 2.5), ("-x + y * 2 ^ 3", 11), ("x > y", 1), ("x != y", 1), ("(x - y) / (x + y) >= 1", 0), ("log1p(x - 5)", 0),
        ("max(x, y, )", .nan), ("max(x)", .nan), ("1 + 2", .nan), ("z", .nan), ("x y", .nan), ("x +", .nan), ("sqrt(`x` * 5) - 1e0", 4),
        ("", .nan), ("((x)", .nan), ("1e999 * x", .nan), ("foo(x)", .nan),
    ])
    func expressions(formula: String, expected: Double) throws {
        let table = try Tables.read("x,y", ["5,2", "1,1"], types: [("x", .f64), ("y", .f64)])
        let step = FeatureStep("expression", ["formula": .text(formula)])
        let plan = FeaturePlan(columns: [ColumnPlan(columns: ["x", "y"], steps: [step])])
        if formula != "log1p(x - 5)", expected.isNaN {
            #expect(throws: MaxError.self) { try plan.fit(table) }
            return
        }
        let fitted = try plan.fit(table)
        let value = try fitted.matrix(of: table).value(row: 0, column: 0)
        #expect(value == expected)
    }

    @Test func datesAreThoseOfTheCalendar() throws {
        let table = try Tables.read(
            "time", ["1969-12-31T23:59:59Z", "2000-02-29T12:00:00Z", "2021-01-03T00:00:00Z", "1600-03-01T00:00:00Z"],
            types: [("time", .timestamp)])
        let parts: [SettingValue] = ["year", "month", "day", "weekday", "hour", "day_of_year", "week", "is_weekend"]
        let plan = FeaturePlan(columns: [ColumnPlan(columns: ["time"], steps: [FeatureStep("date_parts", ["parts": .list(parts)])])])
        let out = try plan.fit(table).matrix(of: table)
        let rows = (0..<4).map { row in out.columns.indices.map { out.value(row: row, column: $0) } }
        #expect(rows[0] == [1969, 12, 31, 2, 23, 365, 1, 0])
        #expect(rows[1] == [2000, 2, 29, 1, 12, 60, 9, 0])
        #expect(rows[2] == [2021, 1, 3, 6, 0, 3, 53, 1])
        #expect(rows[3] == [1600, 3, 1, 2, 0, 61, 9, 0])
    }
}
