import MaxCases
import MaxIR
import MaxRuntime
import Testing

/// Ensembles that strain one or another kernel, in every kernel that can hold them.
@Suite struct TreeKernelTests {
    /// What a tree looks like.
    enum Shape: String, CaseIterable {
        case lone, full1, full6, full7, oblivious1, oblivious4, oblivious8, oblivious9, chain, leaves64, leaves65, leaves256, leaves257, deep
    }

    struct Sums: CustomTestStringConvertible {
        var x: ElementType
        var threshold: ElementType
        var leaf: ElementType
        var outputs = 1
        var stride = 1
        var average = false
        var missing: [TreeEnsemble.Missing] = [.nan]
        /// Different thresholds that a column may have.
        var thresholds = 200
        var sets = false
        var testDescription: String { "\(x) \(threshold) \(leaf) \(outputs)/\(stride) \(average) \(missing) \(thresholds) \(sets)" }
    }

    static let columns = 6

    static let sums: [Sums] = [
        Sums(x: .f32, threshold: .f32, leaf: .f32),
        Sums(x: .f64, threshold: .f64, leaf: .f64),
        Sums(x: .f32, threshold: .f64, leaf: .f64, missing: [.nan, .zero, .none]),
        Sums(x: .f64, threshold: .f32, leaf: .f32, average: true, missing: [.zero]),
        Sums(x: .f64, threshold: .f64, leaf: .f64, outputs: 3, average: true, missing: [.nan, .zero]),
        Sums(x: .f32, threshold: .f32, leaf: .f32, outputs: 4, stride: 4),
        Sums(x: .f64, threshold: .f64, leaf: .f64, outputs: 5, stride: 5, average: true),
        Sums(x: .f32, threshold: .f32, leaf: .f32, thresholds: 4),
        Sums(x: .f64, threshold: .f64, leaf: .f64, thresholds: 1500),
        Sums(x: .f64, threshold: .f64, leaf: .f64, sets: true),
    ]

    @Test(arguments: Shape.allCases, sums)
    func `every kernel gives the bits of the reference`(shape: Shape, sums: Sums) throws {
        var random = SplitMix(seed: UInt64(Shape.allCases.firstIndex(of: shape) ?? 0) &* 77 &+ UInt64(sums.thresholds))
        let trees = shape == .deep ? 9 : 19
        let ensemble = try ensemble(&random, sums, (0..<trees).map { $0 == 5 ? .lone : $0 == 11 ? .full6 : shape })
        try compare(ensemble, sums, &random)
    }

    @Test func `a column may have more thresholds than codes`() throws {
        var random = SplitMix(seed: 5)
        let sums = Sums(x: .f64, threshold: .f64, leaf: .f64, thresholds: 90_000)
        // More than 65,534 of the second column alone.
        var trees = TreeEnsembleBuilder(outputs: 1)
        for tree in 0..<1100 {
            try trees.addTree(count: 127, output: 0) { position throws(MaxError) in
                guard position < 63 else { return .leaf([Double(position)]) }
                return .split(
                    SourceNode.Split(
                        column: 1, comparison: .lessOrEqual, threshold: Double(tree * 63 + position), missing: .nan, missingGoesTrue: true,
                        ifTrue: 2 * position + 1, ifFalse: 2 * position + 2))
            }
        }
        let ensemble = try trees.finish(threshold: .f64, base: .f64([0]))
        try compare(ensemble, sums, &random, counts: [1, 65])
    }

    private func compare(
        _ ensemble: TreeEnsemble, _ sums: Sums, _ random: inout SplitMix, counts: [Int] = [1, 2, 7, 8, 63, 64, 65, 257]
    ) throws {
        var builder = GraphBuilder(name: "strained")
        let x = try builder.input("x", TensorType(sums.x, [.rows, .fixed(Self.columns)]), missing: .nan)
        builder.output("raw", try builder.add(Ops.trees, [x], ensemble.attributes))
        let graph = try builder.finish()
        let values = rows(&random, ensemble, sums, counts.max() ?? 1)
        let expected = try #require(try graph.evaluate([.tensor(tensor(values, sums.x))])[0].tensor)
        for family in KernelChoice.available {
            for kernel in [nil] + TreeKernel.allCases {
                let model = try KernelChoice.$forced.withValue(family) {
                    try TreeKernel.$forced.withValue(kernel) { try Model(graph: graph, info: ModelInfo(name: "m")) }
                }
                #expect(model.plan.isPlanned)
                for count in counts {
                    let found = try model.predict([tensor(Array(values[..<(count * Self.columns)]), sums.x)])[0]
                    let at = first(count, of: expected).firstDifference(from: found)
                    #expect(at == nil, "\(family) \(kernel?.rawValue ?? "chosen"), \(count) rows, \(model.plan.summary)")
                }
            }
        }
    }

    private func first(_ count: Int, of tensor: Tensor) -> Tensor {
        let width = tensor.shape[1]
        return Tensor(unchecked: tensor.storage.picking(Array(0..<count * width)), shape: [count, width])
    }

