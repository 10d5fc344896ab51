import MaxCompiler
import MaxIR
import MaxImport
import Testing

@Suite struct TreeExportTests {
    let exporter = ONNXExportTests()

    /// Two trees over three columns, and what the test changes about them.
    func ensemble(
        threshold: ElementType = .f32, base: TensorStorage = .f32([0, 0]), stride: Int = 1,
        aggregate: TreeEnsemble.Aggregate = .sum, rule: TreeEnsemble.SetRule = .nonNegative,
        missing: TreeEnsemble.Missing = .nan, comparison: TreeEnsemble.Comparison = .less, set: [UInt64]? = nil
    ) throws -> TreeEnsemble {
        var builder = TreeEnsembleBuilder(outputs: base.count, leafStride: stride)
        func leaf(_ value: Double) -> SourceNode { .leaf(SourceNode.Leaf((0..<stride).map { value + Double($0) * 0.3 })) }
        let first: [SourceNode] = [
            .split(
                .init(
                    column: 1, comparison: comparison, threshold: 0.1, missing: missing, missingGoesTrue: true,
                    set: comparison == .member ? set : nil, ifTrue: 1, ifFalse: 2)),
            leaf(0.7),
            .split(
                .init(column: 2, comparison: .lessOrEqual, threshold: -3.5, missing: missing, missingGoesTrue: false, ifTrue: 3, ifFalse: 4)
            ),
            leaf(-1.1), leaf(0.123456789),
        ]
        let second: [SourceNode] = [
            .split(.init(column: 0, comparison: .greater, threshold: 1e-3, missing: .none, missingGoesTrue: false, ifTrue: 1, ifFalse: 2)),
            leaf(1e-3), leaf(1e6),
        ]
        try builder.addTree(count: 5, output: 0) { position throws(MaxError) in first[position] }
        try builder.addTree(count: 3, output: stride == 1 ? base.count - 1 : 0) { position throws(MaxError) in second[position] }
        return try builder.finish(threshold: threshold, base: base, aggregate: aggregate, setRule: rule, columns: 3)
    }

    func graph(_ ensemble: TreeEnsemble, x: ElementType = .f32, rounds: Bool = false) throws -> Graph {
        var builder = GraphBuilder(name: "g")
        let input = try builder.input("x", TensorType(x, [.rows, .fixed(3)]), missing: .nan)
        var scores = try builder.add(Ops.trees, [input], ensemble.attributes, label: "forest")
        if rounds { scores = try builder.add(Ops.cast, [scores], ["to": .type(.f32)]) }
        builder.output("score", scores)
        return try builder.finish()
    }

    @Test(arguments: [3, 5])
    func theFormsThatOnnxHasAreExact(ml: Int) throws {
        let options = ONNXExport.Options(mlOpset: ml)
        for x in [ElementType.f32, .f64] {
            try exporter.roundTrip(try graph(try ensemble(), x: x), options)
            try exporter.roundTrip(try graph(try ensemble(base: .f32([0.5, -7]))), options)
            try exporter.roundTrip(try graph(try ensemble(base: .f32([0.5, -7]), stride: 2), x: x), options)
            try exporter.roundTrip(try graph(try ensemble(base: .f32([0.5])), x: x), options)
            try exporter.roundTrip(try graph(try ensemble(aggregate: .average), x: x), options)
            try exporter.roundTrip(try graph(try ensemble(stride: 2, aggregate: .average), x: x), options)
            try exporter.roundTrip(try graph(try ensemble(base: .f32([0.1, 3]), stride: 2, aggregate: .average), x: x), options)
            try exporter.roundTrip(try graph(try ensemble(base: .f32([3, 4]), aggregate: .min), x: x), options)
            try exporter.roundTrip(try graph(try ensemble(aggregate: .max), x: x), options)
            try exporter.roundTrip(try graph(try ensemble(threshold: .f64, base: .f64([0.1, 0])), x: x, rounds: true), options)
            try exporter.roundTrip(try graph(try ensemble(threshold: .f32, base: .f64([0.1, 0])), x: x, rounds: true), options)
        }
    }

