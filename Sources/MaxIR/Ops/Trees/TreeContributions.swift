extension Ops {
    /// How much each column of `x` moves a score away from what the trees give on average over their training data: the
    /// Shapley values of the game in which an unknown column takes both sides of its tests, weighed by cover.
    ///
    /// - Operand `x`: f32 or f64 `[N, F]`.
    /// - Attributes: those of `trees`, with `node_cover` and `leaf_cover`; aggregate sum or average; no linear leaves.
    /// - Result `y`: f64 `[N, K, F + 2]`: F contributions, the base (the average score), and a rest. Added in f64 in this
    ///   order they give the score that `trees` gives, exactly: `((c₀ + c₁ + …) + base) + rest`. The rest is what rounding
    ///   left; where the score is so much smaller than its parts that one number cannot hold that, the base takes part of
    ///   it. Of a score that is not finite the base is the score, and everything else 0.
    ///
    /// A leaf with value v whose path has the columns D adds, for column i,
    ///
    ///     v · (o_i - z_i) · ∫₀¹ Π_{j ∈ D, j ≠ i} (z_j · (1 - t) + o_j · t) dt
    ///
    /// z: the part of the training data that takes the path's side at the column's tests; o: 1 where the row does, else 0.
    /// Expanding the product gives the sum over subsets of the Shapley value, as ∫ t^s (1 - t)^(d-1-s) dt is
    /// s! (d-1-s)! / d!. The integrand is a polynomial of degree d - 1, which Gauss–Legendre quadrature integrates exactly.
    /// Source: Lundberg et al. 2020 (path-dependent TreeSHAP); Owen 1972 (multilinear extension).
    public static let treeContributions = Operator(
        "tree_contributions",
        "Path-dependent TreeSHAP: per output the contribution of every column, the base and the rest, whose sum is the score. Source: Lundberg et al. 2020.",
        operands: [.one("x", [.f32, .f64])], attributes: TreeEnsemble.attributeSpecs,
        infer: { node throws(MaxError) in
            let x = try node.tensorType(0)
            if let rank = x.rank, rank != 2 { throw MaxError(.malformed, "operand is \(x), expected rank 2") }
            let ensemble = try TreeEnsemble(node, columns: x.shape?[1].fixed)
            guard ensemble.linear == nil else {
                throw MaxError(.unsupported, "linear_base: contributions of linear leaves cannot be given")
            }
            guard ensemble.leafCover.count == ensemble.leafCount else {
                throw MaxError(.malformed, "leaf_cover: found none, expected one per leaf")
            }
            let width = try x.shape?[1].fixed.map { columns throws(MaxError) in try columns.adding(2, "contributions") }
            return [
                .tensor(TensorType(.f64, [x.shape?[0] ?? .unknown, .fixed(ensemble.outputCount), width.map { .fixed($0) } ?? .unknown]))
            ]
        },
        evaluate: { node throws(MaxError) in
            let x = try node.tensor(0)
            guard x.rank == 2 else { throw node.malformed("operand is \(x.type), expected rank 2") }
            return [.tensor(try TreeEnsemble(node, columns: x.shape[1]).contributions(x))]
        })

    /// The leaf of every tree that a row reaches.
    ///
    /// - Operand `x`: f32 or f64 `[N, F]`.
    /// - Attributes: those of `trees`.
    /// - Result `y`: i64 `[N, T]`: the source's number of the leaf within its tree (`leaf_ids`); where there is none, the
    ///   position of the leaf among all leaves.
    public static let treeLeaves = Operator(
        "tree_leaves",
        "The number of the leaf that each row reaches in each tree. Source: XGBoost `pred_leaf`, scikit-learn `apply`.",
        operands: [.one("x", [.f32, .f64])], attributes: TreeEnsemble.attributeSpecs,
        infer: { node throws(MaxError) in
            let x = try node.tensorType(0)
            if let rank = x.rank, rank != 2 { throw MaxError(.malformed, "operand is \(x), expected rank 2") }
            let ensemble = try TreeEnsemble(node, columns: x.shape?[1].fixed)
            return [.tensor(TensorType(.i64, [x.shape?[0] ?? .unknown, .fixed(ensemble.treeCount)]))]
        },
        evaluate: { node throws(MaxError) in
            let x = try node.tensor(0)
            guard x.rank == 2 else { throw node.malformed("operand is \(x.type), expected rank 2") }
            let ensemble = try TreeEnsemble(node, columns: x.shape[1])
            let shape = [x.shape[0], ensemble.treeCount]
            _ = try elementCount(of: shape, limit: Limits.evaluatedElements)
            let numbers = try ensemble.reachedLeaves(x).flatMap { leaves in leaves.map { ensemble.number(ofLeaf: $0) } }
            return [.tensor(Tensor(numbers, shape: shape))]
        })
}

