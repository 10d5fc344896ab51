/// Every learner that there is, by name.
public enum Learners {
    public static let all: [Learner] = [
        gbdt, randomForest, extraTrees, isolationForest, linear, logistic, glm, multilayerPerceptron, nearestNeighbors, gaussianNaiveBayes,
        multinomialNaiveBayes, bernoulliNaiveBayes, kmeans,
    ]

    public static func named(_ name: String) -> Learner? { all.first { $0.name == name } }
}

extension Learners {
    /// `docs/learners.md`: every learner with its settings.
    public static var page: String {
        var out = "# Learners\n\nWritten by `maxai-train --learners` from the declarations.\n"
        for learner in all {
            let tasks = Task.allCases.filter(learner.tasks.contains).map(\.rawValue).joined(separator: ", ")
            out += "\n## \(learner.name)\n\n\(learner.summary)\n\n- tasks: \(tasks)\n"
            for setting in learner.settings {
                let standard = setting.defaultValue.map { " = \($0.shown)" } ?? ""
                out += "- `\(setting.name)`\(standard): \(setting.summary) (\(setting.kind.expectation))\n"
            }
        }
        return out
    }
}
