import MaxEvaluation
import MaxIR
import Testing

private typealias Evaluation = MaxEvaluation.Evaluation

@Suite struct EvaluationTests {
    static let scored: Scored = {
        var random = SplitMix64(seed: 5)
        let scores = (0..<300).map { _ in Double(random.below(1000)) / 1000 }
        return Scored(target: scores.map { Double(random.below(1000)) / 1000 < $0 ? 1 : 0 }, prediction: scores, classes: 2)
    }()
    static let groups: [Text] = (0..<300).map { $0 % 3 == 0 ? "a" : "b" }

    private static func evaluation() -> Evaluation {
        Evaluation(task: .binary, scored: scored, segments: [("s", groups)], groups: [("g", groups)], target: "y", sample: "hold-out")
    }

    @Test func jsonComesBack() throws {
        let bytes = Self.evaluation().json
        #expect(try Evaluation(json: bytes).json == bytes)
        for task in EvaluationTask.allCases {
            let empty = Evaluation(task: task, scored: Scored(target: [], prediction: [])).json
            #expect(try Evaluation(json: empty).json == empty)
        }
    }

    @Test func nothingTraps() {
        let tails: [[Double]] = [[], [.nan], [0], [1, 0, .infinity], [1e308, -1e308], [0, 1, 2, 1e19], [-1, 1]]
        for metric in Metrics.all {
            for target in tails {
                for prediction in tails {
                    for classes in 1...3 {
                        let found = metric.value(
                            Scored(target: target, prediction: prediction, classes: classes, weights: nil, queries: [1, .max, 1]))
                        #expect(found.value.isNaN == (found.reason != nil))
                    }
                }
            }
        }
    }

    @Test func hostileJSONIsRefusedWithItsPlace() {
        let bytes = Self.evaluation().json
        for end in stride(from: 0, to: bytes.count - 1, by: 97) {
            #expect(throws: MaxError.self) { try Evaluation(json: Array(bytes[..<end])) }
        }
        #expect {
            try Evaluation(json: Array(#"{"format": "maxai-evaluation", "version": 1, "task": 3}"#.utf8))
        } throws: {
            "\($0)".contains("task")
        }
    }

    @Test func thresholdsKeepWhatTheyPromise() throws {
        let best = try #require(Threshold.atPrecision(Self.scored, 0.8))
        var at = Self.scored
        at.threshold = best.value
        #expect(try Metrics.named("precision").value(at).value >= 0.8)
        let costs = Threshold.Costs(falsePositive: 0, falseNegative: 1)
        #expect(Threshold.leastCost(Self.scored, costs)?.objective == 0)
    }

    @Test func fairnessOfEqualGroupsHasNoGap() throws {
        var twice = Self.scored
        twice.target += twice.target
        twice.prediction += twice.prediction
        let names = [Text](repeating: "a", count: 300) + [Text](repeating: "b", count: 300)
        let found = try #require(Fairness(column: "g", values: names, scored: twice))
        #expect(found.gaps.demographicParityDifference == 0)
        #expect(found.gaps.demographicParityRatio == 1)
        #expect(found.gaps.equalisedOddsDifference == 0)
    }

    @Test func irrelevantColumnHasNoImportance() throws {
        let scored = Self.scored
        let found = Importance.permutation(
            columns: ["noise", "score"], scored: scored, metric: try Metrics.named("auc"), seed: 1
        ) { column, order in column == 0 ? scored.prediction : order.map { scored.prediction[$0] } }
        #expect(found.map(\.column) == ["score", "noise"])
        #expect(found[1].mean == 0)
        #expect(found[0].mean > 0.1)
    }
}