extension TreeEnsemble {
    /// What the source calls a leaf.
    package func number(ofLeaf leaf: Int32) -> Int64 { leafIDs.isEmpty ? Int64(leaf) : Int64(leafIDs[Int(leaf)]) }

    /// The score that the trees give on average over their training data, one per output.
    package func averageScores(_ paths: TreePaths) -> [Double] {
        var out = (0..<outputCount).map { base.number($0) }
        for path in 0..<paths.count {
            let slots = Int(paths.slotStart[path])..<Int(paths.slotStart[path + 1])
            let weight = slots.reduce(1.0) { $0 * paths.slotZero[$1] }
            for k in 0..<leafStride {
                out[Int(treeOutput[Int(paths.tree[path])]) + k] += leafValues.number(Int(paths.leaf[path]) * leafStride + k) * weight
            }
        }
        return aggregate == .average && treeCount > 0 ? out.map { $0 / Double(treeCount) } : out
    }

    func contributions(_ x: Tensor) throws(MaxError) -> Tensor {
        let paths = try TreePaths(self)
        let rules = GaussLegendre.rules(slots: TreePaths.maximumSlots)
        let (rows, columns) = (x.shape[0], x.shape[1])
        let shape = [rows, outputCount, columns + 2]
        let count = try elementCount(of: shape, limit: Limits.evaluatedElements)
        let scores = try evaluate(x)
        let averages = averageScores(paths)
        var out = [Double](repeating: 0, count: count)
        for row in 0..<rows {
            let first = row * outputCount * (columns + 2)
            for path in 0..<paths.count {
                let slots = Int(paths.slotStart[path])..<Int(paths.slotStart[path + 1])
                var ones = [Double](repeating: 1, count: slots.count)
                for step in Int(paths.stepStart[path])..<Int(paths.stepStart[path + 1]) {
                    let node = Int(paths.stepNode[step])
                    if isTrue(node, x, row * columns + Int(column[node])) != (paths.stepGoesTrue[step] != 0) {
                        ones[Int(paths.stepSlot[step])] = 0
                    }
                }
                let shares = Self.shares(Array(paths.slotZero[slots]), ones, rules[slots.count])
                for (slot, share) in zip(slots, shares) {
                    for k in 0..<leafStride {
                        let output = Int(treeOutput[Int(paths.tree[path])]) + k
                        let value = leafValues.number(Int(paths.leaf[path]) * leafStride + k)
                        out[first + output * (columns + 2) + Int(paths.slotColumn[slot])] += share * value
                    }
                }
            }
            for output in 0..<outputCount {
                let at = first + output * (columns + 2)
                if aggregate == .average, treeCount > 0 { for column in 0..<columns { out[at + column] /= Double(treeCount) } }
                let score = scores.storage.number(row * outputCount + output)
                Self.close(&out[at..<at + columns + 2], score: score, average: averages[output])
            }
        }
        return Tensor(out, shape: shape)
    }

    /// The shares of a leaf's value that its columns get.
    private static func shares(_ zeros: [Double], _ ones: [Double], _ rule: GaussLegendre) -> [Double] {
        let count = zeros.count
        var integrals = [Double](repeating: 0, count: count)
        for (t, weight) in zip(rule.nodes, rule.weights) {
            var before = [1.0]
            let factors = (0..<count).map { zeros[$0] * (1 - t) + ones[$0] * t }
            for factor in factors { before.append(before[before.count - 1] * factor) }
            var after = 1.0
            for j in (0..<count).reversed() {
                integrals[j] += weight * (before[j] * after)
                after *= factors[j]
            }
        }
        return (0..<count).map { (ones[$0] - zeros[$0]) * integrals[$0] }
    }

    /// Fills in base and rest, so that all add up to the score.
    static func close(_ part: inout ArraySlice<Double>, score: Double, average: Double) {
        let (base, rest) = (part.endIndex - 2, part.endIndex - 1)
        var sum = 0.0
        for index in part.startIndex..<base { sum += part[index] }
        guard score.isFinite, (sum + average).isFinite else {
            for index in part.indices { part[index] = 0 }
            part[base] = score
            return
        }
        part[base] = average
        part[rest] = score - (sum + average)
        guard sum + average + part[rest] != score else { return }
        part[base] = score - sum
        part[rest] = score - (sum + part[base])
    }
}

extension TensorStorage {
    /// Element `index` of f32 or f64.
    package func number(_ index: Int) -> Double {
        switch self {
        case .f32(let values): Double(values[index])
        case .f64(let values): values[index]
        default: .nan
        }
    }
}