    private func tensor(_ values: [Double], _ element: ElementType) -> Tensor {
        let shape = [values.count / Self.columns, Self.columns]
        return element == .f32 ? Tensor(values.map { Float($0) }, shape: shape) : Tensor(values, shape: shape)
    }

    /// Thresholds, their neighbours, and what is odd.
    private func rows(_ random: inout SplitMix, _ e: TreeEnsemble, _ sums: Sums, _ count: Int) -> [Double] {
        let odd: [Double] = [.nan, .infinity, -.infinity, -0.0, 0, 1e-40, -1e-36, 1e-35, 1e300, -1e300, 3, 70, 2.5, -1]
        return (0..<count * Self.columns).map { _ in
            switch random.below(4) {
            case 0: return odd[random.below(odd.count)]
            case 1: return Double(random.below(3000)) / 1000 - 1.5
            default:
                guard e.nodeCount > 0 else { return 1 }
                let t = e.threshold.number(random.below(e.nodeCount))
                let near = sums.threshold == .f32 ? Double(Float(t).nextUp) : t.nextUp
                return [t, near, sums.threshold == .f32 ? Double(Float(t).nextDown) : t.nextDown][random.below(3)]
            }
        }
    }

    private func ensemble(_ random: inout SplitMix, _ sums: Sums, _ shapes: [Shape]) throws -> TreeEnsemble {
        var builder = TreeEnsembleBuilder(outputs: sums.outputs, leafStride: sums.stride)
        for (tree, shape) in shapes.enumerated() {
            let nodes = nodes(&random, sums, shape)
            try builder.addTree(count: nodes.count, output: sums.stride > 1 ? 0 : tree % sums.outputs) { nodes[$0] }
        }
        let base = (0..<sums.outputs).map { Double($0) / 4 - 0.25 }
        return try builder.finish(
            threshold: sums.threshold, base: sums.leaf == .f64 ? .f64(base) : .f32(base.map { Float($0) }),
            aggregate: sums.average ? .average : .sum, setRule: .truncated)
    }

    /// A tree of a shape, its nodes and leaves in any order with the root first.
    private func nodes(_ random: inout SplitMix, _ sums: Sums, _ shape: Shape) -> [SourceNode] {
        var nodes: [SourceNode] = []
        func leaf(_ random: inout SplitMix) -> SourceNode {
            .leaf(SourceNode.Leaf((0..<sums.stride).map { _ in Double(random.below(2001) - 1000) / 997 }))
        }
        func split(_ random: inout SplitMix, _ ifTrue: Int, _ ifFalse: Int) -> SourceNode.Split {
            let policy = sums.missing[random.below(sums.missing.count)]
            let isSet = sums.sets && random.below(3) == 0
            let threshold = Double(random.below(sums.thresholds) - sums.thresholds / 2) / 128
            return SourceNode.Split(
                column: random.below(Self.columns), comparison: isSet ? .member : [.less, .lessOrEqual, .greater][random.below(sums.sets ? 3 : 2)],
                threshold: isSet ? 0 : threshold, missing: policy,
                missingGoesTrue: random.below(2) == 0, set: isSet ? [UInt64.random(in: 0...UInt64.max, using: &random), 0x41] : nil,
                ifTrue: ifTrue, ifFalse: ifFalse)
        }
        func full(_ depth: Int, oblivious: Bool) {
            let inner = (1 << depth) - 1
            let tests = (0..<depth).map { _ in split(&random, 0, 0) }
            for position in 0..<(2 * inner + 1) {
                guard position < inner else {
                    nodes.append(leaf(&random))
                    continue
                }
                var test = oblivious ? tests[Int.bitWidth - 1 - (position + 1).leadingZeroBitCount] : split(&random, 0, 0)
                (test.ifTrue, test.ifFalse) = (2 * position + 1, 2 * position + 2)
                nodes.append(.split(test))
            }
        }
        /// A tree of `count` leaves whose splits take a random leaf apart, or the one that was made last.
        func grown(_ count: Int, deep: Bool) {
            nodes = [leaf(&random)]
            var leaves = [0]
            while leaves.count < count {
                let index = deep && random.below(4) > 0 ? leaves.count - 1 : random.below(leaves.count)
                let place = leaves.remove(at: index)
                nodes[place] = .split(split(&random, nodes.count, nodes.count + 1))
                leaves += [nodes.count, nodes.count + 1]
                nodes.append(leaf(&random))
                nodes.append(leaf(&random))
            }
        }
        switch shape {
        case .lone: nodes = [leaf(&random)]
        case .full1: full(1, oblivious: false)
        case .full6: full(6, oblivious: false)
        case .full7: full(7, oblivious: false)
        case .oblivious1: full(1, oblivious: true)
        case .oblivious4: full(4, oblivious: true)
        case .oblivious8: full(8, oblivious: true)
        case .oblivious9: full(9, oblivious: true)
        case .chain: grown(41, deep: true)
        case .leaves64: grown(64, deep: false)
        case .leaves65: grown(65, deep: false)
        case .leaves256: grown(256, deep: false)
        case .leaves257: grown(257, deep: false)
        case .deep: grown(3000, deep: true)
        }
        return nodes
    }
}
