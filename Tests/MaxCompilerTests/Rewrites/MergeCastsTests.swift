import MaxCompiler
import MaxIR
import Testing

@Suite struct MergeCastsTests {
    @Test func aCastToItsOwnTypeGoesAway() throws {
        #expect(try rewritten("graph @g(%x: f32[N]) -> (%y) { %y = cast(%x) {to = f32} }", "merge-casts") == [])
    }

    @Test func aDetourThroughAWiderTypeGoesAway() throws {
        #expect(
            try rewritten("graph @g(%x: f32[N]) -> (%y) { %1 = cast(%x) {to = f64} %y = cast(%1) {to = f32} }", "merge-casts")
                == [])
    }

    @Test(arguments: [
        ("f64", "f32", "f64"), ("i64", "f64", "i64"), ("f32", "f64", "string"), ("f32", "i64", "f32"),
        ("i64", "bool", "i64"), ("i32", "u8", "i32"), ("i16", "bf16", "f32"), ("i8", "u64", "f64"),
    ])
    func whatLosesSomethingStays(a: String, b: String, c: String) throws {
        try expectUnchanged(
            "graph @g(%x: \(a)[N]) -> (%y) { %1 = cast(%x) {to = \(b)} %y = cast(%1) {to = \(c)} }", "merge-casts")
    }

    /// All 15³ chains; where the rule fires the proof runs on corners of every type.
    @Test func everyMergedChainGivesTheSameBits() throws {
        let rule = try #require(Pipeline.named(["merge-casts", "dead-nodes"]))
        var merged = 0
        for a in ElementType.allCases {
            for b in ElementType.allCases {
                for c in ElementType.allCases {
                    var builder = GraphBuilder(name: "g")
                    let x = try builder.input("x", TensorType(a, [.rows]))
                    let via = try builder.add(Ops.cast, [x], ["to": .type(b)])
                    builder.output("y", try builder.add(Ops.cast, [via], ["to": .type(c)]))
                    let original = try builder.finish()
                    let result = try RewriteDriver(rules: rule).run(original)
                    guard a != b, b != c, result.patches > 0 else { continue }
                    merged += 1
                    let rows = AdversarialRows(for: original, seed: 5)
                    _ = try Proof.prove(original: original, optimized: result.graph, rows: rows)
                }
            }
        }
        #expect(merged > 300)
    }
}
