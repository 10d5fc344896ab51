import CAllocations
import MaxCases
import MaxIR
import MaxImport
import MaxRuntime
import Testing

private let rowCounts = [0, 1, 2, 7, 8, 63, 64, 65, 127, 128, 129, 255, 256, 257, 300]
private let oddFloats: [Float] = [
    .nan, 0, -0.0, .infinity, -.infinity, 1, 0.5, Float(0.5).nextUp, Float(0.5).nextDown, -1, 1e-35, Float(bitPattern: 0x8001_16C2), 3.25,
    .greatestFiniteMagnitude, .leastNonzeroMagnitude, 2, 100,
]

/// The model's outputs are the reference evaluator's, bit for bit, any NaN being equal to any NaN.
private func expectReference(_ graph: Graph, isPlanned: Bool = true, inputs: (Int) -> [Tensor]) throws {
    let models = try KernelChoice.available.map { choice in
        try KernelChoice.$forced.withValue(choice) { try Model(graph: graph, info: ModelInfo(name: "m")) }
    }
    for model in models { #expect(model.plan.isPlanned == isPlanned, "\(model.plan.summary)") }
    for rows in rowCounts {
        let tensors = inputs(rows)
        let expected = try graph.evaluate(tensors.map { .tensor($0) }).compactMap(\.tensor)
        for model in models {
            for (a, b) in zip(try model.predict(tensors), expected) {
                #expect(a.shape == b.shape)
                #expect(a.firstDifference(from: b) == nil, "\(rows) rows, \(model.plan.summary)")
            }
        }
    }
}

/// Deterministic numbers.
private struct Dice: RandomNumberGenerator {
    var state: UInt64
    mutating func next() -> UInt64 {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return state ^ (state >> 29)
    }
}

private func forest(
    _ dice: inout Dice, columns: Int, trees: Int, depth: Int, outputs: Int = 1, comparisons: [TreeEnsemble.Comparison],
    threshold: ElementType, sums: ElementType, missing: [TreeEnsemble.Missing], aggregate: TreeEnsemble.Aggregate = .sum,
    leafStride: Int = 1, setRule: TreeEnsemble.SetRule = .nonNegative, categories: Int = 64
) throws -> TreeEnsemble {
    var builder = TreeEnsembleBuilder(outputs: outputs, leafStride: leafStride)
    for tree in 0..<trees {
        let inner = (1 << depth) - 1
        var nodes: [SourceNode] = []
        for i in 0..<(2 * inner + 1) {
            let isLeaf = i >= inner || (i > 0 && Int.random(in: 0..<9, using: &dice) == 0)
            let value = Double(Float.random(in: -1...1, using: &dice))
            if isLeaf {
                nodes.append(.leaf(SourceNode.Leaf((0..<leafStride).map { value * Double($0 + 1) })))
            } else {
                let comparison = comparisons.randomElement(using: &dice) ?? .less
                let limit =
                    Bool.random(using: &dice)
                    ? value : Double(oddFloats.filter { $0.isFinite }.randomElement(using: &dice) ?? 0)
                nodes.append(
                    .split(
                        SourceNode.Split(
                            column: Int.random(in: 0..<columns, using: &dice),
                            comparison: comparison, threshold: comparison == .member ? 0 : limit,
                            missing: missing.randomElement(using: &dice) ?? .nan,
                            missingGoesTrue: Bool.random(using: &dice),
                            set: comparison == .member
                                ? (0..<(categories + 63) / 64).map { _ in UInt64.random(in: 0...(.max), using: &dice) } : nil,
                            ifTrue: 2 * i + 1, ifFalse: 2 * i + 2)))
            }
        }
        try builder.addTree(count: nodes.count, output: leafStride > 1 ? 0 : tree % outputs) { nodes[$0] }
    }
    let base = [Double](repeating: 0.25, count: outputs)
    return try builder.finish(
        threshold: threshold, base: sums == .f64 ? .f64(base) : .f32(base.map { Float($0) }), aggregate: aggregate,
        setRule: setRule)
}

private func treeGraph(_ ensemble: TreeEnsemble, columns: Int, input: ElementType = .f32) throws -> Graph {
    var builder = GraphBuilder(name: "trees")
    let x = try builder.input("x", TensorType(input, [.rows, .fixed(columns)]), missing: .nan)
    builder.output("y", try builder.add(Ops.trees, [x], ensemble.attributes))
    return try builder.finish()
}

private func matrix(_ dice: inout Dice, _ rows: Int, _ columns: Int) -> [Float] {
    (0..<rows * columns).map { _ in
        Bool.random(using: &dice) ? Float.random(in: -1...1, using: &dice) : oddFloats.randomElement(using: &dice) ?? 0
    }
}

@Suite struct PlanTests {
    @Test(arguments: [1, 3, 6, 8])
    func `trees of plain comparisons are the reference's`(depth: Int) throws {
        var dice = Dice(state: 7)
        let columns = 9
        for threshold in [ElementType.f32, .f64] {
            let ensemble = try forest(
                &dice, columns: columns, trees: 17, depth: depth, outputs: 3,
                comparisons: [.less, .lessOrEqual, .greater, .greaterOrEqual], threshold: threshold, sums: .f32,
                missing: [.none, .nan])
            try expectReference(try treeGraph(ensemble, columns: columns)) {
                [Tensor(matrix(&dice, $0, columns), shape: [$0, columns])]
            }
        }
    }

    @Test(arguments: [TreeEnsemble.Aggregate.sum, .average])
    func `trees of every test and policy are the reference's`(aggregate: TreeEnsemble.Aggregate) throws {
        var dice = Dice(state: 8)
        let columns = 5
        for (threshold, input) in [(ElementType.f32, ElementType.f32), (.f64, .f64), (.f64, .f32), (.f32, .f64)] {
            let ensemble = try forest(
                &dice, columns: columns, trees: 11, depth: 5, outputs: 2,
                comparisons: [.less, .lessOrEqual, .greater, .greaterOrEqual, .equal, .notEqual], threshold: threshold,
                sums: threshold, missing: [.none, .nan, .zero, .nanIsZero], aggregate: aggregate)
            try expectReference(try treeGraph(ensemble, columns: columns, input: input)) { rows in
                let values = matrix(&dice, rows, columns)
                return [
                    input == .f64
                        ? Tensor(values.map { Double($0) * 1.0000001 }, shape: [rows, columns])
                        : Tensor(values, shape: [rows, columns])
                ]
            }
        }
    }

    @Test(arguments: TreeEnsemble.SetRule.allCases, [60, 252, 640])
    func `trees of category sets are the reference's`(rule: TreeEnsemble.SetRule, categories: Int) throws {
        var dice = Dice(state: 12)
        for input in [ElementType.f32, .f64] {
            let ensemble = try forest(
                &dice, columns: 4, trees: 20, depth: 5, comparisons: [.member, .less], threshold: input, sums: .f32,
                missing: [.none, .nan, .zero, .nanIsZero], setRule: rule, categories: categories)
            try expectReference(try treeGraph(ensemble, columns: 4, input: input)) { rows in
                let values = (0..<4 * rows).map { _ in
                    Bool.random(using: &dice)
                        ? oddFloats.randomElement(using: &dice) ?? 0
                        : Float(Int.random(in: -2...categories + 70, using: &dice)) / (Bool.random(using: &dice) ? 1 : 2)
                }
                return [input == .f64 ? Tensor(values.map { Double($0) }, shape: [rows, 4]) : Tensor(values, shape: [rows, 4])]
            }
        }
    }

    @Test(arguments: [2, 6, 7, 9, 11], [ElementType.f32, .f64])
    func `leaves of several values and of both types are the reference's`(depth: Int, sums: ElementType) throws {
        var dice = Dice(state: 13)
        for stride in [1, 3] {
            let ensemble = try forest(
                &dice, columns: 6, trees: 19, depth: depth, outputs: 3, comparisons: [.less, .lessOrEqual], threshold: .f32,
                sums: sums, missing: [.nan], aggregate: stride == 1 ? .sum : .average, leafStride: stride)
            try expectReference(try treeGraph(ensemble, columns: 6)) { [Tensor(matrix(&dice, $0, 6), shape: [$0, 6])] }
        }
    }

    @Test(arguments: [0, 4, 7, 10], [ElementType.f32, .f64])
    func `linear leaves are the reference's`(depth: Int, input: ElementType) throws {
        var dice = Dice(state: 14)
        var ensemble = try forest(
            &dice, columns: 6, trees: 9, depth: depth, outputs: 2, comparisons: [.less, .lessOrEqual], threshold: .f64, sums: .f64,
            missing: [.nan, .zero], aggregate: depth == 0 ? .sum : .average)
        var linear = LinearLeaves()
        for leaf in 0..<ensemble.leafCount {
            linear.base.append(Double(leaf) / 7)
            for _ in 0..<leaf % 4 {
                linear.columns.append(Int32.random(in: 0..<6, using: &dice))
                linear.coefficients.append(Double.random(in: -3...3, using: &dice) * (leaf % 5 == 0 ? 1e35 : 1))
            }
            linear.offsets.append(Int64(linear.columns.count))
        }
        ensemble.linear = linear
        try expectReference(try treeGraph(ensemble, columns: 6, input: input)) { rows in
            let values = matrix(&dice, rows, 6)
            return [
                input == .f64
                    ? Tensor(values.map { Double($0) * 1.0000001 }, shape: [rows, 6]) : Tensor(values, shape: [rows, 6])
            ]
        }
    }

    @Test func `trees of lone leaves are the reference's`() throws {
        var dice = Dice(state: 15)
        let ensemble = try forest(
            &dice, columns: 2, trees: 3, depth: 0, comparisons: [.less], threshold: .f32, sums: .f32, missing: [.nan])
        try expectReference(try treeGraph(ensemble, columns: 2)) { [Tensor(matrix(&dice, $0, 2), shape: [$0, 2])] }
    }

    @Test func `columns with more thresholds than a byte ranks are the reference's`() throws {
        var dice = Dice(state: 9)
        let ensemble = try forest(
            &dice, columns: 1, trees: 60, depth: 4, comparisons: [.less], threshold: .f32, sums: .f32, missing: [.nan])
        try expectReference(try treeGraph(ensemble, columns: 1)) { [Tensor(matrix(&dice, $0, 1), shape: [$0, 1])] }
    }

    @Test func `dictionaries, links and comparisons are the reference's`() throws {
        var builder = GraphBuilder(name: "mixed")
        let text = try builder.input("text", TensorType(.string, [.rows]), missing: .value(.string("none")))
        let number = try builder.input("number", TensorType(.i64, [.rows]), missing: .value(.int(3)))
        let x = try builder.input("x", TensorType(.f32, [.rows]), missing: .nan)
        let axes = try builder.constant(Tensor([Int64(1)]))
        let a = try builder.add(
            Ops.labelEncoder, [text],
            [
                "keys_strings": .strings(["", "a", "é", "e\u{301}", "a", "none"]),
                "values_floats": .floats([1, 2, 3, 4, 5, 6]), "default_float": .float(.nan),
            ])
        let b = try builder.add(
            Ops.labelEncoder, [number],
            ["keys_int64s": .ints([0, -1, .max, .min]), "values_floats": .floats([1, 2, 3, 4]), "default_float": .float(-0.0)])
        let parts = try [a, b, x].map { try builder.add(Ops.unsqueeze, [$0, axes]) }
        let joined = try builder.add(Ops.concat, parts, ["axis": .int(1)])
        builder.output("softmax", try builder.add(Ops.softmaxWide, [joined]))
        builder.output("logistic", try builder.add(Ops.logistic, [joined], ["form": .string("clamped")]))
        let half = try builder.constant(Tensor(scalar: Float(0.5)))
        let above = try builder.add(Ops.greater, [joined, half])
        builder.output("above", above)
        builder.output("label", try builder.add(Ops.cast, [above], ["to": .type(.i64)]))
        let row = try builder.constant(Tensor([Float(1.5), -0.0, .infinity]))
        for op in [Ops.add, Ops.sub, Ops.mul, Ops.div] {
            builder.output(Text(op.name), try builder.add(op, [row, joined]))
        }
        let texts: [Text] = ["", "a", "é", "e\u{301}", "b", "none", "ab"]
        let numbers: [Int64] = [0, -1, 1, .max, .min, 7]
        try expectReference(try builder.finish()) { rows in
            [
                Tensor((0..<rows).map { texts[$0 % texts.count] }), Tensor((0..<rows).map { numbers[$0 % numbers.count] }),
                Tensor((0..<rows).map { oddFloats[$0 % oddFloats.count] }),
            ]
        }
    }

    @Test func `a planned call allocates nothing, and an error names column and row`() throws {
        var dice = Dice(state: 10)
        let ensemble = try forest(
            &dice, columns: 4, trees: 20, depth: 6, comparisons: [.less], threshold: .f32, sums: .f32, missing: [.nan])
        let model = try Model(graph: try treeGraph(ensemble, columns: 4), info: ModelInfo(name: "m"))
        let values = matrix(&dice, 300, 4).map(Double.init)
        try values.withUnsafeBytes { bytes in
            let start = try #require(bytes.baseAddress)
            let views = (0..<4).map { ColumnView(.f64, start + 8 * $0, strideBytes: 32) }
            for rows in [1, 300] {
                let context = try model.makeContext(maximumRows: rows)
                try views.withUnsafeBufferPointer { try context.predict($0, rows: rows) }
                let before = maxai_allocation_count()
                try views.withUnsafeBufferPointer { try context.predict($0, rows: rows) }
                let after = maxai_allocation_count()
                #expect(before > 0)
                #expect(after - before == 0 || _isDebugAssertConfiguration())
            }
        }
        let graph = try sumGraph()
        let strict = try Model(graph: graph, info: ModelInfo(name: "sum"))
        #expect(strict.plan.isPlanned)
        #expect(throws: MaxError.self) {
            let context = try strict.makeContext(maximumRows: 300)
            try values.withUnsafeBytes { bytes in
                guard let start = bytes.baseAddress else { return }
                let offsets = [Int64](repeating: 0, count: 301)
                try offsets.withUnsafeBufferPointer { offsets in
                    guard let first = offsets.baseAddress else { return }
                    let views = [
                        ColumnView(.f64, start, strideBytes: 8), ColumnView(.string, start, strideBytes: 0, offsets: .wide(first)),
                    ]
                    try views.withUnsafeBufferPointer { try context.predict($0, rows: 2) }
                }
            }
        }
    }

    @Test(arguments: KernelChoice.available, [nil] + TreeKernel.allCases)
    func `a matrix gives what columns give, and no kernel of trees allocates`(family: KernelChoice, kernel: TreeKernel?) throws {
        var dice = Dice(state: 12)
        for element in [ElementType.f32, .f64] {
            let ensemble = try forest(
                &dice, columns: 4, trees: 20, depth: 6, comparisons: [.less], threshold: .f32, sums: .f32, missing: [.nan])
            let graph = try treeGraph(ensemble, columns: 4)
            let model = try KernelChoice.$forced.withValue(family) {
                try TreeKernel.$forced.withValue(kernel) { try Model(graph: graph, info: ModelInfo(name: "m")) }
            }
            let values = matrix(&dice, 300, 4)
            let storage = element == .f32 ? TensorStorage.f32(values) : .f64(values.map(Double.init))
            let width = element == .f32 ? 4 : 8
            try storage.withBytes { bytes in
                let start = try #require(bytes.baseAddress)
                let views = (0..<4).map { ColumnView(element, start + width * $0, strideBytes: 4 * width) }
                for rows in [1, 300] {
                    let (byColumn, byRow) = (try model.makeContext(maximumRows: rows), try model.makeContext(maximumRows: rows))
                    try views.withUnsafeBufferPointer { try byColumn.predict($0, rows: rows) }
                    let matrix = MatrixView(element, start, rowStride: 4 * width)
                    #expect(byRow.predict(matrix, columns: 4, rows: rows))
                    #expect(byRow.withOutput(0) { Array($0) } == byColumn.withOutput(0) { Array($0) })
                    let before = maxai_allocation_count()
                    let isDone = byRow.predict(matrix, columns: 4, rows: rows)
                    let after = maxai_allocation_count()
                    #expect(isDone && (after - before == 0 || _isDebugAssertConfiguration()))
                    #expect(!byRow.predict(matrix, columns: 3, rows: rows) && !byRow.predict(matrix, columns: 4, rows: rows + 1))
                }
            }
        }
    }

    @Test func `threads that share a model agree`() async throws {
        var dice = Dice(state: 11)
        let ensemble = try forest(
            &dice, columns: 4, trees: 20, depth: 6, comparisons: [.less], threshold: .f32, sums: .f32, missing: [.nan])
        let model = try Model(graph: try treeGraph(ensemble, columns: 4), info: ModelInfo(name: "m"))
        let x = Tensor(matrix(&dice, 300, 4), shape: [300, 4])
        async let a = model.predict([x])
        async let b = model.predict([x])
        #expect(try await a[0].firstDifference(from: try await b[0]) == nil)
    }
}
