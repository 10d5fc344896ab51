import MaxCases
import MaxIR
import MaxRuntime
import Testing

/// Every tree kernel of every family gives the bits of the reference evaluator.
@Suite struct TreeKernelTests {
    /// What sums look like; every forest gets all of them, in turn over the element types.
    private static let outputs: [(count: Int, stride: Int, aggregate: TreeEnsemble.Aggregate)] = [
        (1, 1, .sum), (3, 1, .average), (4, 3, .sum), (1, 1, .average), (2, 2, .average), (5, 1, .sum), (9, 8, .sum), (17, 17, .average),
    ]

    @Test(arguments: Forest.all)
    func `every kernel gives the bits of the reference evaluator, in calls of any size`(forest: Forest) throws {
        var random = SplitMix(seed: 17)
        var turn = 0
        // Where a case takes long, the two that differ most.
        let isLarge = forest.batches.count < 5
        for x in [ElementType.f32, .f64] {
            for threshold in isLarge ? [x] : [ElementType.f32, .f64] {
                for sums in forest.isLinear ? [ElementType.f64] : isLarge ? [x] : [.f32, .f64] {
                    let (count, values, aggregate) = Self.outputs[turn % Self.outputs.count]
                    turn += 1
                    let stride = forest.isLinear ? 1 : values
                    let e = try forest.ensemble(
                        &random, outputs: count, stride: stride, threshold: threshold, sums: sums, aggregate: aggregate)
                    let rows = forest.batches.max() ?? 1
                    let matrix = HostileRows(e, columns: forest.columns).matrix(&random, rows: rows, x)
                    try check(
                        forest, e, matrix, "x \(x), thresholds \(threshold), sums \(sums), \(count) outputs, stride \(stride), \(aggregate)"
                    )
                }
            }
        }
    }

    private func check(_ forest: Forest, _ e: TreeEnsemble, _ x: Tensor, _ place: String) throws {
        var builder = GraphBuilder(name: "trees")
        let input = try builder.input("x", TensorType(x.elementType, [.rows, .fixed(forest.columns)]), missing: .nan)
        builder.output("raw", try builder.add(Ops.trees, [input], e.attributes))
        let graph = try builder.finish()
        let expected = try #require(try graph.evaluate([.tensor(x)])[0].tensor)
        for family in KernelChoice.available {
            for kernel in TreeKernel.allCases {
                let model = try KernelChoice.$forced.withValue(family) {
                    try TreeKernel.$forced.withValue(kernel) { try Model(graph: graph, info: ModelInfo(name: "m")) }
                }
                let taken = forest.holders.contains(kernel) ? kernel : forest.holders.contains(.walk) ? .walk : .general
                let planned = model.plan.ensembles
                #expect(planned.map(\.kernel) == [taken] && planned.map(\.treeCount) == [e.treeCount], "\(kernel), \(place)")
                guard taken == kernel else { continue }
                for rows in forest.batches { try check(model, x, expected, rows, "\(family), \(kernel), \(place)") }
            }
        }
    }

    /// The first and the last rows of the matrix, `rows` at a time; single rows from all over it.
    private func check(_ model: Model, _ x: Tensor, _ expected: Tensor, _ rows: Int, _ place: String) throws {
        let last = x.shape[0] - rows
        for first in rows == 1 ? Array(Swift.stride(from: 0, through: last, by: 1 + last / 40)) : last > 0 ? [0, last] : [0] {
            let found = try model.predict([part(x, first, rows)])[0]
            let wanted = part(expected, first, rows)
            #expect(found.shape == wanted.shape && found.elementType == wanted.elementType)
            guard let at = found.firstDifference(from: wanted) else { continue }
            Issue.record(
                "\(place): rows \(first) ..< \(first + rows), element \(at): \(found.describe(at)), expected \(wanted.describe(at))")
            return
        }
    }

    private func part(_ tensor: Tensor, _ first: Int, _ rows: Int) -> Tensor {
        let width = tensor.shape[1]
        return Tensor(unchecked: tensor.storage.picking(Array(first * width..<(first + rows) * width)), shape: [rows, width])
    }

    @Test func `without a wish a plan takes a kernel that holds the trees, and says which`() throws {
        var random = SplitMix(seed: 5)
        for forest in Forest.all where forest.batches.count >= 5 {
            let e = try forest.ensemble(&random, outputs: 1, stride: 1, threshold: .f32, sums: .f64, aggregate: .sum)
            var builder = GraphBuilder(name: "trees")
            let input = try builder.input("x", TensorType(.f32, [.rows, .fixed(forest.columns)]), missing: .nan)
            builder.output("raw", try builder.add(Ops.trees, [input], e.attributes))
            let plan = try Model(graph: builder.finish(), info: ModelInfo(name: "m")).plan
            let taken = try #require(plan.ensembles.first)
            #expect(forest.holders.contains(taken.kernel) && plan.summary.hasPrefix(taken.kernel.rawValue), "\(forest)")
        }
    }
}
