import MaxCompiler
import MaxIR
import Testing

@Suite struct CommonSubexpressionsTests {
    @Test func equalNodesBecomeOneThroughWholeChains() throws {
        let nodes = try rewritten(
            """
            graph @g(%x: f32[N]) -> (%y: f32[N]) {
              %1 = exp(%x) @"first"
              %2 = exp(%x) @"second"
              %3 = abs(%1)
              %4 = abs(%2)
              %y = add(%3, %4)
            }
            """, "common-subexpressions")
        #expect(nodes == [#"%1 = exp(%x) : f32[N] @"first""#, "%2 = abs(%1) : f32[N]", "%y = add(%2, %2) : f32[N]"])
    }

    @Test func aWrittenDefaultIsTheDefault() throws {
        let nodes = try rewritten(
            """
            graph @g(%x: f32[N, 2]) -> (%y: f32[N, 2]) {
              %1 = softmax(%x)
              %2 = softmax(%x) {axis = -1}
              %y = add(%1, %2)
            }
            """, "common-subexpressions")
        #expect(nodes == ["%1 = softmax(%x) : f32[N, 2]", "%y = add(%1, %1) : f32[N, 2]"])
    }

    @Test(arguments: [
        "%1 = exp(%x) %2 = abs(%x)", "%1 = sub(%x, %z) %2 = sub(%z, %x)", "%1 = cast(%x) {to = f64} %2 = cast(%x) {to = i64}",
        "%1 = constant() {value = dense<f32[1]: 0.0>} %2 = constant() {value = dense<f32[1]: -0.0>}",
        "%1 = constant() {value = dense<f32[1]: nan>} %2 = constant() {value = dense<f32[1]: nan(0x7fc00001)>}",
        "%1 = constant() {value = dense<i64[1]: 0>} %2 = constant() {value = dense<timestamp[1]: 0>}",
    ])
    func nodesThatDifferStayTwo(nodes: String) throws {
        try expectUnchanged("graph @g(%x: f32[N], %z: f32[N]) -> (%a = %1, %b = %2) { \(nodes) }", "common-subexpressions")
    }
}

@Suite struct DeadNodesTests {
    @Test func whatNobodyReadsGoesAway() throws {
        let nodes = try rewritten(
            "graph @g(%x: f32[N]) -> (%y: f32[N]) { %1 = exp(%x) %2 = abs(%1) %y = neg(%x) }", "dead-nodes")
        #expect(nodes == ["%y = neg(%x) : f32[N]"])
    }

    @Test func oneReadResultKeepsTheOthers() throws {
        try expectUnchanged("graph @g(%x: f32[4]) -> (%b: f32[2]) { %a, %b = split(%x) }", "dead-nodes")
    }
}

@Suite struct DroppedColumnsTests {
    func drop(_ text: String) throws -> RewriteResult {
        try RewriteDriver(rules: try #require(Pipeline.named(["dropped-columns"]))).run(try Graph(GraphText(text)))
    }

    @Test func unreadInputsAreTakenAwayAndListed() throws {
        let result = try drop("graph @g(%a: f32[N], %b: string?[N] missing=\"\", %c: f32[N]) -> (%y = %c) { }")
        #expect(result.droppedInputs.map(\.name) == ["a", "b"])
        #expect(result.graph.description == "graph @g(%c: f32[N]) -> (%y = %c: f32[N]) {\n}\n")
    }

    @Test func theLastInputStaysAsItCountsTheRows() throws {
        let result = try drop("graph @g(%a: f32[N], %b: f32[N]) -> (%y = %1) { %1 = constant() {value = dense<f32[]: 1.0>} }")
        #expect(result.graph.inputs.map(\.name) == ["a"])
    }

    @Test func anInputThatRefusesMissingValuesStays() throws {
        let result = try drop("graph @g(%a: f32?[N] missing=error, %c: f32[N]) -> (%y = %c) { }")
        #expect(result.droppedInputs.isEmpty)
    }
}

@Suite struct RemoveIdentityTests {
    @Test func identitiesAndOperationsOnOneGoAway() throws {
        let nodes = try rewritten(
            """
            graph @g(%x: f32[N, 2]) -> (%y: f32[N, 2]) {
              %1 = identity(%x) %2 = concat(%1) {axis = 1} %3 = sum(%2) %4 = max(%3) %y = exp(%4)
            }
            """, "remove-identity")
        #expect(nodes == ["%y = exp(%x) : f32[N, 2]"])
    }

    @Test func anOutputMayBecomeAnInput() throws {
        #expect(try rewritten("graph @g(%x: f32[N]) -> (%y: f32[N]) { %y = identity(%x) }", "remove-identity") == [])
    }

