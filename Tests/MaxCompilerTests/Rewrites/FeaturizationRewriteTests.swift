import MaxCompiler
import MaxCases
import MaxIR
import Testing

@Suite struct MergeLabelEncodersTests {
    @Test func aChainBecomesOneDictionary() throws {
        let nodes = try rewritten(
            """
            graph @g(%x: string[N]) -> (%y) {
              %1 = label_encoder(%x) {keys_strings = ["a", "b", "c", "a"], values_int64s = [1, 2, 9, 3], default_int64 = 7}
              %y = label_encoder(%1) {keys_int64s = [1, 2, 3, 7], values_floats = [0.5, nan, -0.0, 8.0], default_float = 4.0}
            }
            """, "merge-label-encoders")
        #expect(
            nodes == [
                #"%y = label_encoder(%x) {keys_tensor = dense<string[4]: "a", "b", "c", "a">, "#
                    + "values_tensor = dense<f32[4]: 0.5, nan, 4.0, -0.0>, default_tensor = dense<f32[1]: 8.0>} : f32[N]"
            ])
    }

    @Test func otherOperatorsBetweenStay() throws {
        try expectUnchanged(
            """
            graph @g(%x: string[N]) -> (%y) {
              %1 = label_encoder(%x) {keys_strings = ["a"], values_floats = [1.0]} %2 = neg(%1)
              %y = label_encoder(%2) {keys_floats = [1.0], values_floats = [2.0]}
            }
            """, "merge-label-encoders")
    }

    @Test func aDictionaryWithoutKeysStays() throws {
        try expectUnchanged(
            """
            graph @g(%x: string[N]) -> (%y) {
              %1 = label_encoder(%x) {keys_strings = [], values_floats = []}
              %y = label_encoder(%1) {keys_floats = [1.0], values_floats = [2.0]}
            }
            """, "merge-label-encoders")
    }
}

@Suite struct MergeImputersTests {
    func chain(_ first: String, _ second: String) -> String {
        "graph @g(%x: f32[N, 2]) -> (%y) { %1 = imputer(%x) {\(first)} %y = imputer(%1) {\(second)} }"
    }

    @Test func theSecondOfTwoGoesAway() throws {
        let nodes = try rewritten(
            chain(
                "imputed_value_floats = [1.0, 2.0], replaced_value_float = nan",
                "imputed_value_floats = [3.0], replaced_value_float = nan"), "merge-imputers")
        #expect(nodes == ["%y = imputer(%x) {imputed_value_floats = [1.0, 2.0], replaced_value_float = nan} : f32[N, 2]"])
    }

    @Test(arguments: [
        ("imputed_value_floats = [nan, 2.0], replaced_value_float = nan", "imputed_value_floats = [3.0], replaced_value_float = nan"),
        ("imputed_value_floats = [1.0], replaced_value_float = 0.0", "imputed_value_floats = [3.0], replaced_value_float = nan"),
        ("imputed_value_floats = [1.0], replaced_value_float = nan", "imputed_value_floats = [3.0]"),
    ])
    func whatLeavesSomethingToImputeStays(first: String, second: String) throws {
        try expectUnchanged(chain(first, second), "merge-imputers")
    }
}

@Suite struct SelectFromConcatTests {
    @Test func aColumnIsReadFromItsOperand() throws {
        let nodes = try rewritten(
            """
            graph @g(%a: f32[N, 1], %b: f32[N, 3]) -> (%y, %z, %w) {
              %1 = concat(%a, %b) {axis = 1}
              %2 = constant() {value = dense<i64[1]: 0>} %y = gather(%1, %2) {axis = -1}
              %3 = constant() {value = dense<i64[2]: -1, 2>} %z = gather(%1, %3) {axis = 1}
              %4 = constant() {value = dense<i64[3]: 1, 2, 3>} %w = array_feature_extractor(%1, %4)
            }
            """, "select-from-concat")
        #expect(
            nodes == [
                "%2 = constant() {value = dense<i64[2]: 2, 1>} : i64[2]", "%z = gather(%b, %2) {axis = 1} : f32[N, 2]",
            ])
    }

    @Test func aSplitGivesTheOperandsBack() throws {
        let nodes = try rewritten(
            """
            graph @g(%a: f32[N, 1], %b: f32[N, 3]) -> (%y, %z) {
              %1 = concat(%a, %b) {axis = 1} %2 = constant() {value = dense<i64[2]: 1, 3>} %y, %z = split(%1, %2) {axis = 1}
            }
            """, "select-from-concat")
        #expect(nodes == [])
    }

    @Test(arguments: [
        "%2 = constant() {value = dense<i64[2]: 0, 1>} %y = gather(%1, %2) {axis = 1}",
        "%2 = constant() {value = dense<i64[1]: 0>} %y = gather(%1, %2) {axis = 0}",
        "%2 = constant() {value = dense<i64[2]: 2, 2>} %y, %3 = split(%1, %2) {axis = 1}",
        "%2 = constant() {value = dense<i64[1]: 9>} %y = gather(%1, %2) {axis = 1}",
    ])
    func columnsOfSeveralOperandsStay(nodes: String) throws {
        try expectUnchanged(
            "graph @g(%a: f32[N, 1], %b: f32[N, 3]) -> (%y) { %1 = concat(%a, %b) {axis = 1} \(nodes) }", "select-from-concat")
    }
}

