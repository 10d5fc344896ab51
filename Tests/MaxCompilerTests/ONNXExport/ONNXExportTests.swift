import MaxCompiler
import MaxCases
import MaxIR
import MaxImport
import Testing

@Suite struct ONNXExportTests {
    /// Exports, checks with libonnx where it knows the operator sets, imports, proves equal, exports again.
    @discardableResult
    func roundTrip(
        _ graph: Graph, _ options: ONNXExport.Options = ONNXExport.Options(), isExact: Bool = true,
        namesRows: Bool = true
    ) throws -> ONNXExport.Result {
        let first = try ONNXExport.write(graph, options: options)
        if let checker = try? ONNXChecker.shared(), checker.covers(options) { try checker.verify(first.bytes) }
        let back = try ONNX.read(first.bytes, name: graph.name, options: ONNX.Options(keepsMaps: true, namesRows: namesRows))
        let rows = AdversarialRows(for: graph, seed: 2, coverage: 128)
        do {
            _ = try Proof.prove(original: isExact ? graph : first.graph, optimized: back, rows: rows)
        } catch {
            Issue.record("\(error)\n\(graph)\n\(back)")
        }
        let second = try ONNXExport.write(back, options: options)
        let isFixpoint = second.bytes == first.bytes
        #expect(isFixpoint, "\(first.graph)\n\(back)\n\(second.graph)")
        let again = try ONNX.read(second.bytes, name: graph.name, options: ONNX.Options(keepsMaps: true, namesRows: namesRows))
        #expect(again == back)
        return first
    }

    func graph(_ text: String) throws -> Graph { try Graph(GraphText(text)) }

    @Test func thePluginIsThere() throws {
        let checker = try ONNXChecker.shared()
        #expect(checker.opset >= 17 && checker.mlOpset >= 3)
        #expect(throws: MaxError.self) { try checker.verify([1, 2, 3]) }
    }

    @Test func aGemmWithOddNamesComesBack() throws {
        let result = try roundTrip(
            try graph(
                """
                graph @churn(%"a b": f32[N, 2], %v0: f32[N, 3]) -> (%p: f32[N, 3], %q = %p: f32[N, 3], %x = %v0: f32[N, 3], %k: f32[2, 3]) {
                  %k = constant() {value = dense<f32[2, 3]: 1.0, -0.0, inf, nan, 0.1, 2.0>} @"weights"
                  %4 = gemm(%"a b", %k) {alpha = 0.5}
                  %p = add(%4, %v0) @"sum"
                }
                """))
        #expect(result.approximations.isEmpty && result.notes.isEmpty)
    }

    @Test(arguments: [13, 17, 18])
    func olderFormsAreWrittenForReductionsAndParts(opset: Int) throws {
        try roundTrip(
            try graph(
                """
                graph @g(%x: f32[N, 4]) -> (%a, %b, %c, %d, %s: f32[N]) {
                  %1 = constant() {value = dense<i64[1]: 1>}
                  %a = reduce_max(%x, %1) {keepdims = 0} %b = reduce_mean(%x) %s = reduce_sum(%x, %1) {keepdims = 0}
                  %c, %d = split(%x) {axis = 1}
                }
                """), ONNXExport.Options(opset: opset))
    }

    @Test func labelEncodersBecomeLists() throws {
        try roundTrip(
            try graph(
                """
                graph @g(%x: string[N], %y: i64[N]) -> (%a, %b) {
                  %a = label_encoder(%x) {keys_tensor = dense<string[2]: "a", "b">, values_tensor = dense<f32[2]: 1.0, nan>, default_tensor = dense<f32[1]: 7.0>}
                  %b = label_encoder(%y) {keys_int64s = [1, 2], values_strings = ["x", ""]}
                }
                """))
    }

    @Test(arguments: [3, 4])
    func nanKeysMatchInEveryVersion(ml: Int) throws {
        let g = try graph(
            """
            graph @g(%x: f32[N, 2]) -> (%a, %b) {
              %a = label_encoder(%x) {keys_floats = [nan, 1.0, nan], values_strings = ["first", "one", "last"]}
              %b = label_encoder(%x) {keys_floats = [nan], values_int64s = [4], default_int64 = 7}
            }
            """)
        try roundTrip(g, ONNXExport.Options(opset: 19, mlOpset: ml))
    }

    @Test(arguments: ["clamped", "mirrored"])
    func logisticFormsBecomeTheirFormulas(form: String) throws {
        try roundTrip(
            try graph(
                "graph @g(%x: f32[N, 2], %w: f64[N]) -> (%y, %z) { %y = logistic(%x) {form = \"\(form)\"} %z = logistic(%w) {form = \"\(form)\"} }"
            ))
    }

    @Test(arguments: ["softmax_wide", "softmax_zero", "probit"])
    func otherLinksBecomeTheirFormulas(op: String) throws {
        try roundTrip(try graph("graph @g(%x: f32[N, 3]) -> (%y) { %y = \(op)(%x) }"))
    }

