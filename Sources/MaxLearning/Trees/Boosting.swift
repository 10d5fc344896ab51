import CMaxLearning
import Glibc
import MaxIR
import MaxSettings

/// Boosting in gradients: each tree is a Newton step of the loss on binned features.
///
/// Source: Friedman 2001; Chen, Guestrin 2016 (second order); Ke et al. 2017 (histograms, growth by leaf); Shi et al. 2022
/// (gradients quantized at random for the search of splits). Values of leaves come from gradients that were not quantized.
struct Boosting {
    var trees = 100
    var rate = 0.1
    var bins = BinBounds.maximumBins
    var limits = GrowthLimits()
    var rowShare = 1.0
    var rowsEvery = 1
    var columnShare = 1.0
    /// Stop after so many iterations without a better loss on the held-out rows; 0: never.
    var patience = 0

    /// Rows of which gradients are made in one go.
    private static let blockRows = 1 << 14
    /// What the largest gradient and hessian become; rounding up keeps within 16 bits.
    private static let gradientUnits = 32_000.0
    private static let hessianUnits = 64_000.0

    struct Result {
        var trees: [[GrownTree]]
        var columns: [BinnedFeatures.Column]
        var losses: [Double]
        var best: Int
        var why: String
        /// Scores of the training rows after the kept trees, output by output.
        var scores: [Double]
    }

    func fit(_ problem: Problem, _ objective: some Objective, crew: Crew) throws(MaxError) -> Result {
        let rows = problem.rows
        problem.progress(0, "bins")
        let features = BinnedFeatures(problem.features, bins: bins, crew: crew)
        let grower = TreeGrower(features, limits, crew: crew)
        let outputs = objective.outputs
        let score = Block<Double>(rows * outputs, 0)
        for k in 0..<outputs { (score.start + k * rows).update(repeating: objective.start[k], count: rows) }
        let (g, h) = (Block<Float>(rows * outputs, 0), Block<Float>(rows * outputs, 0))
        let gh = Block<UInt32>(rows, 0)
        let held = problem.held.map { held in
            HeldScores(held, BinnedFeatures(held.features, bins: bins, known: features.columns, crew: crew), start: objective.start)
        }
        var result = Result(trees: [], columns: features.columns, losses: [], best: 0, why: "all trees grown", scores: [])
        var bag: [UInt32]?
        for iteration in 0..<trees {
            gradients(objective, score, g, h, rows, crew)
            if rowShare < 1, iteration % max(rowsEvery, 1) == 0 { bag = draw(rows, iteration, problem.seed) }
            var grown: [GrownTree] = []
            for k in 0..<outputs {
                let seed = CounterGenerator.bits(UInt64(iteration * outputs + k), seed: problem.seed)
                let (gk, hk) = (g.start + k * rows, h.start + k * rows)
                let scales = quantize(gk, hk, rows, objective.hasConstantHessian, seed, gh, crew)
                let allowed = ColumnSample.pick(
                    [Bool](repeating: true, count: features.columns.count), share: columnShare, counter: 0, seed: seed)
                grower.grow(rows: bag, gh: gh.start, scales: scales, allowed: allowed, seed: seed)
                let values = leafValues(grower, objective, gk, hk, score.start + k * rows)
                grower.setValues(values)
                if let bag { addOutside(bag, grower.tree, features, score.start + k * rows, rows) }
                grower.addValues(to: score.start + k * rows)
                grown.append(grower.tree)
            }
            result.trees.append(grown)
            if let held {
                held.add(grown, crew)
                let loss = objective.loss(held.scores.start, held.targets)
                result.losses.append(loss)
                if loss < result.losses[result.best] || result.losses.count == 1 { result.best = result.losses.count - 1 }
                if patience > 0, result.losses.count - 1 - result.best >= patience {
                    result.why = "no better loss on the held-out rows for \(patience) iterations"
                    break
                }
            } else {
                result.best = iteration
            }
            problem.progress(Double(iteration + 1) / Double(trees), "tree \(iteration + 1) of \(trees)")
            if grown.allSatisfy(\.nodes.isEmpty), rowShare == 1, columnShare == 1, limits.columnsByNode == 1 {
                result.why = "no split gains anything"
                break
            }
        }
        if patience > 0, held != nil { result.trees.removeLast(result.trees.count - 1 - result.best) }
        result.scores = Array(UnsafeBufferPointer(start: score.start, count: rows * outputs))
        return result
    }

