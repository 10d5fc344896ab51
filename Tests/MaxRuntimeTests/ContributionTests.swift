import MaxCases
import MaxIR
import MaxRuntime
import Testing

/// Full trees on random columns, with cover that adds up.
private func ensemble(_ random: inout SplitMix, columns: Int, trees: Int, depth: Int, outputs: Int, sums: ElementType, average: Bool)
    throws -> TreeEnsemble
{
    var builder = TreeEnsembleBuilder(outputs: outputs)
    for tree in 0..<trees {
        let inner = (1 << depth) - 1
        var cover = [Double](repeating: 0, count: 2 * inner + 1)
        for position in (0..<cover.count).reversed() {
            cover[position] = position < inner ? cover[2 * position + 1] + cover[2 * position + 2] : Double(1 + random.below(9))
        }
        var nodes: [SourceNode] = []
        for position in 0..<cover.count {
            if position < inner {
                nodes.append(
                    .split(
                        SourceNode.Split(
                            column: random.below(columns), comparison: .less, threshold: Double(random.below(9)) / 4 - 1, missing: .nan,
                            missingGoesTrue: random.below(2) == 0, ifTrue: 2 * position + 1, ifFalse: 2 * position + 2,
                            cover: cover[position])))
            } else {
                nodes.append(.leaf(SourceNode.Leaf([Double(random.below(2000)) / 1000 - 1], id: position, cover: cover[position])))
            }
        }
        try builder.addTree(count: nodes.count, output: tree % outputs) { nodes[$0] }
    }
    let base = [Double](repeating: 0.5, count: outputs)
    return try builder.finish(
        threshold: .f32, base: sums == .f64 ? .f64(base) : .f32(base.map { Float($0) }), aggregate: average ? .average : .sum,
        columns: columns)
}

/// The score that the trees give on average if only the columns in `known` are told, by cover.
private func expectation(_ e: TreeEnsemble, _ x: [Float], known: UInt) -> Double {
    func descend(_ place: Int32) -> Double {
        guard place >= 0 else { return e.leafValues.number(Int(~place)) }
        let node = Int(place)
        let (yes, no) = (e.trueChild[node], e.falseChild[node])
        let value = x[Int(e.column[node])]
        if known >> UInt(e.column[node]) & 1 == 1 {
            let isTrue = value.isNaN ? e.policy(of: node).goesTrue : Double(value) < e.threshold.number(node)
            return descend(isTrue ? yes : no)
        }
        func cover(_ place: Int32) -> Double { place >= 0 ? e.nodeCover[Int(place)] : e.leafCover[Int(~place)] }
        return (cover(yes) * descend(yes) + cover(no) * descend(no)) / e.nodeCover[node]
    }
    return e.roots.reduce(0) { $0 + descend($1) }
}

private func graph(_ e: TreeEnsemble, columns: Int) throws -> Graph {
    var builder = GraphBuilder(name: "explained")
    let x = try builder.input("x", TensorType(.f32, [.rows, .fixed(columns)]), missing: .nan)
    builder.output("raw", try builder.add(Ops.trees, [x], e.attributes))
    builder.output("contributions", try builder.add(Ops.treeContributions, [x], e.attributes))
    builder.output("leaf", try builder.add(Ops.treeLeaves, [x], e.attributes))
    return try builder.finish()
}

private func rows(_ random: inout SplitMix, _ count: Int, _ columns: Int) -> Tensor {
    let odd: [Float] = [.nan, .infinity, -.infinity, -0.0, 0]
    return Tensor(
        (0..<count * columns).map { _ in random.below(5) == 0 ? odd[random.below(odd.count)] : Float(random.below(4000)) / 1000 - 2 },
        shape: [count, columns])
}

@Suite struct ContributionTests {
    @Test func `contributions are Shapley values of what the trees expect`() throws {
        var random = SplitMix(seed: 11)
        let columns = 5
        for depth in 1...4 {
            let e = try ensemble(&random, columns: columns, trees: 3, depth: depth, outputs: 1, sums: .f64, average: false)
            let x = rows(&random, 12, columns)
            let found: [Double] = try #require(try graph(e, columns: columns).evaluate([.tensor(x)])[1].tensor?.values())
            let values: [Float] = try #require(x.values())
            let factorials: [Double] = [1, 1, 2, 6, 24, 120]
            for row in 0..<12 {
                let here = Array(values[row * columns..<(row + 1) * columns])
                for column in 0..<columns {
                    var shapley = 0.0
                    for known in 0..<UInt(1 << columns) where known >> UInt(column) & 1 == 0 {
                        let size = known.nonzeroBitCount
                        let weight = factorials[size] * factorials[columns - size - 1] / factorials[columns]
                        shapley += weight * (expectation(e, here, known: known | 1 << UInt(column)) - expectation(e, here, known: known))
                    }
                    #expect(abs(found[row * (columns + 2) + column] - shapley) < 1e-13)
                }
                #expect(abs(found[row * (columns + 2) + columns] - 0.5 - expectation(e, here, known: 0)) < 1e-13)
            }
        }
    }

