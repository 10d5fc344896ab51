import MaxIR
import MaxSettings

extension Learners {
    /// Gradient-boosted trees on histograms.
    static let gbdt = Learner(
        "gbdt",
        "Gradient-boosted decision trees on histograms; missing values and categories as they are. Source: LightGBM (Ke et al. 2017).",
        tasks: [.binary, .multiclass, .regression, .ranking], settings: GBDT.settings,
        fit: { problem, settings throws(MaxError) in try GBDT.fit(problem, settings) })
}

/// The learner `gbdt`: its settings, and what they mean for the parts.
enum GBDT {
    static let settings: [Setting] = [
        Setting("trees", .integer(1...100_000), 100, "iterations of boosting; several classes grow a tree each"),
        Setting("rate", .number(1e-6...1), 0.1, "part of each tree's answer that is added"),
        Setting("leaves", .integer(2...4096), 31, "most leaves of a tree"),
        Setting("depth", .integer(0...64), 0, "most splits on a path; 0: no limit"),
        Setting(
            "growth", .choice(["leaf", "depth"]), "leaf",
            "leaf: the split that gains most is next; depth: level by level"),
        Setting("min_rows", .number(0...1e12), 20, "least rows of a leaf, counted by hessian"),
        Setting("min_hessian", .number(0...1e300), 1e-3, "least sum of second derivatives of a leaf"),
        Setting("min_gain", .number(0...1e300), 0, "least gain of a split"),
        Setting("l1", .number(0...1e300), 0, "L1 penalty of leaf values"),
        Setting("l2", .number(0...1e300), 0, "L2 penalty of leaf values"),
        Setting("bins", .integer(2...255), 255, "most bins of a column"),
        Setting(
            "objective", .choice(["auto", "squared", "absolute", "huber", "quantile", "poisson", "gamma", "tweedie"]), "auto",
            "regression: the loss; auto: squared"),
        Setting("alpha", .number(1e-9...1e300), 0.9, "quantile: which one; huber: the size of an error from which it counts linearly"),
        Setting("tweedie_power", .number(1.000_001...1.999_999), 1.5, "tweedie: the power of the variance"),
        Setting("rows", .number(1e-6...1), 1, "part of the rows that each tree sees"),
        Setting("rows_every", .integer(1...100_000), 1, "draw them anew after so many trees"),
        Setting("columns", .number(1e-6...1), 1, "part of the columns that each tree sees"),
        Setting("columns_by_node", .number(1e-6...1), 1, "part of those that each split sees"),
        Setting("monotone", .numberByName(-1...1), nil, "columns whose answer may only rise (1) or fall (-1)"),
        Setting("interactions", .groups, nil, "groups of columns that may meet on a path"),
        Setting(
            "early_stopping", .integer(0...100_000), 0, "stop after so many iterations without a better loss on held-out rows; 0: never"),
        Setting("cat_smooth", .number(0...1e12), 10, "pseudo-rows that smooth the order of categories"),
        Setting("cat_l2", .number(0...1e300), 10, "L2 penalty of splits by categories"),
        Setting("max_cat_side", .integer(1...255), 32, "most categories on the smaller side of a split"),
        Setting("max_cat_to_onehot", .integer(1...255), 4, "up to so many categories, one is split from the others"),
    ]