    @Test func operationsOnTwoStay() throws {
        try expectUnchanged("graph @g(%x: f32[N]) -> (%y: f32[N]) { %y = max(%x, %x) }", "remove-identity")
    }
}

@Suite struct MergeTransposesTests {
    @Test func aPairThatUndoesItselfGoesAway() throws {
        #expect(
            try rewritten("graph @g(%x: f32[2, 3]) -> (%y) { %1 = transpose(%x) %y = transpose(%1) {perm = [1, 0]} }", "merge-transposes")
                == [])
    }

    @Test func twoBecomeOne() throws {
        let nodes = try rewritten(
            "graph @g(%x: f32[2, 3, 4]) -> (%y) { %1 = transpose(%x) {perm = [1, 2, 0]} %y = transpose(%1) {perm = [0, 2, 1]} }",
            "merge-transposes")
        #expect(nodes == ["%y = transpose(%x) {perm = [1, 0, 2]} : f32[3, 2, 4]"])
    }

    @Test func oneThatMovesAxesStays() throws {
        try expectUnchanged("graph @g(%x: f32[2, 3]) -> (%y) { %y = transpose(%x) }", "merge-transposes")
    }

    @Test func anUnknownRankStays() throws {
        try expectUnchanged("graph @g(%x: f32[*]) -> (%y) { %1 = transpose(%x) %y = transpose(%1) }", "merge-transposes")
    }
}

@Suite struct MergeReshapesTests {
    @Test func unsqueezeThenSqueezeGoesAway() throws {
        let nodes = try rewritten(
            """
            graph @g(%x: f32[N]) -> (%y: f32[N]) {
              %1 = constant() {value = dense<i64[1]: 1>} %2 = unsqueeze(%x, %1) %y = squeeze(%2, %1)
            }
            """, "merge-reshapes")
        #expect(nodes == [])
    }

    @Test func aChainBecomesOneReshape() throws {
        let nodes = try rewritten(
            """
            graph @g(%x: f32[N, 2, 3]) -> (%y) {
              %1 = flatten(%x) %2 = constant() {value = dense<i64[3]: -1, 6, 1>} %y = reshape(%1, %2)
            }
            """, "merge-reshapes")
        #expect(nodes == ["%1 = constant() {value = dense<i64[3]: -1, 6, 1>} : i64[3]", "%y = reshape(%x, %1) : f32[N, 6, 1]"])
    }

    @Test func emptyTensorsKeepTheirShape() throws {
        let nodes = try rewritten(
            """
            graph @g(%x: f32[2, 0]) -> (%y) {
              %1 = flatten(%x) {axis = 0} %2 = constant() {value = dense<i64[2]: 0, 5>} %y = reshape(%1, %2) {allowzero = 1}
            }
            """, "merge-reshapes")
        #expect(nodes.last == "%y = reshape(%x, %1) {allowzero = 1} : f32[0, 5]")
    }

    @Test func aFlattenOfAMatrixGoesAway() throws {
        #expect(try rewritten("graph @g(%x: f32[N, 3]) -> (%y) { %y = flatten(%x) }", "merge-reshapes") == [])
    }

    @Test func unknownExtentsAreNotTakenForEqual() throws {
        try expectUnchanged("graph @g(%x: f32[?, 3]) -> (%y) { %y = flatten(%x) }", "merge-reshapes")
    }

    @Test func twoOpenExtentsStay() throws {
        try expectUnchanged(
            """
            graph @g(%x: f32[N, M]) -> (%y) {
              %1 = constant() {value = dense<i64[1]: 0>} %2 = unsqueeze(%x, %1) %3 = constant() {value = dense<i64[1]: 3>}
              %y = unsqueeze(%2, %3)
            }
            """, "merge-reshapes")
    }
}

@Suite struct MergeConcatsTests {
    @Test func nestedConcatenationIsFlattened() throws {
        let nodes = try rewritten(
            "graph @g(%a: f32[N, 1], %b: f32[N, 2]) -> (%y) { %1 = concat(%a, %b) {axis = 1} %y = concat(%1, %a) {axis = -1} }",
            "merge-concats")
        #expect(nodes == ["%y = concat(%a, %b, %a) {axis = 1} : f32[N, 4]"])
    }

    @Test(arguments: [
        "%1 = concat(%a, %b) {axis = 0} %y = concat(%1, %1) {axis = 1}",
        "%1 = concat(%a, %b) {axis = 1} %y = concat(%1, %1) {axis = 1}",
    ])
    func otherAxesAndSecondReadersStay(nodes: String) throws {
        try expectUnchanged("graph @g(%a: f32[2, 2], %b: f32[2, 2]) -> (%y = %a) { \(nodes) }", "merge-concats")
    }
}
