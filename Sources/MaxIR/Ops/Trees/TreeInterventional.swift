extension Ops {
    /// How much each column of `x` moves a score away from what the trees give on average over rows of a background: the
    /// Shapley values of the game in which an unknown column has the value of a background row, averaged over those rows.
    ///
    /// - Operand `x`: f32 or f64 `[N, F]`.
    /// - Attributes: those of `trees`, aggregate sum or average; `background`, of the type of `x`, `[B, F]` with B from 1.
    /// - Result `y`: f64 `[N, K, F + 2]`, as `tree_contributions` has it; the base is the average score over the background.
    ///
    /// For one background row, a leaf is reached by a mixture of the two rows if each column of its path leads there in one
    /// of them. Let p columns lead there only in x and q only in the background row. Then the leaf's value v is split:
    ///
    ///     v · (p-1)! q! / (p+q)!   to each of the p columns,
    ///     -v · p! (q-1)! / (p+q)!  to each of the q columns.
    ///
    /// Over the background rows that reach, q is the same: the columns that x does not satisfy. So rows are counted by p, the
    /// counts are multiplied by these weights in the order of p, and the sum is divided by B.
    /// Source: Lundberg et al. 2020 (interventional TreeSHAP).
    public static let treeInterventional = Operator(
        "tree_interventional",
        "Interventional TreeSHAP against background rows: per output the contribution of every column, the base and the rest, whose sum is the score. Source: Lundberg et al. 2020.",
        operands: [.one("x", [.f32, .f64])], attributes: TreeEnsemble.attributeSpecs + [.required("background", .tensor)],
        infer: { node throws(MaxError) in
            let x = try node.tensorType(0)
            if let rank = x.rank, rank != 2 { throw MaxError(.malformed, "operand is \(x), expected rank 2") }
            let ensemble = try TreeEnsemble(node, columns: x.shape?[1].fixed)
            let background = try TreeBackground.rows(node)
            guard background.elementType == x.element, x.shape?[1].fixed.map({ $0 == background.shape[1] }) ?? true else {
                throw MaxError(.malformed, "background is \(background.type), the operand \(x): expected one type and width")
            }
            // Also where only the background says how many columns there are.
            _ = try TreeEnsemble(node, columns: background.shape[1])
            let width = try background.shape[1].adding(2, "contributions")
            return [.tensor(TensorType(.f64, [x.shape?[0] ?? .unknown, .fixed(ensemble.outputCount), .fixed(width)]))]
        },
        evaluate: { node throws(MaxError) in
            let x = try node.tensor(0)
            let background = try TreeBackground.rows(node)
            guard x.rank == 2, x.elementType == background.elementType, x.shape[1] == background.shape[1] else {
                throw node.malformed("operand is \(x.type), background \(background.type): expected one type and width")
            }
            return [.tensor(try TreeEnsemble(node, columns: x.shape[1]).interventional(x, background))]
        })
}

extension TreeEnsemble {
    /// Which columns of path `path` lead to its leaf in row `row` of `x`: bit j is slot j.
    package func holding(_ paths: TreePaths, _ path: Int, _ x: Tensor, row: Int) -> UInt64 {
        var bits = TreePaths.all(slots: Int(paths.slotStart[path + 1] - paths.slotStart[path]))
        for step in Int(paths.stepStart[path])..<Int(paths.stepStart[path + 1]) {
            let node = Int(paths.stepNode[step])
            if isTrue(node, x, row * x.shape[1] + Int(column[node])) != (paths.stepGoesTrue[step] != 0) {
                bits &= ~(1 << UInt64(paths.stepSlot[step]))
            }
        }
        return bits
    }

    /// The score that the trees give on average over the background, one per output.
    package func averageScores(_ paths: TreePaths, over background: Tensor) -> [Double] {
        var out = (0..<outputCount).map { base.number($0) }
        let rows = background.shape[0]
        for path in 0..<paths.count {
            let all = TreePaths.all(slots: Int(paths.slotStart[path + 1] - paths.slotStart[path]))
            let reaching = (0..<rows).count { holding(paths, path, background, row: $0) == all }
            for k in 0..<leafStride {
                let value = leafValues.number(Int(paths.leaf[path]) * leafStride + k)
                out[Int(treeOutput[Int(paths.tree[path])]) + k] += value * (Double(reaching) / Double(rows))
            }
        }
        return aggregate == .average && treeCount > 0 ? out.map { $0 / Double(treeCount) } : out
    }

    func interventional(_ x: Tensor, _ background: Tensor) throws(MaxError) -> Tensor {
        let paths = try TreePaths(self, needsCover: false)
        let weights = TreeBackground.weights()
        let (rows, columns, known) = (x.shape[0], x.shape[1], background.shape[0])
        let shape = [rows, outputCount, columns + 2]
        let count = try elementCount(of: shape, limit: Limits.evaluatedElements)
        let scores = try evaluate(x)
        let averages = averageScores(paths, over: background)
        let backgroundBits = (0..<paths.count).map { path in (0..<known).map { holding(paths, path, background, row: $0) } }
        var out = [Double](repeating: 0, count: count)
        for row in 0..<rows {
            let first = row * outputCount * (columns + 2)
            for path in 0..<paths.count {
                let slots = Int(paths.slotStart[path])..<Int(paths.slotStart[path + 1])
                let all = TreePaths.all(slots: slots.count)
                let here = holding(paths, path, x, row: row)
                for (bit, slot) in slots.enumerated() {
                    let mask: UInt64 = 1 << UInt64(bit)
                    var counts = [Int](repeating: 0, count: slots.count + 1)
                    for there in backgroundBits[path] where here | there == all {
                        // A column that both rows satisfy gets nothing.
                        if (here ^ there) & mask != 0 { counts[(here & ~there).nonzeroBitCount] += 1 }
                    }
                    let q = slots.count - here.nonzeroBitCount
                    var share = 0.0
                    for (p, count) in counts.enumerated() where count > 0 {
                        // Swapping the rows swaps p and q.
                        let weight = here & mask != 0 ? weights[p * TreeBackground.side + q] : -weights[q * TreeBackground.side + p]
                        share += Double(count) * weight
                    }
                    share /= Double(known)
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
}