    static func fit(_ problem: Problem, _ settings: Settings) throws(MaxError) -> any FittedModel {
        try problem.check()
        var boosting = Boosting()
        boosting.trees = settings.integer("trees")
        boosting.rate = settings.number("rate")
        boosting.bins = settings.integer("bins")
        boosting.rowShare = settings.number("rows")
        boosting.rowsEvery = settings.integer("rows_every")
        boosting.columnShare = settings.number("columns")
        boosting.patience = settings.integer("early_stopping")
        boosting.limits = try limits(problem, settings)
        if boosting.patience > 0, problem.held == nil {
            throw MaxError(.usage, "early_stopping: \(boosting.patience): there are no held-out rows to watch")
        }
        let targets = Targets(values: problem.target, weights: problem.weights, queries: problem.queries)
        let crew = try Crew(threads: problem.threads)
        switch problem.task {
        case .binary: return try fitted(boosting, problem, try BinaryObjective(targets), crew)
        case .multiclass: return try fitted(boosting, problem, try SoftmaxObjective(targets, classes: problem.classes), crew)
        case .ranking: return try fitted(boosting, problem, try RankingObjective(targets), crew)
        case .regression: return try fitted(boosting, problem, try RegressionObjective(try loss(settings), targets), crew)
        case .anomaly, .clustering: throw MaxError(.usage, "gbdt: the task \(problem.task.rawValue) has nothing to predict")
        }
    }

    private static func fitted(
        _ boosting: Boosting, _ problem: Problem, _ objective: some Objective, _ crew: Crew
    ) throws(MaxError) -> any FittedModel {
        try BoostedTrees(
            try boosting.fit(problem, objective, crew: crew), objective, columns: problem.features.columns.count,
            element: problem.features.element)
    }

    private static func loss(_ settings: Settings) throws(MaxError) -> RegressionObjective.Loss {
        let alpha = settings.number("alpha")
        switch settings.text("objective") {
        case "absolute": return .absolute
        case "huber": return .huber(alpha)
        case "quantile":
            guard alpha < 1 else { throw MaxError(.usage, "alpha: found \(alpha), expected less than 1 for a quantile") }
            return .quantile(alpha)
        case "poisson": return .poisson
        case "gamma": return .gamma
        case "tweedie": return .tweedie(settings.number("tweedie_power"))
        default: return .squared
        }
    }

    private static func limits(_ problem: Problem, _ settings: Settings) throws(MaxError) -> GrowthLimits {
        var limits = GrowthLimits()
        limits.order = GrowthLimits.Order(rawValue: settings.text("growth")) ?? .leaf
        limits.leaves = settings.integer("leaves")
        limits.depth = settings.integer("depth")
        limits.minimumRows = settings.number("min_rows")
        limits.minimumHessian = settings.number("min_hessian")
        limits.minimumGain = settings.number("min_gain")
        limits.l1 = settings.number("l1")
        limits.l2 = settings.number("l2")
        limits.categorySmoothing = settings.number("cat_smooth")
        limits.categoryL2 = settings.number("cat_l2")
        limits.categoriesPerSide = settings.integer("max_cat_side")
        limits.oneAgainstOthers = settings.integer("max_cat_to_onehot")
        limits.columnsByNode = settings.number("columns_by_node")
        let columns = problem.features.columns
        func position(_ name: String, _ setting: String) throws(MaxError) -> Int {
            guard let found = columns.firstIndex(where: { $0.name == Text(name) }) else {
                let shown = columns.prefix(20).map(\.name.quoted).joined(separator: ", ") + (columns.count > 20 ? ", …" : "")
                throw MaxError(.usage, "\(setting): no feature \(Text(name).quoted): found \(shown)")
            }
            return found
        }
        let directions = settings.numberByName("monotone")
        if !directions.isEmpty {
            limits.monotone = [Int8](repeating: 0, count: columns.count)
            for (name, direction) in directions.sorted(by: { $0.key < $1.key }) {
                let at = try position(name, "monotone")
                guard columns[at].kind == .number else {
                    throw MaxError(.usage, "monotone: \(Text(name).quoted) is a category, which has no order")
                }
                guard direction == direction.rounded() else {
                    throw MaxError(.usage, "monotone.\(name): found \(direction), expected -1, 0 or 1")
                }
                limits.monotone[at] = Int8(direction)
            }
        }
        limits.interactions = try settings.groups("interactions").map { group throws(MaxError) in
            try group.map { name throws(MaxError) in try position(name, "interactions") }
        }
        return limits
    }
}
