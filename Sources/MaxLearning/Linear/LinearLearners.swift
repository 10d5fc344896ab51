import MaxIR
import MaxSettings

extension Learners {
    private static let common: [Setting] = [
        Setting("intercept", .flag, true, "whether there is one"),
        Setting("tolerance", .number(1e-15...1), 1e-9, "stop where no derivative of the objective, in standardized columns, is larger"),
        Setting("iterations", .integer(1...1_000_000), 200, "most steps of Newton's method"),
    ]

    /// Least squares with penalties.
    static let linear = Learner(
        "linear",
        "Linear regression: mean of half the squared errors + alpha · (l1_ratio ‖w‖₁ + (1 - l1_ratio)/2 ‖w‖²). Source: scikit-learn ElasticNet; alpha 0 is least squares.",
        tasks: [.regression], needs: [.complete, .scaled, .numbers],
        settings: [
            Setting("alpha", .number(0...1e12), 0, "strength of the penalty"),
            Setting("l1_ratio", .number(0...1), 0, "part of it that is the sum of magnitudes; 1: lasso, 0: ridge"),
        ] + common,
        fit: { problem, settings throws(MaxError) in
            try LinearLearner.fit(
                problem, settings, GLMFamily(kind: .gaussian), alpha: settings.number("alpha"), ratio: settings.number("l1_ratio"),
                link: .identity)
        })

    static let logistic = Learner(
        "logistic",
        "Logistic regression, softmax for several classes: c · sum of log losses + l1_ratio ‖w‖₁ + (1 - l1_ratio)/2 ‖w‖². Source: scikit-learn LogisticRegression.",
        tasks: [.binary, .multiclass], needs: [.complete, .scaled, .numbers],
        settings: [
            Setting("c", .number(1e-12...1e12), 1, "inverse strength of the penalty"),
            Setting("l1_ratio", .number(0...1), 0, "part of it that is the sum of magnitudes"),
        ] + common,
        fit: { problem, settings throws(MaxError) in
            let total = problem.weights.map { $0.reduce(0, +) } ?? Double(problem.rows)
            let alpha = 1 / (settings.number("c") * max(total, 1e-300))
            let ratio = settings.number("l1_ratio")
            if problem.task == .binary {
                return try LinearLearner.fit(problem, settings, GLMFamily(kind: .binomial), alpha: alpha, ratio: ratio, link: .logistic)
            }
            return try LinearLearner.fit(
                problem, settings, SoftmaxFamily(outputs: problem.classes), alpha: alpha, ratio: ratio, link: .softmax)
        })

    static let glm = Learner(
        "glm",
        "Generalized linear model with a logarithmic link: mean of half the deviances + alpha · (l1_ratio ‖w‖₁ + (1 - l1_ratio)/2 ‖w‖²). Source: scikit-learn TweedieRegressor.",
        tasks: [.regression], needs: [.complete, .scaled, .numbers],
        settings: [
            Setting("family", .choice(["poisson", "gamma", "tweedie"]), "poisson", "the distribution of the target"),
            Setting("power", .number(1.000_001...1.999_999), 1.5, "tweedie: the power of the variance"),
            Setting("alpha", .number(0...1e12), 0, "strength of the penalty"),
            Setting("l1_ratio", .number(0...1), 0, "part of it that is the sum of magnitudes"),
        ] + common,
        fit: { problem, settings throws(MaxError) in
            let kind: GLMFamily.Kind =
                switch settings.text("family") {
                case "gamma": .gamma
                case "tweedie": .tweedie(settings.number("power"))
                default: .poisson
                }
            return try LinearLearner.fit(
                problem, settings, GLMFamily(kind: kind), alpha: settings.number("alpha"), ratio: settings.number("l1_ratio"),
                link: .exponential)
        })
}

/// What the linear learners share.
enum LinearLearner {
    static func fit(
        _ problem: Problem, _ settings: Settings, _ family: some LinearFamily, alpha: Double, ratio: Double, link: LinearModel.Link
    ) throws(MaxError) -> any FittedModel {
        try problem.check()
        try check(problem, family)
        let crew = try Crew(threads: problem.threads)
        let hasIntercept = settings.flag("intercept")
        let features = try StandardizedFeatures(problem.features, weights: problem.weights, centers: hasIntercept, crew: crew)
        let objective = LinearObjective(
            features, family, target: problem.target, weights: problem.weights, l1: alpha * ratio, l2: alpha * (1 - ratio),
            hasIntercept: hasIntercept, crew: crew)
        let solution = objective.solve(tolerance: settings.number("tolerance"), iterations: settings.integer("iterations")) { part in
            problem.progress(part, "optimizing")
        }
        guard solution.value.isFinite, solution.point.allSatisfy(\.isFinite) else {
            throw MaxError(.malformed, "the objective has no finite minimum that was found: add a penalty")
        }
        let used = solution.point.prefix(objective.width).count { $0 != 0 }
        return LinearModel(
            solution.point, features, outputs: family.outputs, hasIntercept: hasIntercept, link: link,
            facts: [
                ("iterations", "\(solution.iterations)"), ("objective", "\(solution.value)"),
                ("largest derivative", "\(solution.violation)"),
                ("weights not 0", "\(used) of \(objective.width)"),
            ])
    }

    private static func check(_ problem: Problem, _ family: some LinearFamily) throws(MaxError) {
        guard let glm = family as? GLMFamily else { return }
        switch glm.kind {
        case .poisson, .tweedie:
            if let row = problem.target.firstIndex(where: { $0 < 0 }) {
                throw MaxError(.malformed, "target: row \(row): found \(problem.target[row]), expected 0 or more for this family")
            }
            guard problem.target.contains(where: { $0 > 0 }) else {
                throw MaxError(.malformed, "target: all values are 0, expected some above")
            }
        case .gamma:
            if let row = problem.target.firstIndex(where: { $0 <= 0 }) {
                throw MaxError(.malformed, "target: row \(row): found \(problem.target[row]), expected more than 0 for the family gamma")
            }
        case .binomial:
            let first = problem.target.first ?? 0
            guard problem.target.contains(where: { $0 != first }) else {
                throw MaxError(.malformed, "target: one class only among the rows to learn from")
            }
        case .gaussian: break
        }
    }
}
