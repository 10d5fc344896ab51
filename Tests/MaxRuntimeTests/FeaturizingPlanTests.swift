import MaxIR
import MaxRuntime
import Testing

/// Featurizing operators as kernels, beside the reference evaluator, bit for bit.
@Suite struct FeaturizingPlanTests {
    private static let numbers: [Double] = [
        .nan, .infinity, -.infinity, 0, -0.0, 1, -1, 0.25, 1e-300, -1e-300, .leastNonzeroMagnitude, 1e100, -1e100, .greatestFiniteMagnitude,
        -.greatestFiniteMagnitude, 3.5, 2, 1e9,
    ]

    private static let texts: [Text] = [
        "", " ", "the cat and the dog", "The Cat", "ΟΔΟΣ ΟΔΟΣ", "a\t\tb  c", "日本語 テキスト 日本語", "missing", "e\u{301}te\u{301} x\u{0}yz",
        Text(utf8: [0xff, 0x61, 0x62]), Text(String(repeating: "long ", count: 400)), "👍🏽 ok👍ok", "Straße STRASSE İstanbul",
    ]

    private func expectReference(_ graph: Graph, _ input: (Int) -> Tensor) throws {
        let model = try Model(graph: graph, info: ModelInfo(name: "m"))
        #expect(model.plan.isPlanned)
        #expect(!model.plan.summary.contains("reference("), "\(model.plan.summary)")
        for rows in [0, 1, 2, 13, 64, 65, 300] {
            let x = input(rows)
            let expected = try #require(try graph.evaluate([.tensor(x)])[0].tensor)
            let found = try model.predict([x])[0]
            #expect(found.shape == expected.shape)
            #expect(found.firstDifference(from: expected) == nil, "\(rows) rows")
        }
    }

    @Test(
        arguments: [
            (Ops.interpolate, ["xs": .floats([-1, 0, 0, 2]), "ys": .floats([-2, 0, 1, 7])]),
            (Ops.interpolate, ["xs": .floats([-1, 0, 0, 2]), "ys": .floats([-2, 0, 1, 7]), "ties": .string("mean")]),
            (Ops.interpolate, ["xs": .floats([3.5]), "ys": .floats([1])]),
            (Ops.yeoJohnson, ["lambda": .float(0)]), (Ops.yeoJohnson, ["lambda": .float(2)]), (Ops.yeoJohnson, ["lambda": .float(-0.3)]),
            (Ops.boxCox, ["lambda": .float(0)]), (Ops.boxCox, ["lambda": .float(-1.5)]), (Ops.normalQuantile, [:]),
        ] as [(Operator, [String: Attribute])])
    func `numbers`(op: Operator, attributes: [String: Attribute]) throws {
        for width in [1, 3] {
            var builder = GraphBuilder(name: "numbers")
            let x = try builder.input("x", TensorType(.f64, [.rows, .fixed(width)]), missing: .nan)
            builder.output("y", try builder.add(op, [x], attributes))
            try expectReference(try builder.finish()) { rows in
                Tensor((0..<rows * width).map { Self.numbers[($0 * 7) % Self.numbers.count] }, shape: [rows, width])
            }
        }
    }

    @Test(
        arguments: [
            ["buckets": .int(7), "signed": .int(1), "norm": .string("l2")],
            [
                "buckets": .int(1000), "analyzer": .string("char"), "least": .int(1), "most": .int(3), "sublinear": .int(1),
                "signed": .int(1),
            ],
            ["buckets": .int(5), "analyzer": .string("whole"), "missing": .string("missing")],
            ["buckets": .int(5), "analyzer": .string("whole"), "lower": .int(0)],
            ["vocabulary": .strings(["the", "the cat", "日本語", "long", "zz"]), "most": .int(2), "norm": .string("l1")],
            [
                "vocabulary": .strings(["a", " ", "é", "ς"]), "analyzer": .string("char"), "weights": .floats([1, 0.5, 2, -1]),
                "binary": .int(1),
            ],
        ] as [[String: Attribute]])
    func `texts`(attributes: [String: Attribute]) throws {
        var builder = GraphBuilder(name: "texts")
        let x = try builder.input("x", TensorType(.string, [.rows]), missing: .value(.string("missing")))
        builder.output("y", try builder.add(Ops.textCounts, [x], attributes))
        try expectReference(try builder.finish()) { rows in Tensor((0..<rows).map { Self.texts[($0 * 5) % Self.texts.count] }) }
    }
}
