import MaxFeatures
import MaxIR
import MaxLearning
import MaxSettings
import Testing

@Suite struct TransformTests {
    private func table(_ values: [Double]) throws -> Table {
        try Tables.read("x,k", values.map { $0.isNaN ? ",0" : "\($0),0" }, types: [("x", .f64), ("k", .f64)])
    }

    /// What a step learned from the first column gives for the second.
    private func fitted(_ step: FeatureStep, _ train: [Double], _ test: [Double]) throws -> [Double] {
        let out = try FeaturePlan(columns: [ColumnPlan(columns: ["x"], steps: [step])]).fit(try table(train)).matrix(of: try table(test))
        return (0..<out.rows).map { out.value(row: $0, column: 0) }
    }

    @Test func `quantiles are the part of the rows below, ties in the middle`() throws {
        let found = try fitted(FeatureStep("quantile"), [1, 2, 2, 2, 3], [0, 1, 2, 2.5, 3, 4, .nan, -.infinity, .infinity, -0.0])
        #expect(found[..<6] == [0, 0, 0.5, 0.875, 1, 1])
        #expect(found[6].isNaN)
        #expect(found[7...] == [0, 1, 0])
    }

    @Test func `normal output is bounded and symmetric`() throws {
        let values = (0..<1001).map { Double($0) }
        let found = try fitted(FeatureStep("quantile", ["output": "normal"]), values, [-1e300, 0, 250, 500, 750, 1000, .infinity, .nan])
        #expect(found[0] == found[1] && found[5] == found[6])
        #expect(abs(found[0] + 5.199337582605575) < 1e-12)
        #expect(found[3] == 0)
        #expect(abs(found[2] + found[4]) < 1e-12)
        #expect(abs(found[4] - 0.6744897501960817) < 1e-12)
        #expect(found[7].isNaN)
    }

    @Test(arguments: ["quantile", "power"])
    func `a constant, huge and tiny numbers stay finite`(name: String) throws {
        let spread = (0..<200).map { Double(($0 * 37) % 101) - 50 }
        for values in [
            Array(repeating: 3.1, count: 50), spread.map { $0 * 1e100 }, spread.map { $0 * 1e-300 }, spread.map { 1e9 + $0 }, [5],
        ] {
            let found = try fitted(FeatureStep(name), values, values)
            #expect(found.allSatisfy { $0.isFinite && abs($0) < 100 })
        }
    }

    @Test func `an empty column has no quantiles`() {
        #expect(throws: MaxError.self) { try fitted(FeatureStep("quantile"), [.nan, .nan], [1]) }
        #expect(throws: MaxError.self) { try fitted(FeatureStep("quantile"), [.infinity, .infinity], [1]) }
    }

    @Test func `power makes a skewed column symmetric`() throws {
        let skewed = (1...400).map { Double($0 * $0) }
        for settings in [[:], ["method": "box_cox"]] as [[String: SettingValue]] {
            let found = try fitted(FeatureStep("power", settings), skewed, skewed)
            let mean = found.reduce(0, +) / 400
            let square = found.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / 400
            let skew = found.reduce(0) { $0 + ($1 - mean) * ($1 - mean) * ($1 - mean) } / 400
            #expect(abs(mean) < 1e-9 && abs(square - 1) < 1e-9 && abs(skew) < 0.4)
        }
    }

    @Test func `Box-Cox takes numbers above 0 only, and gives NaN for others later`() throws {
        #expect(throws: MaxError.self) { try fitted(FeatureStep("power", ["method": "box_cox"]), [1, 2, 0], [1]) }
        let found = try fitted(FeatureStep("power", ["method": "box_cox"]), [1, 2, 3, .nan], [-1, .nan, 2])
        #expect(found[0].isNaN && found[1].isNaN && found[2].isFinite)
    }
}