    @Test(arguments: [ElementType.f32, .f64], [false, true])
    func `kernels give the reference's bits, and all adds up to the score`(sums: ElementType, average: Bool) throws {
        var random = SplitMix(seed: 5)
        let columns = 7
        for depth in [0, 1, 3, 6, 9] {
            let e = try ensemble(&random, columns: columns, trees: 6, depth: depth, outputs: 2, sums: sums, average: average)
            let graph = try graph(e, columns: columns)
            for count in [0, 1, 2, 63, 64, 65, 300] {
                let x = rows(&random, count, columns)
                let expected = try graph.evaluate([.tensor(x)]).compactMap(\.tensor)
                for choice in KernelChoice.available {
                    let model = try KernelChoice.$forced.withValue(choice) { try Model(graph: graph, info: ModelInfo(name: "m")) }
                    #expect(model.plan.isPlanned && !model.plan.summary.contains("reference("))
                    for (found, wanted) in zip(try model.predict([x]), expected) {
                        #expect(found.shape == wanted.shape)
                        if let at = found.firstDifference(from: wanted) {
                            Issue.record(
                                "\(choice), depth \(depth), \(count) rows: element \(at): \(found.describe(at)), \(wanted.describe(at))")
                        }
                    }
                }
                let parts: [Double] = try #require(expected[1].values())
                for index in 0..<count * 2 {
                    let sum = parts[index * (columns + 2)..<(index + 1) * (columns + 2)].reduce(0, +)
                    #expect(sum == expected[0].storage.number(index))
                }
            }
        }
    }

    @Test func `what cannot be explained is refused by name`() throws {
        var builder = TreeEnsembleBuilder(outputs: 1)
        try builder.addTree(count: 1, output: 0) { _ throws(MaxError) in .leaf([1]) }
        let e = try builder.finish(threshold: .f32, base: .f32([0]))
        var made = GraphBuilder(name: "m")
        let x = try made.input("x", TensorType(.f32, [.rows, .fixed(2)]), missing: .nan)
        made.output("raw", try made.add(Ops.trees, [x], e.attributes))
        let model = try Model(graph: try made.finish(), info: ModelInfo(name: "m"))
        let error = #expect(throws: MaxError.self) { try model.explained(contributions: true, leaves: false) }
        #expect(error?.code == .unsupported && error?.message.contains("cover") == true)
        #expect(try model.explained(contributions: false, leaves: true).schema.outputs.map(\.name) == ["raw", "leaf"])
    }

    @Test func `interventional contributions are Shapley values of mixed rows`() throws {
        var random = SplitMix(seed: 12)
        let columns = 5
        for depth in 1...4 {
            let e = try ensemble(&random, columns: columns, trees: 3, depth: depth, outputs: 1, sums: .f64, average: false)
            let (x, background) = (rows(&random, 8, columns), rows(&random, 6, columns))
            let graph = try interventional(e, background)
            let found: [Double] = try #require(try graph.evaluate([.tensor(x)])[1].tensor?.values())
            let (here, there): ([Float], [Float]) = (try #require(x.values()), try #require(background.values()))
            let factorials: [Double] = [1, 1, 2, 6, 24, 120]
            for row in 0..<8 {
                // The mean score of rows that have the known columns from x and the others from the background.
                let game = try (0..<1 << columns).map { known in
                    let mixed = (0..<6 * columns).map { known >> ($0 % columns) & 1 == 1 ? here[row * columns + $0 % columns] : there[$0] }
                    let scores: [Double] = try #require(
                        try graph.evaluate([.tensor(Tensor(mixed, shape: [6, columns]))])[0].tensor?.values())
                    return scores.reduce(0, +) / 6
                }
                for column in 0..<columns {
                    var shapley = 0.0
                    for known in 0..<1 << columns where known >> column & 1 == 0 {
                        let size = known.nonzeroBitCount
                        let weight = factorials[size] * factorials[columns - size - 1] / factorials[columns]
                        shapley += weight * (game[known | 1 << column] - game[known])
                    }
                    #expect(abs(found[row * (columns + 2) + column] - shapley) < 1e-13)
                }
                #expect(abs(found[row * (columns + 2) + columns] - game[0]) < 1e-13)
            }
        }
    }

