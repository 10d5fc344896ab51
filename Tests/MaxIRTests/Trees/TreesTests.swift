import MaxIR
import Testing

/// One node, whose true leaf is worth 1 and whose false leaf is worth 0.
private func stump(
    _ comparison: TreeEnsemble.Comparison, _ threshold: Double = 1, missing: TreeEnsemble.Missing = .none,
    missingGoesTrue: Bool = false, set: [UInt64]? = nil, rule: TreeEnsemble.SetRule = .nonNegative,
    comparingIn type: ElementType = .f32
) throws -> TreeEnsemble {
    var builder = TreeEnsembleBuilder(outputs: 1)
    try builder.addTree(count: 3, output: 0) { position throws(MaxError) in
        position == 0
            ? .split(
                SourceNode.Split(
                    column: 0, comparison: comparison, threshold: threshold, missing: missing,
                    missingGoesTrue: missingGoesTrue, set: set, ifTrue: 1, ifFalse: 2))
            : .leaf([position == 1 ? 1 : 0])
    }
    return try builder.finish(threshold: type, base: .f32([0]), setRule: rule, columns: 1)
}

/// The scores of a column of values.
private func scores(_ ensemble: TreeEnsemble, _ values: [Float]) throws -> [Float] {
    try scores(ensemble.attributes, Tensor(values, shape: [values.count, 1]))
}

private func scores(_ attributes: [String: Attribute], _ x: Tensor) throws -> [Float] {
    var builder = GraphBuilder(name: "test")
    let input = try builder.input("x", TensorType(x.elementType, [.rows, .fixed(x.shape[1])]))
    builder.output("y", try builder.add(Ops.trees, [input], attributes))
    let graph = try builder.finish()
    return try #require(try graph.evaluate([.tensor(x)])[0].tensor?.values())
}

private let values: [Float] = [-.infinity, -1, -0.0, 0, 1, 1.0000001, .infinity, .nan]

@Suite struct TreesTests {
    @Test(arguments: [
        (TreeEnsemble.Comparison.lessOrEqual, [1, 1, 1, 1, 1, 0, 0, 0] as [Float]),
        (.less, [1, 1, 1, 1, 0, 0, 0, 0]), (.greaterOrEqual, [0, 0, 0, 0, 1, 1, 1, 0]),
        (.greater, [0, 0, 0, 0, 0, 1, 1, 0]), (.equal, [0, 0, 0, 0, 1, 0, 0, 0]),
        (.notEqual, [1, 1, 1, 1, 0, 1, 1, 1]),
    ])
    func `a NaN that is not missing makes every comparison false but !=`(
        comparison: TreeEnsemble.Comparison, expected: [Float]
    ) throws {
        #expect(try scores(stump(comparison), values) == expected)
    }

    @Test(arguments: TreeEnsemble.Comparison.allCases.filter { $0 != .member }, [true, false])
    func `a missing NaN goes where the node says, other values as without the policy`(
        comparison: TreeEnsemble.Comparison, goesTrue: Bool
    ) throws {
        let plain = try scores(stump(comparison), values)
        let found = try scores(stump(comparison, missing: .nan, missingGoesTrue: goesTrue), values)
        #expect(found.dropLast() == plain.dropLast())
        #expect(found.last == (goesTrue ? 1 : 0))
    }

    @Test(arguments: [true, false])
    func `zero as missing takes NaN, both zeros and what is within 1e-35 of them`(goesTrue: Bool) throws {
        let ensemble = try stump(.greater, -5, missing: .zero, missingGoesTrue: goesTrue)
        let missing: Float = goesTrue ? 1 : 0
        let found = try scores(
            ensemble, [.nan, 0, -0.0, 1e-35, -1e-35, Float(bitPattern: 1), 1.1e-35, -1.1e-35, 1, -6])
        #expect(found == [missing, missing, missing, missing, missing, missing, 1, 1, 1, 0])
    }

    @Test func `NaN is compared as zero where the policy says so`() throws {
        #expect(try scores(stump(.lessOrEqual, 0, missing: .nanIsZero), [.nan, 0, 1]) == [1, 1, 0])
        #expect(try scores(stump(.lessOrEqual, -1, missing: .nanIsZero, missingGoesTrue: true), [.nan]) == [0])
    }

    @Test func `a zero threshold does not tell the zeros apart`() throws {
        #expect(try scores(stump(.less, 0), [-0.0, 0, -.leastNonzeroMagnitude]) == [0, 0, 1])
        #expect(try scores(stump(.lessOrEqual, -0.0), [-0.0, 0, .leastNonzeroMagnitude]) == [1, 1, 0])
    }

    @Test(arguments: [
        (TreeEnsemble.SetRule.nonNegative, [1, 1, 0, 1, 0, 0, 0, 0, 1] as [Float]),
        (.truncated, [1, 1, 1, 1, 0, 0, 0, 0, 1]),
        (.exact, [1, 0, 0, 0, 0, 0, 0, 0, 1]),
    ])
    func `a set holds 0, 2 and 64 by its rule, and nothing beyond its words`(
        rule: TreeEnsemble.SetRule, expected: [Float]
    ) throws {
        let ensemble = try stump(.member, set: [0b101, 1], rule: rule)
        let found = try scores(ensemble, [0, 2.9, -0.5, 0.5, 1, -1, 1e30, .infinity, 64])
        #expect(found == expected)
        #expect(try scores(stump(.member, missing: .nan, missingGoesTrue: true, set: [0], rule: rule), [.nan]) == [1])
        #expect(try scores(stump(.member, set: [.max], rule: rule), [.nan]) == [0])
        #expect(try scores(stump(.member, set: [], rule: rule), [0]) == [0])
    }

