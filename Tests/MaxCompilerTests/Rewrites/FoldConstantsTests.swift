import Testing

@Suite struct FoldConstantsTests {
    @Test func constantsBecomeTheirResult() throws {
        let nodes = try rewritten(
            """
            graph @g(%x: f32[N]) -> (%y: f32[N]) {
              %1 = constant() {value = dense<f32[1]: 1.0>}
              %2 = constant() {value = dense<f32[1]: 3.0>}
              %3 = div(%1, %2) @"third"
              %y = mul(%x, %3)
            }
            """, "fold-constants")
        #expect(
            nodes == [
                #"%1 = constant() {value = dense<f32[1]: 0.33333334>} : f32[1] @"third""#, "%y = mul(%x, %1) : f32[N]",
            ])
    }

    @Test func everyResultOfASplitIsFolded() throws {
        let nodes = try rewritten(
            """
            graph @g() -> (%a: i64[1], %b: i64[1]) {
              %1 = constant() {value = dense<i64[2]: 1, 2>}
              %a, %b = split(%1)
            }
            """, "fold-constants")
        #expect(nodes.map { $0.prefix(13) } == ["%a = constant", "%b = constant"])
    }

    @Test func whatFailsStaysWhereItFails() throws {
        try expectUnchanged(
            """
            graph @g() -> (%y: i64[1]) {
              %1 = constant() {value = dense<i64[1]: 1>}
              %2 = constant() {value = dense<i64[1]: 0>}
              %y = div(%1, %2)
            }
            """, "fold-constants")
    }

    @Test func aLargeTableStaysARecipe() throws {
        try expectUnchanged(
            """
            graph @g() -> (%y: f32[1000, 1000]) {
              %1 = constant() {value = dense<i64[2]: 1000, 1000>}
              %y = constant_of_shape(%1)
            }
            """, "fold-constants")
    }

    @Test func whatDependsOnARowStays() throws {
        try expectUnchanged("graph @g(%x: f32[N]) -> (%y: f32[N]) { %y = add(%x, %x) }", "fold-constants")
    }
}