    @Test(arguments: TreeEnsemble.Comparison.allCases.filter { $0 != .member }, [TreeEnsemble.Missing.none, .nan, .nanIsZero])
    func comparisonsAndMissingPoliciesAreExact(comparison: TreeEnsemble.Comparison, missing: TreeEnsemble.Missing) throws {
        let g = try graph(try ensemble(missing: missing, comparison: comparison))
        for ml in [3, 5] { try exporter.roundTrip(g, ONNXExport.Options(mlOpset: ml)) }
    }

    @Test(arguments: TreeEnsemble.SetRule.allCases, [[0b1011], [0, 1 << 63], [], [0b100]] as [[UInt64]])
    func categorySetsAreExact(rule: TreeEnsemble.SetRule, set: [UInt64]) throws {
        for x in [ElementType.f32, .f64] {
            let g = try graph(try ensemble(rule: rule, comparison: .member, set: set), x: x)
            for ml in [3, 5] { try exporter.roundTrip(g, ONNXExport.Options(mlOpset: ml)) }
        }
    }

    @Test func sumsInF64AreExactInVersion5() throws {
        let g = try graph(try ensemble(threshold: .f64, base: .f64([0.1, 0])), x: .f64)
        try exporter.roundTrip(g, ONNXExport.Options(mlOpset: 5))
        #expect(throws: MaxError.self) { _ = try ONNXExport.write(g) }
        let result = try exporter.roundTrip(g, ONNXExport.Options(allowsApproximate: true), isExact: false)
        #expect(result.approximations.count == 1)
        #expect(result.errors[0].relative > 0 && result.errors[0].relative < 1e-6)
    }

    @Test func whatTreesCannotSayIsNamed() throws {
        func refusal(_ ensemble: TreeEnsemble) throws -> String {
            let g = try graph(ensemble)
            let message = #expect(throws: MaxError.self) { _ = try ONNXExport.write(g) }?.message ?? ""
            try exporter.roundTrip(g, ONNXExport.Options(allowsApproximate: true), isExact: false)
            return message
        }
        #expect(
            try refusal(try ensemble(missing: .zero))
                == "onnx: node 0 'trees' \"forest\": missing policy: zero counts as missing, which ONNX cannot say")
        #expect(
            try refusal(try ensemble(base: .f32([-0.0, 0])))
                == "onnx: node 0 'trees' \"forest\": the start value is -0.0, and ONNX starts at 0.0")
        #expect(try refusal(try ensemble(threshold: .f64)).hasSuffix("thresholds are f64 and leaves f32; ONNX has one type for both"))
        var linear = try ensemble(threshold: .f64, base: .f64([0, 0]))
        var leaf = LinearLeaves()
        (leaf.base, leaf.offsets, leaf.columns, leaf.coefficients) = ([1, 2, 3, 4, 5], [0, 0, 0, 1, 1, 1], [2], [0.5])
        linear.linear = leaf
        let leaves = try graph(linear)
        for allowed in [false, true] {
            #expect(
                throws: MaxError(.unsupported, "onnx: node 0 'trees' \"forest\": leaves are linear in the columns, which ONNX cannot say")
            ) {
                _ = try ONNXExport.write(leaves, options: ONNXExport.Options(mlOpset: 5, allowsApproximate: allowed))
            }
        }
        let smallest = try graph(try ensemble(base: .f32([1, 2, 3]), aggregate: .min))
        #expect(
            throws: MaxError(.unsupported, "onnx: node 0 'trees' \"forest\": aggregate min with start values, which ONNX adds at the end")
        ) {
            _ = try ONNXExport.write(smallest, options: ONNXExport.Options(allowsApproximate: true))
        }
    }

    @Test func anEnsembleWithoutTreesIsItsBase() throws {
        for ml in [3, 5] {
            try exporter.roundTrip(
                try graph(TreeEnsemble(threshold: .f32, base: .f32([0.25, 1]))), ONNXExport.Options(mlOpset: ml))
        }
    }

    @Test func equalGraphsGiveEqualBytes() throws {
        let g = try graph(try ensemble(base: .f32([0.5, -7]), comparison: .member, set: [0b1011]))
        #expect(try ONNXExport.write(g).bytes == (try ONNXExport.write(try Graph(g.text())).bytes))
    }
}
