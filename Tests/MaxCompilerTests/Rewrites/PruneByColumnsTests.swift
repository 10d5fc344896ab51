import MaxCases
import MaxCompiler
import MaxIR
import Testing

/// What the graph in front of trees lets their columns hold.
@Suite struct PruneByColumnsTests {
    /// The ensemble that is left behind `nodes`, which make `%m` of `inputs`; the whole graph is proven.
    func pruned(_ tree: TreeSketch, behind nodes: String, inputs: String, threshold: ElementType = .f32) throws -> TreeEnsemble {
        let part = try Graph(GraphText("graph @g(\(inputs)) -> (%m) { \(nodes) }"))
        var builder = GraphBuilder(name: "g")
        for input in part.inputs { _ = try builder.input(input) }
        for node in part.nodes {
            _ = try builder.node(node.op, node.operands, node.attributes, results: node.results.count, label: node.label)
        }
        let trees = try TreeEnsemble([tree], threshold: threshold)
        builder.output("y", try builder.add(Ops.trees, [part.outputs[0].value], trees.attributes))
        let graph = try builder.finish()
        let result = try RewriteDriver(rules: try #require(Pipeline.named(["prune-trees"]))).run(graph)
        _ = try Proof.prove(original: graph, optimized: result.graph, rows: AdversarialRows(for: graph, seed: 4, coverage: 256))
        return try TreeEnsemble(pruned: graph)
    }

    func expect(
        _ tree: TreeSketch, becomes expected: TreeSketch, behind nodes: String, inputs: String, threshold: ElementType = .f32,
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        let found = try pruned(tree, behind: nodes, inputs: inputs, threshold: threshold)
        #expect(found == (try TreeEnsemble([expected], threshold: threshold)), sourceLocation: sourceLocation)
    }

    /// Tests of a flag: under 0.5, then tests that only 0 or 1 can decide.
    let flag = split(
        0, .lessOrEqual, 0.5, .nan, goesTrue: true, split(0, .greater, 0.25, .nan, leaf(1), leaf(2)),
        split(0, .less, 1, .nan, goesTrue: true, leaf(3), leaf(4)))
    let flagLeft = split(0, .lessOrEqual, 0.5, .nan, goesTrue: true, leaf(2), leaf(4))

    @Test func flagsAreZeroOrOne() throws {
        try expect(flag, becomes: flagLeft, behind: "%m = cast(%x) {to = f32}", inputs: "%x: bool[N, 2]")
        try expect(flag, becomes: flagLeft, behind: "%m = cast(%x) {to = f64}", inputs: "%x: bool[N, 2]")
        try expect(flag, becomes: flagLeft, behind: "%m = binarizer(%x) {threshold = 3.5}", inputs: "%x: f32[N, 2]")
        try expect(
            flag, becomes: flagLeft,
            behind:
                "%1 = one_hot_encoder(%x) {cats_int64s = [1, 5, 7]} %2 = constant() {value = dense<i64[2]: -1, 3>} %m = reshape(%1, %2)",
            inputs: "%x: i64[N, 1]")
        try expect(flag, becomes: flag, behind: "%m = identity(%x)", inputs: "%x: f32[N, 2]")
    }

    @Test func integersAreNoNaN() throws {
        let tree = split(1, .lessOrEqual, .infinity, .nan, goesTrue: false, leaf(1), leaf(2))
        try expect(tree, becomes: leaf(1), behind: "%m = cast(%x) {to = f32}", inputs: "%x: i64[N, 2]")
        try expect(
            split(1, .less, 256, leaf(1), leaf(2)), becomes: leaf(1), behind: "%m = cast(%x) {to = f64}", inputs: "%x: u8[N, 2]")
        try expect(
            split(1, .less, 255, leaf(1), leaf(2)), becomes: split(1, .less, 255, leaf(1), leaf(2)), behind: "%m = cast(%x) {to = f64}",
            inputs: "%x: u8[N, 2]")
        try expect(
            split(1, .greater, 0x1p63, leaf(1), leaf(2)), becomes: leaf(2), behind: "%m = cast(%x) {to = f32}", inputs: "%x: i64[N, 2]")
        try expect(tree, becomes: tree, behind: "%m = cast(%x) {to = f32}", inputs: "%x: f64[N, 2]")
    }

    @Test func aLabelIsOneOfItsValues() throws {
        let encoder = "label_encoder(%x) {keys_strings = [\"a\", \"b\", \"c\"], values_floats = [3.0, 1.0, 7.0], default_float = -1.0}"
        let tree = split(
            0, .less, 2, .nan, split(0, .member, 0, set: [2], leaf(1), leaf(2)),
            split(0, .greater, 3, .nan, split(0, .member, 0, set: [0x80], leaf(3), leaf(4)), split(0, .less, 3, leaf(5), leaf(6))))
        try expect(
            tree,
            becomes: split(
                0, .less, 2, .nan, split(0, .member, 0, set: [2], leaf(1), leaf(2)), split(0, .greater, 3, .nan, leaf(3), leaf(6))),
            behind: "%m = \(encoder)", inputs: "%x: string[N, 1]")
        let rounded = "label_encoder(%x) {keys_int64s = [1], values_tensor = dense<f64[1]: 0.1>, default_tensor = dense<f64[1]: nan>}"
        try expect(
            split(0, .less, 0.1, .nan, leaf(1), split(0, .less, 1, .none, leaf(2), leaf(3))),
            becomes: split(0, .less, 1, .none, leaf(2), leaf(3)), behind: "%m = \(rounded)", inputs: "%x: i64[N, 1]")
    }

    @Test func theImputedValueIsNoNaN() throws {
        let imputer = "imputer(%x) {imputed_value_floats = [1.0, 2.0], replaced_value_float = nan}"
        let tree = split(
            1, .less, 5, .nan, split(1, .less, 5, .nan, leaf(1), leaf(2)), split(1, .greaterOrEqual, 5, .nan, leaf(3), leaf(4)))
        let left = split(1, .less, 5, .nan, leaf(1), leaf(3))
        try expect(tree, becomes: left, behind: "%m = \(imputer)", inputs: "%x: f32[N, 2]")
        try expect(
            tree, becomes: left,
            behind: "%1 = is_nan(%x) %2 = constant() {value = dense<f32[1]: 1.0>} %m = where(%1, %2, %x)", inputs: "%x: f32[N, 2]")
        let open = split(1, .less, 5, .nan, leaf(1), split(1, .greaterOrEqual, 5, .nan, leaf(3), leaf(4)))
        for kept in [
            "%m = imputer(%x) {imputed_value_floats = [1.0, nan], replaced_value_float = nan}",
            "%m = imputer(%x) {imputed_value_floats = [1.0, 2.0], replaced_value_float = 0.0}",
            "%1 = is_nan(%x) %2 = constant() {value = dense<f32[1]: nan>} %m = where(%1, %2, %x)",
            "%1 = is_nan(%x) %2 = constant() {value = dense<f32[1]: 1.0>} %m = where(%1, %x, %2)",
        ] {
            try expect(tree, becomes: open, behind: kept, inputs: "%x: f32[N, 2]")
        }
    }

    @Test func columnsAreFollowedThroughChangesOfPlace() throws {
        let nodes = """
            %1 = cast(%a) {to = f32} %2 = label_encoder(%b) {keys_strings = ["a"], values_floats = [5.0], default_float = 6.0}
            %3 = concat(%x, %1, %2) {axis = 1} %4 = constant() {value = dense<i64[3]: -1, 2, 0>} %m = gather(%3, %4) {axis = 1}
            """
        let inputs = "%a: bool[N, 2], %b: string[N, 1], %x: f32[N, 1]"
        func tree(_ column: Int) -> TreeSketch { split(column, .less, 2, .nan, leaf(1), leaf(2)) }
        try expect(tree(0), becomes: leaf(2), behind: nodes, inputs: inputs)
        try expect(tree(1), becomes: leaf(1), behind: nodes, inputs: inputs)
        try expect(tree(2), becomes: tree(2), behind: nodes, inputs: inputs)
    }

    @Test func aTableGivesItsValues() throws {
        let nodes = "%1 = constant() {value = dense<f32[3]: 4.0, 9.0, 5.0>} %m = gather(%1, %x) {axis = 0}"
        try expect(
            split(0, .greater, 5, .nan, split(0, .less, 8, leaf(1), leaf(2)), split(0, .greater, 4.5, leaf(3), leaf(4))),
            becomes: split(0, .greater, 5, .nan, leaf(2), split(0, .greater, 4.5, leaf(3), leaf(4))), behind: nodes, inputs: "%x: i64[N, 1]"
        )
    }
}
