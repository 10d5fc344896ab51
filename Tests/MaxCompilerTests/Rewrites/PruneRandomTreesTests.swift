import MaxCases
import MaxCompiler
import MaxIR
import Testing

/// Random ensembles whose tests repeat and contradict, before and after.
@Suite struct PruneRandomTreesTests {
    static let columns = 3
    static let limits: [Double] = [
        0, -0.0, 1, 0.1, -3.25, 2, 3, 63, 1e-36, -1e-36, 1e-35, 1e-40, 1e30, -1e300, 1e300, .infinity, -.infinity, .nan,
    ]

    struct Kind {
        var threshold = ElementType.f32
        var comparisons = TreeEnsemble.Comparison.allCases
        var missing = TreeEnsemble.Missing.allCases
        var leaves = 1000
        var hasIDs = true
        var columns = PruneRandomTreesTests.columns
    }

    func ensemble(_ random: inout SplitMix, _ kind: Kind) throws -> TreeEnsemble {
        var builder = TreeEnsembleBuilder(outputs: 2)
        let limits = (0..<6).map { _ in Self.limits[random.below(Self.limits.count)] }
        for tree in 0..<8 {
            var nodes: [SourceNode] = []
            let count = 1 + random.below(24)
            // Splits take their children from a queue, so that shapes are free; the last positions are leaves.
            var next = 1
            for position in 0..<(2 * count + 1) {
                guard position < count else {
                    nodes.append(.leaf(.init([Double(random.below(kind.leaves)) / 7], id: kind.hasIDs ? 3 * position : nil)))
                    continue
                }
                let comparison = kind.comparisons[random.below(kind.comparisons.count)]
                let isMember = comparison == .member
                nodes.append(
                    .split(
                        .init(
                            column: random.below(kind.columns), comparison: comparison,
                            threshold: isMember ? 0 : limits[random.below(limits.count)],
                            missing: kind.missing[random.below(kind.missing.count)], missingGoesTrue: random.below(2) == 0,
                            set: isMember ? (0...random.below(2)).map { _ in UInt64.random(in: 0 ... .max, using: &random) } : nil,
                            ifTrue: next, ifFalse: next + 1)))
                next += 2
            }
            try builder.addTree(count: nodes.count, output: tree % 2) { nodes[$0] }
        }
        return try builder.finish(
            threshold: kind.threshold, base: kind.threshold == .f64 ? .f64([0, 1]) : .f32([0.5, 0]),
            setRule: TreeEnsemble.SetRule.allCases[random.below(3)])
    }

    /// With the number of rows of `x` that pass as cover.
    func covered(_ trees: TreeEnsemble, by x: Tensor) throws -> TreeEnsemble {
        var out = trees
        out.nodeCover = [Double](repeating: 0, count: trees.nodeCount)
        out.leafCover = [Double](repeating: 0, count: trees.leafCount)
        for row in 0..<x.shape[0] {
            for root in trees.roots {
                var place = root
                while place >= 0 {
                    let node = Int(place)
                    out.nodeCover[node] += 1
                    place =
                        trees.isTrue(node, x, row * x.shape[1] + Int(trees.column[node])) ? trees.trueChild[node] : trees.falseChild[node]
                }
                out.leafCover[Int(~place)] += 1
            }
        }
        return out
    }

    /// All that can be asked of an ensemble.
    func graph(_ trees: TreeEnsemble, x: ElementType, background: Tensor?) throws -> Graph {
        var builder = GraphBuilder(name: "g")
        let matrix = try builder.input("x", TensorType(x, [.rows, .fixed(Self.columns)]))
        builder.output("raw", try builder.add(Ops.trees, [matrix], trees.attributes))
        if !trees.leafIDs.isEmpty { builder.output("leaf", try builder.add(Ops.treeLeaves, [matrix], trees.attributes)) }
        if !trees.nodeCover.isEmpty { builder.output("c", try builder.add(Ops.treeContributions, [matrix], trees.attributes)) }
        if let background {
            let attributes = trees.attributes.merging(["background": .tensor(background)]) { $1 }
            builder.output("i", try builder.add(Ops.treeInterventional, [matrix], attributes))
        }
        return try builder.finish()
    }

    func rows(_ random: inout SplitMix, _ count: Int, _ type: ElementType) -> Tensor {
        let values = (0..<count * Self.columns).map { _ in
            random.below(2) == 0 ? Self.limits[random.below(Self.limits.count)] : Double(random.below(9) - 4)
        }
        return type == .f64
            ? Tensor(values, shape: [count, Self.columns]) : Tensor(values.map { Float($0) }, shape: [count, Self.columns])
    }

    /// Nodes that went.
    func compare(_ trees: TreeEnsemble, x: ElementType, background: Tensor?) throws -> Int {
        let pruned = try trees.pruned(columns: Self.columns, x: x)
        let original = try graph(trees, x: x, background: background)
        _ = try Proof.prove(
            original: original, optimized: try graph(pruned, x: x, background: background),
            rows: AdversarialRows(for: original, seed: 3, coverage: 256))
        return trees.nodeCount - pruned.nodeCount
    }

    @Test(arguments: [ElementType.f32, .f64], [ElementType.f32, .f64])
    func everyAnswerStays(threshold: ElementType, x: ElementType) throws {
        var random = SplitMix(seed: 31)
        var gone = 0
        for _ in 0..<12 {
            let trees = try ensemble(&random, Kind(threshold: threshold))
            gone += try compare(trees, x: x, background: rows(&random, 5, x))
        }
        #expect(gone > 12)
    }

    @Test(arguments: TreeEnsemble.Comparison.allCases, TreeEnsemble.Missing.allCases)
    func everyTestOfEveryPolicyStays(comparison: TreeEnsemble.Comparison, missing: TreeEnsemble.Missing) throws {
        var random = SplitMix(seed: 32)
        for threshold in [ElementType.f32, .f64] {
            for x in [ElementType.f32, .f64] {
                for comparisons in [[comparison], [comparison, .less, .greaterOrEqual]] {
                    let kind = Kind(threshold: threshold, comparisons: comparisons, missing: [missing], columns: 2)
                    _ = try compare(try ensemble(&random, kind), x: x, background: nil)
                }
            }
        }
    }

    @Test(arguments: [ElementType.f32, .f64])
    func contributionsByCoverStay(x: ElementType) throws {
        var random = SplitMix(seed: 33)
        var gone = 0
        for _ in 0..<12 {
            let trees = try ensemble(&random, Kind(threshold: x, hasIDs: false))
            gone += try compare(try covered(trees, by: rows(&random, 400, x)), x: x, background: rows(&random, 5, x))
        }
        #expect(gone > 0)
    }

    @Test(arguments: [ElementType.f32, .f64])
    func equalSidesChangeNoScore(x: ElementType) throws {
        var random = SplitMix(seed: 34)
        var gone = 0
        for _ in 0..<12 {
            gone += try compare(try ensemble(&random, Kind(threshold: x, leaves: 2, hasIDs: false)), x: x, background: nil)
        }
        #expect(gone > 100)
    }
}