    @Test(arguments: [ElementType.f32, .f64], [false, true])
    func `interventional kernels give the reference's bits, and all adds up`(sums: ElementType, average: Bool) throws {
        var random = SplitMix(seed: 6)
        for (depth, columns) in [(0, 3), (1, 3), (3, 7), (6, 7), (10, 40)] {
            let e = try ensemble(&random, columns: columns, trees: 5, depth: depth, outputs: 2, sums: sums, average: average)
            for known in [1, 2, 33] {
                let graph = try interventional(e, rows(&random, known, columns))
                for count in [0, 1, 64, 150] {
                    let x = rows(&random, count, columns)
                    let expected = try graph.evaluate([.tensor(x)]).compactMap(\.tensor)
                    for choice in KernelChoice.available {
                        let model = try KernelChoice.$forced.withValue(choice) { try Model(graph: graph, info: ModelInfo(name: "m")) }
                        #expect(model.plan.isPlanned && !model.plan.summary.contains("reference("))
                        for (found, wanted) in zip(try model.predict([x]), expected) {
                            #expect(found.shape == wanted.shape)
                            if let at = found.firstDifference(from: wanted) {
                                Issue.record(
                                    "\(choice), depth \(depth), \(count) rows: element \(at): \(found.describe(at)), \(wanted.describe(at))"
                                )
                            }
                        }
                    }
                    let parts: [Double] = try #require(expected[1].values())
                    for index in 0..<count * 2 {
                        let sum = parts[index * (columns + 2)..<(index + 1) * (columns + 2)].reduce(0, +)
                        #expect(sum == expected[0].storage.number(index))
                    }
                }
            }
        }
    }

    @Test(arguments: [0, 1, 64, 130])
    func `linear contributions are products that add up, in the kernel and the reference`(count: Int) throws {
        var random = SplitMix(seed: 8)
        let columns = 6
        var builder = GraphBuilder(name: "linear")
        let x = try builder.input("x", TensorType(.f32, [.rows, .fixed(columns)]), missing: .nan)
        let attributes: [String: Attribute] = [
            "weights": .tensor(Tensor((0..<columns * 2).map { _ in Float(random.below(1000)) / 300 - 1 }, shape: [columns, 2])),
            "base": .tensor(Tensor([Float(0.3), -7], shape: [2])),
        ]
        builder.output("raw", try builder.add(Ops.orderedLinear, [x], attributes))
        let model = try Model(graph: try builder.finish(), info: ModelInfo(name: "m")).explained(contributions: true, leaves: false)
        #expect(model.plan.isPlanned && !model.plan.summary.contains("reference("))
        let values = rows(&random, count, columns)
        let expected = try model.graph.evaluate([.tensor(values)]).compactMap(\.tensor)
        for (found, wanted) in zip(try model.predict([values]), expected) {
            #expect(found.shape == wanted.shape && found.firstDifference(from: wanted) == nil)
        }
        let parts: [Double] = try #require(expected[1].values())
        for index in 0..<count * 2 {
            let sum = parts[index * (columns + 2)..<(index + 1) * (columns + 2)].reduce(0, +)
            let score = expected[0].storage.number(index)
            #expect(sum == score || (sum.isNaN && score.isNaN))
        }
    }

    @Test func `a bundle keeps its background, which explains without cover`() throws {
        var builder = TreeEnsembleBuilder(outputs: 1)
        let nodes: [SourceNode] = [
            .split(
                SourceNode.Split(column: 1, comparison: .less, threshold: 0, missing: .nan, missingGoesTrue: true, ifTrue: 1, ifFalse: 2)),
            .leaf([1]), .leaf([3]),
        ]
        try builder.addTree(count: nodes.count, output: 0) { nodes[$0] }
        let e = try builder.finish(threshold: .f32, base: .f32([0]))
        var made = GraphBuilder(name: "m")
        let x = try made.input("x", TensorType(.f32, [.rows, .fixed(2)]), missing: .nan)
        made.output("raw", try made.add(Ops.trees, [x], e.attributes))
        let background = Tensor([Float(0), -1, 0, 1, 0, -2, 0, .nan], shape: [4, 2])
        func bytes(_ background: [Tensor]) throws -> [UInt8] {
            try BundleWriter.bytes(
                of: BundleContent(info: ModelInfo(name: "m"), producer: "test", graph: made.finish(), background: background))
        }
        let model = try Model.load(Bundle(bytes: bytes([background]))).explained(contributions: true, leaves: false)
        let answer = try model.predict([Tensor([Float(5), 5], shape: [1, 2])])
        #expect(answer[1] == Tensor([0, 1.5, 1.5, 0], shape: [1, 1, 4]))
        for wrong in [[], [background, background], [Tensor([Float(1)], shape: [1, 1])], [Tensor([1.0, 2], shape: [1, 2])]] {
            let error = #expect(throws: MaxError.self) { try Model.load(Bundle(bytes: bytes(wrong))) }
            #expect(error?.code == .malformed && error?.message.contains("background") == true)
        }
    }
}

private func interventional(_ e: TreeEnsemble, _ background: Tensor) throws -> Graph {
    var builder = GraphBuilder(name: "explained")
    let x = try builder.input("x", TensorType(.f32, [.rows, .fixed(background.shape[1])]), missing: .nan)
    builder.output("raw", try builder.add(Ops.trees, [x], e.attributes))
    let attributes = e.attributes.merging(["background": .tensor(background)]) { $1 }
    builder.output("contributions", try builder.add(Ops.treeInterventional, [x], attributes))
    return try builder.finish()
}
