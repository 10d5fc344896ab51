import MaxCompiler
import MaxIR
import Testing

@Suite struct ProofTests {
    func graph(_ text: String) throws -> Graph { try Graph(GraphText(text)) }

    @Test func rowsAreTheSameForTheSameSeed() throws {
        let g = try graph("graph @g(%x: f32[N, 3], %s: string[N], %t: timestamp[N]) -> (%x) { }")
        let (a, b) = (AdversarialRows(for: g, seed: 4), AdversarialRows(for: g, seed: 4))
        #expect(a.batches == b.batches && a.rows == b.rows)
        #expect(AdversarialRows(for: g, seed: 5).batches != a.batches)
        #expect(a.rows.prefix(8) == [0, 1, 63, 64, 65, 127, 128, 129])
        for (batch, rows) in zip(a.batches, a.rows) { #expect(batch[0].tensor?.shape == [rows, 3]) }
    }

    @Test func thresholdsTheirNeighboursAndKeysAreTried() throws {
        let g = try graph(
            """
            graph @g(%x: f32[N], %s: string[N]) -> (%a: bool[N], %b: bool[N]) {
              %2 = constant() {value = dense<f32[1]: 38.5>} %3 = constant() {value = dense<string[1]: "basic">}
              %a = less(%x, %2) %b = equal(%s, %3)
            }
            """)
        let rows = AdversarialRows(for: g, seed: 0)
        let floats = Set(rows.batches.flatMap { $0[0].tensor?.values(as: Float.self) ?? [] }.map(\.bitPattern))
        let wanted: [Float] = [38.5, Float(38.5).nextUp, Float(38.5).nextDown, -0.0, .infinity, -.infinity, .leastNonzeroMagnitude]
        for value in wanted { #expect(floats.contains(value.bitPattern), "\(value)") }
        #expect(floats.contains { Float(bitPattern: $0).isNaN })
        let texts = Set(rows.batches.flatMap { $0[1].tensor?.values(as: Text.self) ?? [] })
        #expect(texts.isSuperset(of: ["", "basic", "basic ", "basi", "no such category"]))
    }

    @Test func columnsMeetTheThresholdsOfTheirOwnTrees() throws {
        var trees = TreeEnsembleBuilder(outputs: 1)
        for tree in 0..<60 {
            try trees.addTree(count: 3, output: 0) { position throws(MaxError) in
                position > 0
                    ? .leaf([Double(tree * position)])
                    : .split(
                        .init(
                            column: tree % 3, comparison: .less, threshold: 1000 + Double(tree), missing: .nan, missingGoesTrue: false,
                            ifTrue: 1, ifFalse: 2))
            }
        }
        var builder = GraphBuilder(name: "g")
        let x = try builder.input("x", TensorType(.f32, [.rows, .fixed(2)]))
        let z = try builder.input("z", TensorType(.f32, [.rows]))
        let one = try builder.constant(Tensor([Int64(1)]))
        let all = try builder.add(Ops.concat, [x, try builder.add(Ops.unsqueeze, [z, one])], ["axis": .int(1)])
        let ensemble = try trees.finish(threshold: .f32, base: .f32([0]), columns: 3)
        builder.output("y", try builder.add(Ops.trees, [all], ensemble.attributes))
        let rows = AdversarialRows(for: try builder.finish(), seed: 2)
        for column in 0..<3 {
            var met = Set<Float>()
            for batch in rows.batches {
                let values = batch[column / 2].tensor?.values(as: Float.self) ?? []
                met.formUnion(column == 2 ? values : stride(from: column, to: values.count, by: 2).map { values[$0] })
            }
            for tree in stride(from: column, to: 60, by: 3) {
                let t = 1000 + Float(tree)
                #expect(met.isSuperset(of: [t, t.nextUp, t.nextDown]), "column \(column), threshold \(t)")
            }
        }
    }

    @Test func theFirstDifferenceIsReported() throws {
        let a = try graph("graph @g(%x: f32[N]) -> (%y: f32[N]) { %y = relu(%x) }")
        let b = try graph("graph @g(%x: f32[N]) -> (%y: f32[N]) { %1 = constant() {value = dense<f32[]: 0.0>} %y = max(%1, %x) }")
        let error = #expect(throws: MaxError.self) {
            _ = try Proof.prove(original: a, optimized: b, rows: AdversarialRows(for: a, seed: 1))
        }
        #expect(error?.message.hasPrefix("proof: output \"y\", batch ") == true)
        #expect(error?.message.contains("original -0.0 (0x80000000), candidate 0.0 (0x0)") == true)
    }

    @Test func nansOfAnyPayloadAreEqual() throws {
        let a = try graph("graph @g(%x: f32[N]) -> (%y) { %1 = constant() {value = dense<f32[]: nan>} %y = add(%x, %1) }")
        let b = try graph("graph @g(%x: f32[N]) -> (%y) { %1 = constant() {value = dense<f32[]: nan(0xffc01234)>} %y = add(%x, %1) }")
        let proof = try Proof.prove(original: a, optimized: b, rows: AdversarialRows(for: a, seed: 1))
        #expect(proof.digest == (try Proof.prove(original: b, optimized: a, rows: AdversarialRows(for: a, seed: 1)).digest))
        #expect(proof.digest.count == 16 && proof.batches >= 8)
    }

    @Test func rowsThatBothRefuseAreCounted() throws {
        let a = try graph("graph @g(%s: string[N]) -> (%y: f32[N]) { %y = cast(%s) {to = f32} }")
        let proof = try Proof.prove(original: a, optimized: a, rows: AdversarialRows(for: a, seed: 1))
        #expect(proof.refused > 0 && proof.rows > 0 && proof.refusedByOriginalAlone == 0)
    }

    @Test func aCandidateThatRefusesWhatTheOriginalAnswersFails() throws {
        let a = try graph("graph @g(%s: string[N]) -> (%s) { }")
        let b = try graph("graph @g(%s: string[N]) -> (%s) { }")
        #expect(throws: MaxError.self) {
            _ = try Proof.prove(original: a, rows: AdversarialRows(for: a, seed: 1)) { _ throws(MaxError) in
                throw MaxError(.malformed, "no \(b.name)")
            }
        }
    }
}
