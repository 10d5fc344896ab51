import MaxIR
import Testing

/// Two nodes: node 0 sends to node 1 or leaf 0, node 1 to leaf 1 or leaf 2.
private func sound() throws -> TreeEnsemble {
    var builder = TreeEnsembleBuilder(outputs: 1)
    try builder.addTree(count: 5, output: 0) { position throws(MaxError) in
        switch position {
        case 0, 1:
            .split(
                SourceNode.Split(
                    column: position, comparison: position == 0 ? .less : .member, missing: .nan,
                    missingGoesTrue: false,
                    set: position == 0 ? nil : [6], ifTrue: position * 2 + 1, ifFalse: position * 2 + 2))
        default: .leaf([Double(position)])
        }
    }
    return try builder.finish(threshold: .f32, base: .f32([0]), columns: 2)
}

@Suite struct HostileTreesTests {
    @Test func `a sound ensemble is accepted and survives its attributes`() throws {
        let ensemble = try sound()
        var builder = GraphBuilder(name: "test")
        let x = try builder.input("x", TensorType(.f32, [.rows, .fixed(2)]))
        let y = try builder.add(Ops.trees, [x], ensemble.attributes)
        #expect(builder.type(of: y) == .tensor(TensorType(.f32, [.rows, .fixed(1)])))
    }

    static let faults: [(String, String, @Sendable (inout TreeEnsemble) -> Void)] = [
        ("a child that is its own parent", "true_child", { $0.trueChild[1] = 1 }),
        ("a child before its parent", "true_child", { $0.trueChild[1] = 0 }),
        ("a child of two parents", "which has a parent already", { $0.falseChild[0] = 1 }),
        ("a child beyond the nodes", "true_child", { $0.trueChild[0] = 2 }),
        ("a leaf beyond the leaves", "leaf 3", { $0.falseChild[1] = ~3 }),
        ("the most negative leaf", "leaf 2147483647", { $0.falseChild[1] = .min }),
        ("a node of no tree", "belongs to no tree", { $0.trueChild[0] = ~0 }),
        ("a root beyond the nodes", "roots", { $0.roots = [7] }),
        ("a root twice", "tree_output", { $0.roots = [0, 0] }),
        ("a negative column", "column", { $0.column[0] = -1 }),
        ("a column beyond the matrix", "column", { $0.column[0] = 2 }),
        ("an unknown comparison", "comparison", { $0.comparison[0] = 7 }),
        ("an unknown missing policy", "missing", { $0.missing[0] = 8 }),
        ("an output beyond the base", "tree_output", { $0.treeOutput = [1] }),
        ("a negative output", "tree_output", { $0.treeOutput = [-1] }),
        ("no outputs", "base", { $0.base = .f32([]) }),
        ("too few thresholds", "threshold", { $0.threshold = .f32([0]) }),
        ("a set beyond the sets", "set", { $0.set[1] = 1 }),
        ("a set at a node without one", "set", { $0.set[0] = 0 }),
        ("no sets", "set", { $0.set = [] }),
        ("set offsets that fall", "set_offsets", { $0.setOffsets = [0, 2, 1] }),
        ("set offsets beyond the words", "set_offsets", { $0.setOffsets = [0, 9] }),
        ("no set offsets", "set_offsets", { $0.setOffsets = [] }),
        ("leaf values of another type", "base", { $0.leafValues = .f64([1, 2, 3]) }),
        ("too few leaf numbers", "leaf_ids", { $0.leafIDs = [0] }),
        ("a negative leaf number", "leaf_ids", { $0.leafIDs = [0, 1, -1] }),
        ("the cover of leaves alone", "node_cover", { $0.leafCover = [1, 1, 1] }),
        ("too few covers of nodes", "node_cover", { ($0.nodeCover, $0.leafCover) = ([3], [1, 1, 1]) }),
        ("a cover that is no number", "leaf_cover", { ($0.nodeCover, $0.leafCover) = ([3, 2], [1, .nan, 1]) }),
        ("a negative cover", "node_cover", { ($0.nodeCover, $0.leafCover) = ([3, -2], [1, 1, 1]) }),
        ("leaves wider than the outputs", "leaf_values", { $0.leafStride = 3 }),
    ]

