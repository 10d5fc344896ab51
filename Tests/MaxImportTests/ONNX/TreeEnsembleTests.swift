import Glibc
import MaxIR
import MaxImport
import Testing

/// A stump on column 0, `x <= 1`, with these weights in its true and its false leaf, all for one class or target.
private func stump(_ prefix: String, _ weights: [Double], id: Int64 = 0) -> [String: Attribute] {
    [
        "nodes_treeids": .ints([0, 0, 0]), "nodes_nodeids": .ints([0, 1, 2]), "nodes_featureids": .ints([0, 0, 0]),
        "nodes_modes": .strings(["BRANCH_LEQ", "LEAF", "LEAF"]), "nodes_values": .floats([1, 0, 0]),
        "nodes_truenodeids": .ints([1, 0, 0]), "nodes_falsenodeids": .ints([2, 0, 0]),
        "\(prefix)_treeids": .ints([0, 0]), "\(prefix)_nodeids": .ints([1, 2]), "\(prefix)_ids": .ints([id, id]),
        "\(prefix)_weights": .floats(weights),
    ]
}

private func evaluate(_ op: String, _ attributes: [String: Attribute], _ x: [Float]) throws -> [Value] {
    var builder = GraphBuilder(name: "test")
    let input = try builder.input("x", TensorType(.f32, [.rows, .fixed(1)]))
    let results = try lowerTreeEnsemble(op, attributes: attributes, x: input, builder: &builder)
    for (index, result) in results.enumerated() { builder.output(Text("y\(index)"), result) }
    return try builder.finish().evaluate([.tensor(Tensor(x, shape: [x.count, 1]))])
}

private func regress(_ changes: [String: Attribute], _ x: [Float]) throws -> [Float] {
    var attributes = stump("target", [0.25, -0.5])
    attributes["n_targets"] = .int(1)
    for (name, value) in changes { attributes[name] = value }
    return try #require(try evaluate("TreeEnsembleRegressor", attributes, x)[0].tensor?.values())
}