    private func gradients(
        _ objective: some Objective, _ score: Block<Double>, _ g: Block<Float>, _ h: Block<Float>, _ rows: Int, _ crew: Crew
    ) {
        crew.pieces(of: rows, size: Self.blockRows) { _, range in objective.gradients(score.start, range, g.start, h.start) }
    }

    private func quantize(
        _ g: UnsafeMutablePointer<Float>, _ h: UnsafeMutablePointer<Float>, _ rows: Int, _ isConstant: Bool, _ seed: UInt64,
        _ gh: Block<UInt32>, _ crew: Crew
    ) -> TreeGrower.Scales {
        let pieces = (rows + Self.blockRows - 1) / Self.blockRows
        let limits = Block<Float>(pieces * 2, 0)
        crew.pieces(of: rows, size: Self.blockRows) { piece, range in
            maxai_gradient_limits(
                g + range.lowerBound, h + range.lowerBound, range.count, limits.start + piece * 2, limits.start + piece * 2 + 1)
        }
        var (topG, topH) = (Float(0), Float(0))
        for piece in 0..<pieces {
            topG = max(topG, limits[piece * 2])
            topH = max(topH, limits[piece * 2 + 1])
        }
        let scales = TreeGrower.Scales(
            g: topG > 0 ? Self.gradientUnits / Double(topG) : 1, h: isConstant || topH <= 0 ? 1 : Self.hessianUnits / Double(topH))
        crew.pieces(of: rows, size: Self.blockRows) { _, range in
            maxai_quantize(
                g + range.lowerBound, h + range.lowerBound, range.lowerBound, range.count, scales.g, scales.h, isConstant ? 1 : 0, seed,
                gh.start + range.lowerBound)
        }
        return scales
    }

    private func leafValues(
        _ grower: TreeGrower, _ objective: some Objective, _ g: UnsafeMutablePointer<Float>, _ h: UnsafeMutablePointer<Float>,
        _ score: UnsafeMutablePointer<Double>
    ) -> [Double] {
        if let share = objective.leafQuantile, let regression = objective as? RegressionObjective {
            var values = [Double](repeating: 0, count: grower.tree.leafRows.count)
            grower.forEachLeaf { leaf, rows in
                let residuals = rows.map { regression.targets.values[Int($0.row)] - score[Int($0.row)] }
                let weights = regression.targets.weights.map { weights in rows.map { weights[Int($0.row)] } }
                values[leaf] = Quantile.of(residuals, weights, share) * rate
            }
            return values
        }
        let bounds = grower.leafBounds
        return grower.leafSums(g, h).enumerated().map { leaf, sums in
            let value = limits.value(sums.g, sums.h, l2: limits.l2)
            return min(max(value, bounds[leaf].lowerBound), bounds[leaf].upperBound) * rate
        }
    }

    /// The rows of an iteration's bag: each is in it with the share's chance, decided by its number.
    private func draw(_ rows: Int, _ iteration: Int, _ seed: UInt64) -> [UInt32] {
        let base = CounterGenerator.bits(UInt64(iteration), seed: seed ^ 0x6261_6767_696e_67)
        let bag = (0..<rows).filter { CounterGenerator.unit(UInt64($0), seed: base) < rowShare }.map { UInt32($0) }
        return bag.isEmpty ? [0] : bag
    }

    private func addOutside(
        _ bag: [UInt32], _ tree: GrownTree, _ features: BinnedFeatures, _ score: UnsafeMutablePointer<Double>, _ rows: Int
    ) {
        var next = 0
        for row in 0..<rows {
            if next < bag.count, bag[next] == UInt32(row) { next += 1 } else { score[row] += tree.values[tree.leaf(features, row: row)] }
        }
    }
}

/// Scores of rows that nothing is learned from.
final class HeldScores {
    let targets: Targets
    let scores: Block<Double>
    private let features: BinnedFeatures

    init(_ held: Problem.Held, _ features: BinnedFeatures, start: [Double]) {
        targets = Targets(values: held.target, weights: held.weights, queries: held.queries)
        self.features = features
        scores = Block(features.rows * start.count, 0)
        for (k, value) in start.enumerated() { (scores.start + k * features.rows).update(repeating: value, count: features.rows) }
    }

    func add(_ trees: [GrownTree], _ crew: Crew) {
        crew.pieces(of: features.rows, size: 4096) { _, range in
            for (k, tree) in trees.enumerated() {
                for row in range { scores.start[k * features.rows + row] += tree.values[tree.leaf(features, row: row)] }
            }
        }
    }
}
