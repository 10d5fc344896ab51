import MaxIR
import MaxLearning
import MaxSettings
import Testing

@Suite struct LinearTests {
    static func problem(_ task: Task, threads: Int = 1) throws -> Problem {
        let columns = Learning.numbers(20_000, 4).enumerated().map { index, column in
            column.map { $0 * [1, 100, 1e-3, 5][index] + Double(index) }
        }
        let z = (0..<20_000).map { columns[0][$0] - 0.01 * columns[1][$0] + 300 * columns[2][$0] }
        let features = try Learning.features(columns)
        switch task {
        case .binary:
            return Problem(
                task, features: features, target: z.enumerated().map { ($0 * 7 % 11) > 7 ? 0 : $1 > 0 ? 1 : 0 }, classes: 2,
                threads: threads)
        case .multiclass:
            return Problem(task, features: features, target: z.map { $0 > 1 ? 2 : $0 > 0 ? 1 : 0 }, classes: 3, threads: threads)
        default: return Problem(task, features: features, target: z, threads: threads)
        }
    }

    static func fact(_ name: String, _ model: any FittedModel) -> Double {
        model.facts.first { $0.name == name }.flatMap { Double($0.value) } ?? .nan
    }

    @Test func leastSquaresFindsTheLine() throws {
        let problem = try Self.problem(.regression)
        let model = try Learning.fit("linear", problem)
        let prediction = try Learning.predict(model, problem.features, output: "prediction")
        #expect(zip(prediction, problem.target).allSatisfy { abs($0 - $1) < 1e-9 })
    }

    @Test(arguments: [("linear", Task.regression), ("logistic", .binary), ("logistic", .multiclass), ("glm", .regression)])
    func theOptimumIsReachedAndThreadsChangeNothing(learner: String, task: Task) throws {
        var problem = try Self.problem(task)
        if learner == "glm" { problem.target = problem.target.map { abs($0) } }
        let settings: [String: SettingValue] = learner == "logistic" ? [:] : ["alpha": 0.01]
        let one = try Learning.fit(learner, problem, settings)
        #expect(Self.fact("largest derivative", one) < 1e-7)
        problem.threads = 3
        let three = try Learning.fit(learner, problem, settings)
        let (a, b) = (try Learning.predict(one, problem.features), try Learning.predict(three, problem.features))
        #expect(a.map(\.bitPattern) == b.map(\.bitPattern))
    }

    @Test func anL1PenaltyLeavesWeightsOut() throws {
        let model = try Learning.fit("linear", try Self.problem(.regression), ["alpha": 0.2, "l1_ratio": 1])
        #expect(Self.fact("largest derivative", model) < 1e-8)
        let importance = try #require(model.importance)
        #expect(importance[3] == 0 && importance[0] > 0)
    }

    @Test func missingValuesAndImpossibleTargetsAreNamed() throws {
        let columns = [[1, 2, .nan, 4], [1, 1, 1, 1]]
        let features = try Learning.features(columns)
        let problem = Problem(.regression, features: features, target: [1, 2, 3, 4])
        let missing = Learning.failure { _ = try Learning.fit("linear", problem) }
        #expect(missing?.message == "feature \"x0\": row 2: found nan, expected a finite number: add the step impute")
        let negative = Problem(.regression, features: try Learning.features([[1, 2, 3]]), target: [1, -2, 3])
        #expect(Learning.failure { _ = try Learning.fit("glm", negative) }?.message.contains("row 1: found -2.0") == true)
        let single = Problem(.binary, features: try Learning.features([[1, 2, 3]]), target: [1, 1, 1], classes: 2)
        #expect(Learning.failure { _ = try Learning.fit("logistic", single) }?.message.contains("one class only") == true)
    }

    @Test func aConstantAndARepeatedColumnDoNoHarm() throws {
        let base = Learning.numbers(500, 1)[0]
        let features = try Learning.features([base, base, [Double](repeating: 7, count: 500)])
        let problem = Problem(.regression, features: features, target: base.map { 2 * $0 + 1 })
        let prediction = try Learning.predict(try Learning.fit("linear", problem), features)
        #expect(zip(prediction, problem.target).allSatisfy { abs($0 - $1) < 1e-8 })
    }
}