private func classify(_ weights: [Double], _ changes: [String: Attribute] = [:]) throws -> (
    labels: [Int64], scores: [Float]
) {
    var attributes = stump("class", weights)
    attributes["classlabels_int64s"] = .ints([7, 3])
    for (name, value) in changes { attributes[name] = value }
    let found = try evaluate("TreeEnsembleClassifier", attributes, [0, 2])
    return (try #require(found[0].tensor?.values()), try #require(found[1].tensor?.values()))
}

/// The expected values are what ONNX Runtime 1.32 gives.
@Suite struct TreeEnsembleTests {
    @Test func `a NaN goes true only where the node tracks it`() throws {
        #expect(try regress([:], [1, 1.5, .nan]) == [0.25, -0.5, -0.5])
        #expect(try regress(["nodes_missing_value_tracks_true": .ints([1, 0, 0])], [.nan]) == [0.25])
    }

    @Test func `with one target no transform but PROBIT applies`() throws {
        #expect(try regress(["post_transform": .string("LOGISTIC"), "base_values": .floats([1])], [0]) == [1.25])
        #expect(try abs(regress(["post_transform": .string("PROBIT")], [0])[0] + 0.674) < 0.01)
    }

    @Test func `two labels and one class id: positive weights decide at one half`() throws {
        let found = try classify([0.75, 0.25])
        #expect(found.labels == [3, 7])
        #expect(found.scores == [0.25, 0.75, 0.75, 0.25])
    }

    @Test func `two labels and one class id: mixed weights decide at zero`() throws {
        let plain = try classify([0.75, -0.25])
        #expect(plain.labels == [3, 7])
        #expect(plain.scores == [-0.75, 0.75, 0.25, -0.25])
        let logistic = try classify([0.75, -0.25], ["post_transform": .string("LOGISTIC")])
        let s = 1 / (1 + expf(-0.75))
        #expect(logistic.scores[..<2] == [1 - s, s])
    }

    @Test func `a class without votes cannot win`() throws {
        var labels: [String: Attribute] = ["classlabels_strings": .strings(["a", "b", "c"])]
        labels["class_ids"] = .ints([1, 1])
        var attributes = stump("class", [-1, -2])
        for (name, value) in labels { attributes[name] = value }
        let found = try evaluate("TreeEnsembleClassifier", attributes, [0])
        #expect(found[0].tensor?.values() == ["b"] as [Text])
        #expect(found[1].tensor?.values() == [0, -1, 0] as [Float])
    }

    @Test func `a chain of equalities with one true child is one membership test`() throws {
        let found = try regress(
            [
                "nodes_treeids": .ints([0, 0, 0, 0]), "nodes_nodeids": .ints([0, 1, 2, 3]),
                "nodes_featureids": .ints([0, 0, 0, 0]),
                "nodes_modes": .strings(["BRANCH_EQ", "LEAF", "LEAF", "BRANCH_EQ"]),
                "nodes_values": .floats([4, 0, 0, 9]),
                "nodes_truenodeids": .ints([1, 0, 0, 1]), "nodes_falsenodeids": .ints([3, 0, 0, 2]),
            ], [4, 9, 4.5, 0, .nan])
        #expect(found == [0.25, 0.25, -0.5, -0.5, -0.5])
    }

    @Test func `version 5 has sets, and lone leaves as nodes with one leaf twice`() throws {
        let attributes: [String: Attribute] = [
            "tree_roots": .ints([0, 1]), "nodes_featureids": .ints([0, 0]),
            "nodes_modes": .tensor(Tensor([6, 0] as [UInt8])),
            "nodes_splits": .tensor(Tensor([0, 0] as [Float])), "nodes_truenodeids": .ints([0, 2]),
            "nodes_falsenodeids": .ints([1, 2]), "nodes_trueleafs": .ints([1, 1]), "nodes_falseleafs": .ints([1, 1]),
            "membership_values": .tensor(Tensor([2, 70, .nan] as [Float])), "leaf_targetids": .ints([0, 0, 0]),
            "leaf_weights": .tensor(Tensor([1, 2, 10] as [Float])), "n_targets": .int(1),
        ]
        let found = try evaluate("TreeEnsemble", attributes, [2, 70, 2.5, -2, .nan])
        #expect(found[0].tensor?.values() == [11, 11, 12, 12, 12] as [Float])
    }

    @Test func `a set may hold fractions and negative numbers`() throws {
        let attributes: [String: Attribute] = [
            "tree_roots": .ints([0]), "nodes_featureids": .ints([0]), "nodes_modes": .tensor(Tensor([6] as [UInt8])),
            "nodes_splits": .tensor(Tensor([0] as [Float])), "nodes_truenodeids": .ints([0]),
            "nodes_falsenodeids": .ints([1]), "nodes_trueleafs": .ints([1]), "nodes_falseleafs": .ints([1]),
            "nodes_missing_value_tracks_true": .ints([1]), "leaf_targetids": .ints([0, 0]),
            "membership_values": .tensor(Tensor([1.2, -3, 8] as [Float])),
            "leaf_weights": .tensor(Tensor([1, 2] as [Float])), "n_targets": .int(1),
        ]
        let found = try evaluate("TreeEnsemble", attributes, [1.2, -3, 8, 1, 0, .nan, .infinity])
        #expect(found[0].tensor?.values() == [1, 1, 1, 2, 2, 1, 2] as [Float])
    }

    @Test(arguments: [
        ("nodes_truenodeids", Attribute.ints([0, 0, 0])), ("nodes_truenodeids", .ints([9, 0, 0])),
        ("nodes_truenodeids", .ints([1])), ("nodes_featureids", .ints([1, 0, 0])),
        ("nodes_featureids", .ints([-1, 0, 0])),
        ("nodes_nodeids", .ints([0, 1, 1])), ("nodes_treeids", .ints([0, 1, 0])),
        ("nodes_modes", .strings(["X", "LEAF", "LEAF"])),
        ("target_ids", .ints([0, 1])), ("target_nodeids", .ints([1, 9])), ("target_weights", .floats([1])),
        ("n_targets", .int(0)), ("n_targets", .int(.max)), ("base_values", .floats([1, 2])),
        ("aggregate_function", .string("MODE")), ("post_transform", .int(1)), ("nodes_values", .ints([1, 0, 0])),
    ])
    func `a spoiled ensemble is refused`(name: String, value: Attribute) {
        #expect(throws: MaxError.self) { try regress([name: value], [0]) }
    }
}