    @Test func anOrderedLinearModelIsWrittenColumnByColumn() throws {
        try roundTrip(
            try graph(
                """
                graph @g(%x: f32[N, 3], %z: f64[N, 0]) -> (%y: f32[N, 2], %w: f64[N, 1]) {
                  %y = ordered_linear(%x) {weights = dense<f32[3, 2]: 0.1, -0.2, 0.3, inf, 1e-30, 3.0>, base = dense<f32[2]: 0.5, -0.0>}
                  %w = ordered_linear(%z) {weights = dense<f64[0, 1]>, base = dense<f64[1]: 0.5>}
                }
                """))
    }

    @Test func expectilesAreApproximatedOnlyOnRequest() throws {
        let g = try graph("graph @g(%x: f32[N, 3]) -> (%y) { %y = expectiles(%x) }")
        #expect(throws: MaxError(.unsupported, "onnx: node 0 'expectiles': ONNX has no such operator")) {
            _ = try ONNXExport.write(g)
        }
        let result = try roundTrip(g, ONNXExport.Options(allowsApproximate: true), isExact: false)
        #expect(result.approximations == ["approximate-expectiles (1×): expectiles with log1p(x) = log(1 + x)"])
        #expect(result.errors[0].relative < 1e-3 && result.errors[0].values > 1000)
    }

    @Test(arguments: [
        ("graph @g(%x: timestamp[N]) -> (%x) { }", "onnx: input \"x\": ONNX has no timestamps"),
        ("graph @g(%x: string[N]) -> (%y) { %y = equal(%x, %x) }", "onnx: node 0 'equal': comparing texts needs operator set 19"),
        (
            "graph @g(%x: f32[N]) -> (%y) { %y = elu(%x) {alpha = 0.1} }",
            "onnx: node 0 'elu': attribute 'alpha' is 0.1, which f32 does not hold"
        ),
        (
            "graph @g(%x: f64[N]) -> (%y) { %y = label_encoder(%x) {keys_tensor = dense<f64[1]: 1.0>, values_int64s = [1]} }",
            "onnx: node 0 'label_encoder': no keys, or keys or values of a type that needs operator set 4 of ai.onnx.ml"
        ),
        ("graph @g(%x: f32[5]) -> (%a, %b) { %a, %b = split(%x) }", "onnx: node 0 'split': parts of unequal size need operator set 18"),
    ])
    func whatOnnxCannotSayIsNamed(text: String, message: String) throws {
        #expect(throws: MaxError(.unsupported, message)) { _ = try ONNXExport.write(try graph(text)) }
    }

    @Test func unknownOperatorSetsAreRefused() throws {
        let g = try graph("graph @g(%x: f32[N]) -> (%x) { }")
        #expect(throws: MaxError(.usage, "opset 9, expected 13 to 23")) { _ = try ONNXExport.write(g, options: .init(opset: 9)) }
        #expect(throws: MaxError(.usage, "opset 6 of ai.onnx.ml, expected 3 to 5")) {
            _ = try ONNXExport.write(g, options: .init(mlOpset: 6))
        }
    }

    @Test func whatStandsForMissingIsNoted() throws {
        let g = try graph("graph @g(%x: string?[N] missing=\"<missing>\", %y: f32?[N] missing=nan) -> (%x, %y) { }")
        #expect(try ONNXExport.write(g).notes == ["input \"x\": pass \"<missing>\" where the value is missing"])
    }

    @Test func mapsKeepTheirTypes() throws {
        try roundTrip(
            try graph(
                "graph @g(%x: f32[N, 2], %m: map<string, f32>) -> (%y, %z) { %y = zip_map(%x) {classlabels_strings = [\"a\", \"b\"]} %z = dict_vectorizer(%m) {string_vocabulary = [\"k\"]} }"
            ))
    }

    /// A graph of one node per operator; what is refused is refused with a reason.
    @Test func everyOperatorWithAMappingIsWrittenAndComesBack() throws {
        var random = SplitMix(seed: 21)
        var written = 0
        var missed: [String] = []
        for op in Ops.all where op != Ops.trees {
            var found = false
            for _ in 0..<300 where !found {
                guard let g = randomGraph(op, &random), !g.outputs.isEmpty else { continue }
                do {
                    try roundTrip(g, namesRows: false)
                    (found, written) = (true, written + 1)
                } catch let error as MaxError where error.code == .unsupported { continue } catch let error as MaxError
                    where error.message.contains("of libonnx refuses") && isTypeLimit(error)
                { continue }
            }
            if !found { missed.append(op.name) }
        }
        #expect(written >= 90, "\(written) written, not: \(missed)")
    }

    /// ONNX admits fewer element types than the graph does; nothing but that may be refused here.
    func isTypeLimit(_ error: MaxError) -> Bool {
        error.message.contains("type") || error.message.contains("Unexpected input data type")
    }
}
