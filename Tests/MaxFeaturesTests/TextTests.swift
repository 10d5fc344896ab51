import Glibc
import MaxFeatures
import MaxIR
import MaxLearning
import MaxSettings
import Testing

@Suite struct TextTests {
    private func table(_ texts: [String]) throws -> Table {
        try Tables.read("t,k", texts.map { "\($0),0" }, types: [("t", .string), ("k", .f64)])
    }

    private func fitted(_ step: FeatureStep, _ train: [String], _ test: [String]) throws -> (columns: [Text], rows: [[Double]]) {
        let out = try FeaturePlan(columns: [ColumnPlan(columns: ["t"], steps: [step])]).fit(try table(train)).matrix(of: try table(test))
        return (out.columns.map(\.name), (0..<out.rows).map { row in out.columns.indices.map { out.value(row: row, column: $0) } })
    }

    @Test func `a vocabulary holds what enough rows have, in the order of bytes`() throws {
        let step = FeatureStep("ngrams", ["weights": "counts", "norm": "none"])
        let found = try fitted(step, ["bb aa", "aa cc aa", "bb dd", "\"\""], ["aa aa bb", "unknown", "\"\"", ""])
        #expect(found.columns == ["t: aa", "t: bb"])
        #expect(found.rows[..<3] == [[2, 1], [0, 0], [0, 0]])
    }

    @Test func `rare words are left out by count, equals by their bytes`() throws {
        let step = FeatureStep("ngrams", ["weights": "counts", "norm": "none", "features": 2, "min_rows": 1])
        let found = try fitted(step, ["zz zz yy xx", "xx yy"], ["xx"])
        #expect(found.columns == ["t: xx", "t: yy"])
    }

    @Test func `the weights are those of scikit-learn`() throws {
        let found = try fitted(FeatureStep("ngrams", ["min_rows": 1]), ["aa bb", "aa", "aa cc"], ["aa bb"])
        let (a, b) = (log(4.0 / 4) + 1, log(4.0 / 2) + 1)
        let norm = (a * a + b * b).squareRoot()
        #expect(found.rows == [[a / norm, b / norm, 0]])
    }

    @Test func `nothing in common is an error, and lengths must be in order`() {
        #expect(throws: MaxError.self) { try fitted(FeatureStep("ngrams"), ["aa", "bb"], ["aa"]) }
        #expect(throws: MaxError.self) { try fitted(FeatureStep("ngrams", ["least": 3, "most": 2]), ["aa", "aa"], ["aa"]) }
        #expect(throws: MaxError.self) { try fitted(FeatureStep("text_hash", ["least": 3, "most": 2]), ["aa", "aa"], ["aa"]) }
    }

    @Test func `hashes need no fit and keep their sign`() throws {
        let step = FeatureStep("text_hash", ["buckets": 16, "norm": "none", "sublinear": true])
        let found = try fitted(step, ["x"], ["the cat the dog", "\"\"", "the"])
        #expect(found.rows[1].allSatisfy { $0 == 0 })
        #expect(found.rows[2].reduce(0) { $0 + abs($1) } == 1)
        #expect(found.rows.joined().allSatisfy { $0.isFinite })
    }
}
