import MaxFeatures
import MaxIR
import MaxLearning
import MaxSettings
import Testing

@Suite struct SelectionTests {
    /// 600 rows: noise, a sign that decides, a copy of the noise, a constant, and a hint with missing values.
    private func table() throws -> (table: Table, target: [Double]) {
        var state: UInt64 = 5
        func next() -> Double {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Double(state >> 40) / Double(1 << 24) - 0.5
        }
        var target: [Double] = []
        let rows = (0..<600).map { row -> String in
            let (noise, sign) = (next(), next())
            target.append(sign > 0 ? 1 : 0)
            return "\(noise),\(sign),\(noise),7,\(row % 3 == 0 ? "" : "\(sign + 0.5 * next())")"
        }
        return (
            try Tables.read("noise,sign,copy,same,hint", rows, types: ["noise", "sign", "copy", "same", "hint"].map { ($0, .f64) }), target
        )
    }

    private static let columns: [Text] = ["noise", "sign", "copy", "same", "hint"]

    @Test(arguments: ["mutual_information", "few bins", "importance", "forest"], [1, 2])
    func `what decides stays, in the order of the columns`(kind: String, classes: Int) throws {
        let name = kind == "mutual_information" || kind == "few bins" ? "mutual_information" : "importance"
        let settings: [String: SettingValue] =
            switch kind {
            case "few bins": ["bins": .integer(4)]
            case "importance": ["trees": .integer(20)]
            case "forest": ["trees": .integer(20), "learner": .text("random_forest")]
            default: [:]
            }
        let (table, target) = try table()
        for count in [1, 2, 99] where count < 2 || name == "mutual_information" || count == 99 {
            let step = FeatureStep(name, settings.merging(["features": .integer(count)]) { _, new in new })
            let fitted = try FeaturePlan(columns: [ColumnPlan(columns: Self.columns, steps: [step])]).fit(
                table, target: target, classes: classes)
            let expected: [Text] = count == 1 ? ["sign"] : count == 2 ? ["sign", "hint"] : Self.columns
            #expect(fitted.columns.map(\.name) == expected)
        }
    }

    @Test func `selection needs a finite target and is the last step`() throws {
        let (table, target) = try table()
        for name in ["mutual_information", "importance"] {
            func fit(_ steps: [FeatureStep], _ target: [Double]?) throws {
                _ = try FeaturePlan(columns: [ColumnPlan(columns: Self.columns, steps: steps)]).fit(table, target: target, classes: 2)
            }
            #expect(throws: MaxError.self) { try fit([FeatureStep(name)], nil) }
            #expect(throws: MaxError.self) { try fit([FeatureStep(name), FeatureStep("standard")], target) }
            #expect(throws: MaxError.self) { try fit([FeatureStep(name)], target.map { $0 == 0 ? .nan : $0 }) }
        }
    }

    @Test func `bins have a column each, and a missing value has zeros`() throws {
        let table = try Tables.read("x,y", (0..<100).map { "\($0 % 10),\($0 == 4 ? "" : "1")" }, types: [("x", .f64), ("y", .f64)])
        let step = FeatureStep("discretize", ["bins": 2, "encode": "one_hot"])
        let out = try FeaturePlan(columns: [ColumnPlan(columns: ["x", "y"], steps: [step])]).fit(table).matrix(of: table)
        #expect(out.columns.map(\.name) == ["bin 0 of x", "bin 1 of x", "bin 0 of y"])
        let first = (0..<10).map { out.value(row: $0, column: 0) }
        #expect(first == [1, 1, 1, 1, 1, 0, 0, 0, 0, 0])
        #expect(out.value(row: 3, column: 2) == 1 && out.value(row: 4, column: 2) == 0)
    }

    @Test func `free text becomes words, and texts of which no words recur are hashed`() throws {
        let words = ["red", "green", "blue", "round", "square", "large", "small", "old"]
        let sentences = (0..<200).map { (i: Int) -> String in
            let chosen = (0..<5).map { (k: Int) -> String in words[(i * (k + 3) + i / 8) % 8] }
            return chosen.joined(separator: " ") + " number \(i)"
        }
        let unique = (0..<200).map { (i: Int) -> String in (0..<4).map { "w\(i)x\($0)" }.joined(separator: " ") }
        let rows = zip(sentences, unique).map { (sentence: String, odd: String) -> String in
            "\(sentence),\(odd),id\(sentence.utf8.count)\(odd)"
        }
        let table = try Tables.read("note,odd,name", rows, types: [("note", .string), ("odd", .string), ("name", .string)])
        for needs in [[], [.complete, .scaled, .numbers]] as [Learner.Needs] {
            let (plan, reasons) = try FeaturePlan.standard(for: table, leaveOut: ["name"], needs: needs)
            let named = reasons.map { $0.reason }
            #expect(named[0].hasPrefix("free text (200 texts, 7 different") || named[0].hasPrefix("free text (200 texts, 6 different"))
            #expect(named[1].contains("by hash"))
            #expect(plan.columns.map { $0.steps[0].name } == ["ngrams", "text_hash"])
            let out = try plan.fit(table).matrix(of: table)
            #expect(out.columns.count > 128)
        }
    }
}