@Suite struct FoldIntoTreesTests {
    /// Trees of random splits over `columns` columns with the given comparisons and missing policies.
    func ensemble(
        _ random: inout SplitMix, columns: Int, comparisons: [TreeEnsemble.Comparison] = [.lessOrEqual, .less, .greaterOrEqual, .greater],
        missing: [TreeEnsemble.Missing] = [.none, .nan, .nanIsZero], threshold: ElementType = .f32, lone: [Double] = []
    ) throws -> TreeEnsemble {
        var builder = TreeEnsembleBuilder(outputs: 2)
        for (index, value) in lone.enumerated() {
            try builder.addTree(count: 1, output: index % 2) { _ throws(MaxError) in .leaf([value]) }
        }
        let limits: [Double] = [0, -0.0, 1, 0.1, -3.25, 1e-40, 1e30, -1e30, .infinity, -.infinity, .nan]
        for tree in 0..<24 {
            let nodes: [SourceNode] = (0..<3).map { node in
                .split(
                    .init(
                        column: random.below(columns), comparison: comparisons[random.below(comparisons.count)],
                        threshold: random.below(3) == 0 ? limits[random.below(limits.count)] : Double.random(in: -4...4, using: &random),
                        missing: missing[random.below(missing.count)], missingGoesTrue: random.below(2) == 0,
                        ifTrue: 2 * node + 1, ifFalse: 2 * node + 2))
            }
            let leaves: [SourceNode] = (0..<4).map { _ in .leaf([Double(random.below(1000)) / 7]) }
            try builder.addTree(count: 7, output: tree % 2) { position throws(MaxError) in (nodes + leaves)[position] }
        }
        return try builder.finish(threshold: threshold, base: threshold == .f64 ? .f64([0, 1]) : .f32([0.5, 0]))
    }

    func graph(
        _ trees: TreeEnsemble, after op: Operator? = nil, _ attributes: [String: Attribute] = [:], x: ElementType = .f32,
        isShared: Bool = false
    ) throws -> Graph {
        var builder = GraphBuilder(name: "g")
        var value = try builder.input("x", TensorType(x, [.rows, .fixed(3)]))
        if let op { value = try builder.add(op, [value], attributes) }
        builder.output("y", try builder.add(Ops.trees, [value], trees.attributes))
        if isShared { builder.output("x", value) }
        return try builder.finish()
    }

