import MaxIR
import MaxLearning
import MaxSettings
import Testing

@Suite struct BoostingTests {
    static let rows = 3000

    /// Numbers, one with missing values, and a category that matters.
    static func columns() -> (columns: [[Double]], z: [Double]) {
        var columns = Learning.numbers(rows, 5)
        for row in stride(from: 0, to: rows, by: 7) { columns[1][row] = .nan }
        columns[4] = columns[4].map { (($0 + 1) * 6).rounded(.down) }
        let z = (0..<rows).map { row in
            columns[0][row] * 2 + (columns[1][row].isNaN ? 1 : columns[1][row])
                + (columns[4][row].truncatingRemainder(dividingBy: 3) == 1 ? 1.5 : 0)
        }
        return (columns, z)
    }

    static func problem(_ task: Task, element: ElementType = .f64, threads: Int = 1) throws -> Problem {
        let (columns, z) = columns()
        let features = try Learning.features(columns, categories: [4: 12], element: element)
        switch task {
        case .binary: return Problem(task, features: features, target: z.map { $0 > 0.8 ? 1 : 0 }, classes: 2, threads: threads)
        case .multiclass:
            return Problem(task, features: features, target: z.map { $0 > 1.5 ? 2 : $0 > 0 ? 1 : 0 }, classes: 3, threads: threads)
        case .ranking:
            return Problem(
                task, features: features, target: z.map { max(0, min(4, $0.rounded())) }, queries: [Int](repeating: 30, count: rows / 30),
                threads: threads)
        default: return Problem(task, features: features, target: z, threads: threads)
        }
    }

    @Test(arguments: [Task.binary, .multiclass, .regression, .ranking], [ElementType.f64, .f32])
    func theRuntimeGivesTheScoresOfTrainingBitForBit(task: Task, element: ElementType) throws {
        let problem = try Self.problem(task, element: element)
        let model = try Learning.fit("gbdt", problem, ["trees": 20])
        let boosted = try #require(model as? BoostedTrees)
        let raw = try Learning.predict(model, problem.features)
        let outputs = boosted.scores.count / Self.rows
        for row in 0..<Self.rows {
            for k in 0..<outputs where boosted.scores[k * Self.rows + row].bitPattern != raw[row * outputs + k].bitPattern {
                Issue.record("row \(row), output \(k): training \(boosted.scores[k * Self.rows + row]), runtime \(raw[row * outputs + k])")
                return
            }
        }
    }

    @Test(arguments: [Task.binary, .multiclass, .regression, .ranking])
    func theNumberOfThreadsChangesNothing(task: Task) throws {
        let settings: [String: SettingValue] = ["trees": 10, "rows": 0.7, "columns": 0.8, "columns_by_node": 0.7]
        let one = try #require(try Learning.fit("gbdt", Self.problem(task), settings) as? BoostedTrees)
        for threads in [2, 3] {
            let other = try #require(try Learning.fit("gbdt", Self.problem(task, threads: threads), settings) as? BoostedTrees)
            #expect(other.ensemble == one.ensemble)
        }
    }

    @Test(arguments: ["squared", "absolute", "huber", "quantile", "poisson", "gamma", "tweedie"])
    func everyObjectiveBeatsAConstant(objective: String) throws {
        var problem = try Self.problem(.regression)
        problem.target = problem.target.map { $0 + 6 }
        let model = try Learning.fit("gbdt", problem, ["objective": .text(objective), "trees": 40])
        let prediction = try Learning.predict(model, problem.features, output: "prediction")
        let mean = problem.target.reduce(0, +) / Double(Self.rows)
        let own = zip(prediction, problem.target).reduce(0) { $0 + abs($1.0 - $1.1) }
        let trivial = problem.target.reduce(0) { $0 + abs($1 - mean) }
        #expect(own < trivial * (objective == "quantile" ? 0.9 : 0.3))
    }

    @Test func aMonotoneColumnNeverTurns() throws {
        var problem = try Self.problem(.regression)
        let noise = Learning.numbers(Self.rows, 1, seed: 3)[0]
        problem.target = zip(problem.target, noise).map { $0 - 2 * $1 }
        let model = try Learning.fit("gbdt", problem, ["monotone": .table(["x0": 1, "x2": -1]), "trees": 50, "min_rows": 5])
        for (column, direction) in [(0, 1.0), (2, -1.0)] {
            for row in stride(from: 0, to: 200, by: 20) {
                var grid = (0..<5).map { k in [Double](repeating: problem.features.value(row: row, column: k), count: 101) }
                grid[column] = (0...100).map { -1.2 + 0.024 * Double($0) }
                let answers = try Learning.predict(model, try Learning.features(grid, categories: [4: 12]))
                #expect(zip(answers, answers.dropFirst()).allSatisfy { ($1 - $0) * direction >= 0 })
            }
        }
    }