    @Test(arguments: faults.indices)
    func `is refused with the attribute's name`(index: Int) throws {
        let (what, expected, spoil) = Self.faults[index]
        var ensemble = try sound()
        spoil(&ensemble)
        let spoilt = ensemble
        let error = #expect(throws: MaxError.self, "\(what)") { try spoilt.validate(columns: 2) }
        #expect(error?.code == .malformed, "\(what)")
        #expect(error?.message.contains(expected) == true, "\(what): \(error?.message ?? "")")
    }

    static let linearFaults: [(String, String, @Sendable (inout TreeEnsemble) -> Void)] = [
        ("sums of another type", "leaf_values", { ($0.leafValues, $0.base) = (.f32([1, 2, 3]), .f32([0])) }),
        (
            "several values per leaf", "leaf_values",
            { ($0.leafStride, $0.leafValues, $0.base) = (3, .f64(Array(repeating: 1, count: 9)), .f64([0, 0, 0])) }
        ),
        ("too few start values", "linear_base", { $0.linear?.base = [1, 2] }),
        ("too few offsets", "linear_offsets", { $0.linear?.offsets = [0, 2, 3] }),
        ("no offsets", "linear_offsets", { $0.linear?.offsets = [] }),
        ("offsets that fall", "linear_offsets: element 2", { $0.linear?.offsets = [0, 2, 1, 3] }),
        ("offsets that start below 0", "linear_offsets", { $0.linear?.offsets = [-1, 0, 2, 3] }),
        ("offsets beyond the columns", "linear_offsets", { $0.linear?.offsets = [0, 0, 2, 9] }),
        ("an offset in between beyond the columns", "linear_offsets", { $0.linear?.offsets = [0, 0, .max, 3] }),
        ("too few coefficients", "linear_coefficients", { $0.linear?.coefficients = [1] }),
        ("a column beyond the matrix", "linear_columns: element 1 is 2", { $0.linear?.columns = [0, 2, 1] }),
        ("a negative column", "linear_columns: element 2 is -1", { $0.linear?.columns = [0, 1, -1] }),
    ]

    @Test(arguments: linearFaults.indices)
    func `linear leaves are refused with the attribute's name`(index: Int) throws {
        let (what, expected, spoil) = Self.linearFaults[index]
        var ensemble = try sound()
        (ensemble.leafValues, ensemble.base) = (.f64([1, 2, 3]), .f64([0]))
        var linear = LinearLeaves()
        (linear.offsets, linear.columns, linear.coefficients, linear.base) = ([0, 0, 2, 3], [0, 1, 1], [1, 2, .nan], [1, 2, 3])
        ensemble.linear = linear
        try ensemble.validate(columns: 2)
        spoil(&ensemble)
        let spoilt = ensemble
        let error = #expect(throws: MaxError.self, "\(what)") { try spoilt.validate(columns: 2) }
        #expect(error?.code == .malformed && error?.message.hasPrefix(expected) == true, "\(what): \(error?.message ?? "")")
    }

    @Test func `linear leaves that lack an attribute are refused`() throws {
        var attributes = try sound().attributes
        attributes["linear_base"] = .tensor(Tensor([1.0, 2, 3]))
        var builder = GraphBuilder(name: "test")
        let x = try builder.input("x", TensorType(.f32, [.rows, .fixed(2)]))
        let error = #expect(throws: MaxError.self) { try builder.add(Ops.trees, [x], attributes) }
        #expect(error?.message.contains("linear_offsets") == true, "\(error?.message ?? "")")
    }

    @Test func `the operator refuses what validation refuses, and a matrix of fewer columns`() throws {
        func add(_ ensemble: TreeEnsemble, columns: Int) throws {
            var builder = GraphBuilder(name: "test")
            let x = try builder.input("x", TensorType(.f32, [.rows, .fixed(columns)]))
            _ = try builder.add(Ops.trees, [x], ensemble.attributes)
        }
        let ensemble = try sound()
        #expect(throws: MaxError.self) { try add(ensemble, columns: 1) }
        var changed = ensemble
        changed.trueChild[1] = 1
        let spoilt = changed
        #expect(throws: MaxError.self) { try add(spoilt, columns: 2) }
    }

    @Test func `a cycle in a source tree is refused`() throws {
        func build() throws {
            var builder = TreeEnsembleBuilder(outputs: 1)
            try builder.addTree(count: 2, output: 0) { position throws(MaxError) in
                .split(
                    SourceNode.Split(
                        column: 0, comparison: .less, missing: .nan, missingGoesTrue: false, ifTrue: 1 - position,
                        ifFalse: 1 - position))
            }
        }
        #expect(throws: MaxError.self) { try build() }
    }
}