    /// Whether `rule` fires; the result is proven equal on the thresholds of both graphs.
    func fires(_ rule: String, _ original: Graph) throws -> Bool {
        let result = try RewriteDriver(rules: try #require(Pipeline.named([rule, "dead-nodes"]))).run(original)
        let rows = AdversarialRows(for: original, and: [result.graph], seed: 9, coverage: 256)
        _ = try Proof.prove(original: original, optimized: result.graph, rows: rows)
        return result.rules[0].patches > 0
    }

    func scaling(_ offset: [Double], _ scale: [Double]) -> [String: Attribute] { ["offset": .floats(offset), "scale": .floats(scale)] }

    @Test(arguments: [ElementType.f32, .f64], [ElementType.f32, .f64, .i64])
    func aScalerBecomesThresholds(threshold: ElementType, x: ElementType) throws {
        var random = SplitMix(seed: 17)
        let offsets: [Double] = [0, 1, -1.5, 1e-3, 1e38, -1e-40, 3]
        let scales: [Double] = [1, -1, 0.1, -3.75, 1e38, 1e-38, -1e-45, 7]
        for _ in 0..<3 {
            let trees = try ensemble(&random, columns: 3, threshold: threshold)
            let offset = (0..<3).map { _ in Double(Float(offsets[random.below(offsets.count)])) }
            let scale = (0..<3).map { _ in Double(Float(scales[random.below(scales.count)])) }
            #expect(try fires("fold-scaler-into-trees", try graph(trees, after: Ops.scaler, scaling(offset, scale), x: x)))
            #expect(try fires("fold-scaler-into-trees", try graph(trees, after: Ops.scaler, scaling([offset[0]], [scale[0]]), x: x)))
        }
    }

    @Test func aScalerStaysWhereItIsNotMonotoneOrNeeded() throws {
        var random = SplitMix(seed: 18)
        let plain = try ensemble(&random, columns: 3)
        for (offset, scale) in [(0.0, 0.0), (.infinity, 1), (0, .infinity), (0, .nan), (.nan, 1)] {
            #expect(!(try fires("fold-scaler-into-trees", try graph(plain, after: Ops.scaler, scaling([offset], [scale])))))
        }
        #expect(!(try fires("fold-scaler-into-trees", try graph(plain, after: Ops.scaler, scaling([1], [2]), isShared: true))))
        let equal = try ensemble(&random, columns: 3, comparisons: [.less, .equal])
        #expect(!(try fires("fold-scaler-into-trees", try graph(equal, after: Ops.scaler, scaling([1], [2])))))
        let zero = try ensemble(&random, columns: 3, missing: [.nan, .zero])
        #expect(!(try fires("fold-scaler-into-trees", try graph(zero, after: Ops.scaler, scaling([1], [2])))))
    }

    func imputing(_ values: [Double], _ replaced: Double = .nan) -> [String: Attribute] {
        ["imputed_value_floats": .floats(values), "replaced_value_float": .float(replaced)]
    }

    @Test(arguments: [ElementType.f32, .f64], [ElementType.f32, .f64])
    func anImputerBecomesTheDirectionOfNaN(threshold: ElementType, x: ElementType) throws {
        var random = SplitMix(seed: 19)
        for values in [[0.0], [0.1, -3.25, 1], [.infinity, -0.0, 1e300]] {
            let trees = try ensemble(
                &random, columns: 3, comparisons: TreeEnsemble.Comparison.allCases.filter { $0 != .member }, threshold: threshold)
            #expect(try fires("fold-imputer-into-trees", try graph(trees, after: Ops.imputer, imputing(values), x: x)))
        }
    }

    @Test func anImputerStaysWhereNaNIsNotAllThatItReplaces() throws {
        var random = SplitMix(seed: 20)
        let plain = try ensemble(&random, columns: 3)
        #expect(!(try fires("fold-imputer-into-trees", try graph(plain, after: Ops.imputer, imputing([1], 0)))))
        #expect(!(try fires("fold-imputer-into-trees", try graph(plain, after: Ops.imputer, imputing([.nan])))))
        #expect(!(try fires("fold-imputer-into-trees", try graph(plain, after: Ops.imputer, imputing([1]), isShared: true))))
        let zero = try ensemble(&random, columns: 3, missing: [.zero])
        #expect(!(try fires("fold-imputer-into-trees", try graph(zero, after: Ops.imputer, imputing([1])))))
    }

    @Test func loneLeavesThatComeFirstBecomeTheBase() throws {
        var random = SplitMix(seed: 21)
        for threshold in [ElementType.f32, .f64] {
            let trees = try ensemble(&random, columns: 3, threshold: threshold, lone: [0.1, -7, 1e-3, -0.0, 1e10])
            let original = try graph(trees, x: threshold)
            #expect(try fires("fold-lone-leaves", original))
            #expect(!(try fires("fold-lone-leaves", try graph(try ensemble(&random, columns: 3)))))
        }
    }

    @Test func nothingFoldsIntoTreesWithLinearLeaves() throws {
        var random = SplitMix(seed: 22)
        var trees = try ensemble(&random, columns: 3, threshold: .f64, lone: [0.1])
        let leaves = Array(0..<trees.leafCount)
        var linear = LinearLeaves()
        linear.base = leaves.map { Double($0) }
        linear.columns = leaves.map { Int32($0 % 3) }
        linear.coefficients = leaves.map { Double($0) / 8 }
        linear.offsets = (0...leaves.count).map { Int64($0) }
        trees.linear = linear
        #expect(!(try fires("fold-imputer-into-trees", try graph(trees, after: Ops.imputer, imputing([1])))))
        #expect(!(try fires("fold-scaler-into-trees", try graph(trees, after: Ops.scaler, scaling([1], [2])))))
        #expect(!(try fires("fold-lone-leaves", try graph(trees))))
    }

    @Test func orderedFloatsCountThroughAllOfThem() {
        for x in [-Float.infinity, -1, -.leastNonzeroMagnitude, -0.0, 0, .leastNonzeroMagnitude, 1, .infinity] {
            #expect(OrderedFloat.float(OrderedFloat.key(x)).bitPattern == x.bitPattern)
        }
        #expect(OrderedFloat.key(0) == OrderedFloat.key(-0.0) + 1)
        #expect(OrderedFloat.key(.infinity) - OrderedFloat.key(.greatestFiniteMagnitude) == 1)
        #expect(OrderedFloat.last { $0 <= 0.1 } == 0.1 && OrderedFloat.first { $0 >= 0.1 } == 0.1)
        #expect(OrderedFloat.last { _ in false } == nil && OrderedFloat.first { _ in false } == nil)
        #expect(OrderedFloat.last { _ in true } == .infinity && OrderedFloat.first { _ in true } == -.infinity)
    }
}