    @Test func `the type of the threshold is the type of the comparison`() throws {
        let narrow = try stump(.less, 0.1)
        let wide = try stump(.less, 0.1, comparingIn: .f64)
        let x = Tensor([0.1, Double(Float(0.1)), 0.1.nextDown], shape: [3, 1])
        #expect(try scores(narrow.attributes, x) == [0, 0, 0])
        #expect(try scores(wide.attributes, x) == [0, 0, 1])
        #expect(try scores(wide, [Float(0.1)]) == [0])
    }

    @Test func `sums start at the base and keep the order of the trees`() throws {
        var builder = TreeEnsembleBuilder(outputs: 1)
        for value in [1e8, -1e8, 1] {
            try builder.addTree(count: 1, output: 0) { _ throws(MaxError) in .leaf([value]) }
        }
        let ensemble = try builder.finish(threshold: .f32, base: .f32([0.5]))
        #expect(try scores(ensemble, [0]) == [(Float(0.5) + 1e8 - 1e8) + 1])
        let average = try builder.finish(threshold: .f32, base: .f32([0]), aggregate: .average)
        #expect(try scores(average, [0]) == [Float(1) / 3])
    }

    @Test func `min and max leave the base where an output has no tree`() throws {
        var builder = TreeEnsembleBuilder(outputs: 2)
        for value in [3.0, -4, 2] { try builder.addTree(count: 1, output: 1) { _ throws(MaxError) in .leaf([value]) } }
        #expect(try scores(builder.finish(threshold: .f32, base: .f32([7, 9]), aggregate: .min), [0]) == [7, -4])
        #expect(try scores(builder.finish(threshold: .f32, base: .f32([7, 9]), aggregate: .max), [0]) == [7, 3])
    }

    @Test func `a vector leaf adds to outputs in a row from the tree's own`() throws {
        var builder = TreeEnsembleBuilder(outputs: 3, leafStride: 2)
        try builder.addTree(count: 1, output: 1) { _ throws(MaxError) in .leaf([1, 2]) }
        try builder.addTree(count: 1, output: 0) { _ throws(MaxError) in .leaf([10, 20]) }
        #expect(try scores(builder.finish(threshold: .f32, base: .f32([0, 0, 100])), [0]) == [10, 21, 102])
    }

    /// A tree of two linear leaves, and one of a constant: the first goes to 1 + 10·b + a where a < 1, else to 2.
    private func linear() throws -> TreeEnsemble {
        var builder = TreeEnsembleBuilder(outputs: 1)
        try builder.addTree(count: 1, output: 0) { _ throws(MaxError) in .leaf([0.5]) }
        let nodes: [SourceNode] = [
            .split(
                SourceNode.Split(column: 0, comparison: .less, threshold: 1, missing: .nan, missingGoesTrue: true, ifTrue: 1, ifFalse: 2)),
            .leaf(SourceNode.Leaf([100], id: 0, cover: 3, linear: .init(base: 1, columns: [1, 0], coefficients: [10, 1]))),
            .leaf(SourceNode.Leaf([200], id: 1, cover: 4, linear: .init(base: 2, columns: [], coefficients: []))),
        ]
        try builder.addTree(count: 3, output: 0) { position throws(MaxError) in nodes[position] }
        return try builder.finish(threshold: .f32, base: .f64([0]), columns: 2)
    }

    @Test func `a linear leaf gives its value where it reads NaN, and takes numbers around 0 for 0`() throws {
        let x = Tensor([0, 2, .nan, 2, 0, .nan, 5, .nan, 1e-36, -1e-35, -.infinity, 0] as [Float], shape: [6, 2])
        let graph = try treesGraph(try linear(), x)
        let found: [Double] = try #require(try graph.evaluate([.tensor(x)])[0].tensor?.values())
        #expect(found == [21.5, 100.5, 100.5, 2.5, 1.5, -.infinity])
        let node = try #require(graph.nodes.first)
        let read = try TreeEnsemble(Evaluation(op: node.op, attributes: node.attributes, operands: [], resultCount: 1), columns: 2)
        #expect(try read == linear())
        #expect(try Graph(GraphText("\(graph)")) == graph)
    }

    @Test func `contributions of linear leaves are refused, their numbers are not`() throws {
        var ensemble = try linear()
        (ensemble.nodeCover, ensemble.leafCover) = ([7], [7, 3, 4])
        let x = Tensor([0, 2] as [Float], shape: [1, 2])
        let error = #expect(throws: MaxError.self) { try treesGraph(ensemble, x, Ops.treeContributions) }
        #expect(error?.code == .unsupported && error?.message.contains("linear leaves") == true, "\(error?.message ?? "")")
        #expect(try treesGraph(ensemble, x, Ops.treeLeaves).evaluate([.tensor(x)])[0].tensor?.values() == [Int64(0), 1])
    }

    private func treesGraph(_ ensemble: TreeEnsemble, _ x: Tensor, _ op: Operator = Ops.trees) throws -> Graph {
        var builder = GraphBuilder(name: "test")
        let input = try builder.input("x", TensorType(x.elementType, [.rows, .fixed(x.shape[1])]))
        builder.output("y", try builder.add(op, [input], ensemble.attributes))
        return try builder.finish()
    }

    @Test func `no trees leave the base, and no rows give no scores`() throws {
        let ensemble = try TreeEnsembleBuilder(outputs: 2).finish(threshold: .f32, base: .f32([1, -2]))
        #expect(try scores(ensemble, [0, 0]) == [1, -2, 1, -2])
        #expect(try scores(ensemble, []) == [])
    }
}
