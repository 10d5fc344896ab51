import CMaxLearning
import MaxIR
import MaxSettings

extension Learners {
    private static func settings(bootstrap: Bool) -> [Setting] {
        [
            Setting("trees", .integer(1...100_000), 100, "how many"),
            Setting("leaves", .integer(2...10_000_000), 10_000_000, "most leaves of a tree"),
            Setting("depth", .integer(0...64), 0, "most splits on a path; 0: no limit"),
            Setting("min_rows", .number(0...1e12), 5, "least rows of a leaf"),
            Setting(
                "columns_by_node", .number(1e-6...1), nil,
                "part of the columns that a split sees; by default the square root of their number, all for regression"),
            Setting("bootstrap", .flag, .flag(bootstrap), "each tree learns from as many rows as there are, drawn with replacement"),
            Setting("bins", .integer(2...255), 255, "most bins of a column"),
        ]
    }

    static let randomForest = Learner(
        "random_forest",
        "Mean of trees on bootstrap samples, splits by variance (for two classes the Gini impurity); several classes: one forest each, normalized. Source: Breiman 2001.",
        tasks: [.binary, .multiclass, .regression], settings: settings(bootstrap: true),
        fit: { problem, settings throws(MaxError) in try Forest.fit(problem, settings, isRandom: false) })

    static let extraTrees = Learner(
        "extra_trees",
        "As random_forest, with one split by chance for each column, of which the best counts. Source: Geurts, Ernst, Wehenkel 2006.",
        tasks: [.binary, .multiclass, .regression], settings: settings(bootstrap: false),
        fit: { problem, settings throws(MaxError) in try Forest.fit(problem, settings, isRandom: true) })
}

/// Forests of trees that know nothing of each other.
enum Forest {
    static func fit(_ problem: Problem, _ settings: Settings, isRandom: Bool) throws(MaxError) -> any FittedModel {
        try problem.check()
        let crew = try Crew(threads: problem.threads)
        problem.progress(0, "bins")
        let features = BinnedFeatures(problem.features, bins: settings.integer("bins"), crew: crew)
        let columns = features.columns.count
        var limits = GrowthLimits()
        limits.order = .newest
        limits.leaves = settings.integer("leaves")
        limits.depth = settings.integer("depth")
        limits.minimumRows = settings.number("min_rows")
        limits.minimumHessian = 1e-12
        limits.isRandom = isRandom
        let isRegression = problem.task == .regression
        limits.columnsByNode =
            settings.optionalNumber("columns_by_node") ?? (isRegression ? 1 : Double(columns).squareRoot() / Double(columns))
        let targets = Targets(values: problem.target, weights: problem.weights, queries: nil)
        let outputs = problem.task == .multiclass ? problem.classes : 1
        var grown: [(tree: GrownTree, output: Int)] = []
        let trees = settings.integer("trees")
        let grower = TreeGrower(features, limits, crew: crew)
        for number in 0..<trees {
            for output in 0..<outputs {
                let seed = CounterGenerator.bits(UInt64(number * outputs + output), seed: problem.seed)
                let target = outputs > 1 ? problem.target.map { $0 == Double(output) ? 1 : 0 } : problem.target
                grown.append((tree(grower, target, targets, bootstrap: settings.flag("bootstrap"), seed: seed, columns), output))
            }
            problem.progress(Double(number + 1) / Double(trees), "tree \(number + 1) of \(trees)")
        }
        return try ForestModel(grown, features, problem, outputs: outputs)
    }

    private static func tree(
        _ grower: TreeGrower, _ target: [Double], _ targets: Targets, bootstrap: Bool, seed: UInt64, _ columns: Int
    ) -> GrownTree {
        let rows = target.count
        var counts = [Double](repeating: bootstrap ? 0 : 1, count: rows)
        if bootstrap { for draw in 0..<rows { counts[CounterGenerator.below(rows, UInt64(draw), seed: seed)] += 1 } }
        if let weights = targets.weights { for row in 0..<rows { counts[row] *= weights[row] } }
        let bag = (0..<rows).filter { counts[$0] > 0 }.map { UInt32($0) }
        var (sum, total) = (0.0, 0.0)
        for row in bag {
            sum += counts[Int(row)] * target[Int(row)]
            total += counts[Int(row)]
        }
        // Around the mean, so that what is rounded is small.
        let center = total > 0 ? sum / total : 0
        let (g, h) = (Block<Float>(rows, 0), Block<Float>(rows, 0))
        let gh = Block<UInt32>(rows, 0)
        var (topG, topH) = (Float(0), Float(0))
        for row in 0..<rows {
            g[row] = Float(counts[row] * (center - target[row]))
            h[row] = Float(counts[row])
            topG = max(topG, abs(g[row]))
            topH = max(topH, h[row])
        }
        let scales = TreeGrower.Scales(g: topG > 0 ? 32_000 / Double(topG) : 1, h: topH > 0 ? (64_000 / Double(topH)).rounded(.down) : 1)
        maxai_quantize(g.start, h.start, 0, rows, scales.g, scales.h, 0, seed, gh.start)
        grower.grow(rows: bag, gh: gh.start, scales: scales, allowed: [Bool](repeating: true, count: columns), seed: seed)
        grower.setValues(grower.leafSums(g.start, h.start).map { $0.h > 0 ? center - $0.g / $0.h : center })
        return grower.tree
    }
}

/// The mean of trees.
struct ForestModel: FittedModel {
    let ensemble: TreeEnsemble
    let task: Task
    let gains: [Double]
    let facts: [(name: String, value: String)]

    init(_ grown: [(tree: GrownTree, output: Int)], _ features: BinnedFeatures, _ problem: Problem, outputs: Int) throws(MaxError) {
        var builder = TreeEnsembleBuilder(outputs: outputs)
        var gains = [Double](repeating: 0, count: features.columns.count)
        for (tree, output) in grown {
            try tree.append(to: &builder, output: output, columns: features.columns)
            for node in tree.nodes { gains[node.column] += node.gain }
        }
        var ensemble = try builder.finish(
            threshold: problem.features.element, base: .f64([Double](repeating: 0, count: outputs)), setRule: .truncated,
            columns: features.columns.count)
        // Each output has its own trees: the mean is taken behind the sum.
        ensemble.aggregate = .sum
        self.ensemble = ensemble
        self.gains = gains
        task = problem.task
        facts = [("trees", "\(grown.count)"), ("leaves", "\(grown.reduce(0) { $0 + $1.tree.values.count })")]
    }

    var importance: [Double]? { gains }

    func append(to graph: inout GraphBuilder, features: ValueID) throws(MaxError) -> ModelOutputs {
        let sum = try graph.add(Ops.trees, [features], ensemble.attributes)
        let each = Double(ensemble.treeCount / max(ensemble.outputCount, 1))
        var raw = try graph.apply("div", [sum, try graph.constant(Tensor(scalar: each))])
        if ensemble.outputCount == 1 { raw = try graph.flat(raw) }
        switch task {
        case .binary: return ModelOutputs(raw: raw, probability: raw)
        case .multiclass:
            let total = try graph.apply("reduce_sum", [raw, try graph.constant(Tensor([Int64(1)]))], ["keepdims": .int(1)])
            let least = try graph.apply("max", [total, try graph.constant(Tensor(scalar: 1e-300))])
            return ModelOutputs(raw: raw, probability: try graph.apply("div", [raw, least]))
        default: return ModelOutputs(raw: raw, prediction: raw)
        }
    }
}