    @Test func columnsOfDifferentGroupsNeverMeet() throws {
        let groups: SettingValue = .list([.list(["x0", "x1"]), .list(["x2", "x3", "x4"])])
        let model = try #require(
            try Learning.fit("gbdt", Self.problem(.regression), ["interactions": groups, "trees": 30]) as? BoostedTrees)
        let ensemble = model.ensemble
        func walk(_ node: Int32, _ seen: Set<Int32>) {
            guard node >= 0 else {
                #expect(seen.isSubset(of: [0, 1]) || seen.isSubset(of: [2, 3, 4]))
                return
            }
            let path = seen.union([ensemble.column[Int(node)]])
            walk(ensemble.trueChild[Int(node)], path)
            walk(ensemble.falseChild[Int(node)], path)
        }
        for root in ensemble.roots { walk(root, []) }
    }

    @Test func earlyStoppingKeepsTheBestIteration() throws {
        var problem = try Self.problem(.regression)
        let noise = Learning.numbers(Self.rows, 1, seed: 5)[0]
        problem.target = zip(problem.target, noise).map { $0 + 3 * $1 }
        let other = try Self.problem(.regression)
        problem.held = Problem.Held(features: other.features, target: other.target)
        let model = try #require(try Learning.fit("gbdt", problem, ["trees": 500, "rate": 0.3, "early_stopping": 10]) as? BoostedTrees)
        #expect(model.ensemble.treeCount < 200)
        #expect(model.facts.contains { $0.name == "stopped" && $0.value.contains("held-out") })
    }

    @Test func aWeightOfTwoIsARowTwice() throws {
        let (columns, z) = Self.columns()
        let weights = (0..<Self.rows).map { Double($0 % 3) }
        let twice = (0..<Self.rows).flatMap { row in [Int](repeating: row, count: row % 3) }
        var weighted = Problem(.regression, features: try Learning.features(columns, categories: [4: 12]), target: z)
        weighted.weights = weights
        let repeated = Problem(
            .regression, features: try Learning.features(columns.map { column in twice.map { column[$0] } }, categories: [4: 12]),
            target: twice.map { z[$0] })
        let settings: [String: SettingValue] = ["trees": 30, "min_rows": 1]
        let a = try Learning.predict(try Learning.fit("gbdt", weighted, settings), weighted.features)
        let b = try Learning.predict(try Learning.fit("gbdt", repeated, settings), weighted.features)
        let difference = zip(a, b).reduce(0) { $0 + abs($1.0 - $1.1) } / Double(Self.rows)
        #expect(difference < 0.1)
    }

    @Test func whatCannotBeLearnedFromIsNamed() throws {
        func message(_ change: (inout Problem) -> Void, _ settings: [String: SettingValue] = [:], task: Task = .binary) throws -> String {
            var problem = try Self.problem(task)
            change(&problem)
            let changed = problem
            return Learning.failure { _ = try Learning.fit("gbdt", changed, settings) }?.message ?? ""
        }
        #expect(try message { $0.target = $0.target.map { _ in 1 } }.contains("one class only"))
        #expect(try message { $0.target[3] = .nan } == "target: row 3: found nan, expected a finite number")
        #expect(try message { $0.weights = [Double](repeating: 0, count: Self.rows) } == "weights: all are 0")
        #expect(try message({ $0.weights = [Double](repeating: -1, count: Self.rows) }).contains("weights: row 0: found -1.0"))
        #expect(try message({ _ in }, ["monotone": .table(["age": 1])]).contains("no feature \"age\""))
        #expect(try message({ _ in }, ["monotone": .table(["x4": 1])]).contains("is a category"))
        #expect(try message({ _ in }, ["early_stopping": 5]).contains("no held-out rows"))
        #expect(
            try message(
                {
                    $0.target = $0.target.map(abs); $0.target[9] = -1
                }, ["objective": "poisson"], task: .regression
            ).contains("row 9: found -1.0"))
        #expect(try message({ $0.queries = [1] }, task: .ranking).contains("the queries have 1 rows"))
    }

    @Test func tailsOfTheDataAreValuesLikeOthers() throws {
        var columns = Learning.numbers(400, 2)
        columns[0] = (0..<400).map { [Double.nan, .infinity, -.infinity, 1e300, -1e300, Double.leastNonzeroMagnitude, -0.0, 0][$0 % 8] }
        columns.append([Double](repeating: .nan, count: 400))
        columns.append([Double](repeating: 3, count: 400))
        let target = (0..<400).map { Double([5, 1, 2, 7, 4, 6, 6, 6][$0 % 8]) }
        let problem = Problem(.regression, features: try Learning.features(columns), target: target)
        let model = try Learning.fit("gbdt", problem, ["trees": 100, "min_rows": 1, "rate": 0.5])
        let boosted = try #require(model as? BoostedTrees)
        let prediction = try Learning.predict(model, problem.features)
        #expect(prediction.map(\.bitPattern) == boosted.scores.map(\.bitPattern))
        for row in 0..<400 { #expect(abs(prediction[row] - target[row]) < 0.1) }
    }
}
