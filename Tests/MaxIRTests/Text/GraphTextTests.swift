import MaxCases
import MaxIR
import Testing

@Suite struct GraphTextTests {
    func roundTrip(_ graph: Graph, inlineLimit: Int = 16) throws {
        let text = graph.text(inlineLimit: inlineLimit)
        let back = try Graph(text)
        #expect(back == graph, "\(text.text)")
        #expect(back.text(inlineLimit: inlineLimit) == text)
    }

    @Test func aGraphReadsAsInTheDesign() throws {
        var builder = GraphBuilder(name: "churn")
        _ = try builder.input("age", TensorType(.f64, [.rows]), missing: .nan)
        _ = try builder.input("plan", TensorType(.string, [.rows]), missing: .value(.string("other")))
        let x = try builder.input("X", TensorType(.f32, [.rows, .fixed(3)]), columns: ["a", "b", "c \"d\""])
        let w = try builder.constant(Tensor([Float(1), 2, 3, -0.0, .infinity, 0.1], shape: [3, 2]))
        let y = try builder.add(Ops.gemm, [x, w, nil], ["alpha": .float(0.5)], label: "node label")
        builder.output("p", y, labels: ["no", "yes"])
        builder.output("same", y)
        builder.output("X", x)
        let graph = try builder.finish()
        #expect(
            graph.description == """
                graph @churn(%age: f64?[N] missing=nan, %plan: string?[N] missing="other", \
                %X: f32[N, 3] columns=["a", "b", "c \\"d\\""]) -> \
                (%p: f32[N, 2] labels=["no", "yes"], %same = %p: f32[N, 2], %X: f32[N, 3]) {
                  %3 = constant() {value = dense<f32[3, 2]: 1.0, 2.0, 3.0, -0.0, inf, 0.1>} : f32[3, 2]
                  %p = gemm(%X, %3, _) {alpha = 0.5} : f32[N, 2] @"node label"
                }

                """)
        try roundTrip(graph)
        try roundTrip(graph, inlineLimit: 0)
    }

    @Test func everyOperatorThatFitsRandomOperandsComesBack() throws {
        var random = SplitMix(seed: 7)
        var missed: [String] = []
        for op in Ops.all {
            var found = 0
            for _ in 0..<400 where found < 3 {
                guard let graph = randomGraph(op, &random) else { continue }
                try roundTrip(graph)
                try roundTrip(graph, inlineLimit: 1)
                found += 1
            }
            if found == 0 { missed.append(op.name) }
        }
        #expect(missed.count * 4 <= Ops.all.count, "no graph found for \(missed)")
    }

    @Test func everyFloatKeepsItsBits() throws {
        var doubles: [UInt64] = [0, 1 << 63, 1, Double.nan.bitPattern, Double.nan.bitPattern | 1 << 63, 0x7ff0_0000_0000_0001]
        var random = SplitMix(seed: 3)
        for _ in 0..<500 { doubles.append(random.next()) }
        var builder = GraphBuilder(name: "floats")
        builder.output("d", try builder.constant(Tensor(doubles.map { Double(bitPattern: $0) })))
        builder.output("f", try builder.constant(Tensor(doubles.map { Float(bitPattern: UInt32(truncatingIfNeeded: $0)) })))
        builder.output("h", try builder.constant(Tensor((0...UInt16.max).map { Float16(bitPattern: $0) })))
        builder.output("b", try builder.constant(Tensor((0...UInt16.max).map { BFloat16(bits: $0) })))
        try roundTrip(try builder.finish(), inlineLimit: .max)
    }

    @Test func everyElementTypeAndEmptyTensorsComeBack() throws {
        var builder = GraphBuilder(name: "é \n\u{1}")
        let tensors: [Tensor] = [
            Tensor([Int64.min, .max]), Tensor([Int32.min, .max]), Tensor([Int16.min]), Tensor([Int8.min]),
            Tensor([UInt64.max]), Tensor([UInt32.max]), Tensor([UInt16.max]), Tensor([UInt8.max]), Tensor([true, false]),
            Tensor(unchecked: .timestamp([-1]), shape: [1]), Tensor([Float](), shape: [0, 3]), Tensor([Text](), shape: [0]),
            Tensor(scalar: Text("a\\b\"\u{7f}\t")), Tensor([Text(utf8: [0xff, 0x41, 0x22, 0]), "e\u{301}", "\u{e9}"]),
        ]
        for (index, tensor) in tensors.enumerated() {
            builder.output(Text("o \(index)"), try builder.constant(tensor, label: Text(utf8: [0xc3, 0x28])))
        }
        try roundTrip(try builder.finish())
    }

    @Test func policiesAndOddTypesComeBack() throws {
        var builder = GraphBuilder(name: "1")
        let policies: [(TensorType, MissingPolicy?)] = [
            (TensorType(.f32, [.rows]), .value(.float(.nan))), (TensorType(.f32, [.rows]), .value(.float(-0.0))),
            (TensorType(.i64, [.rows]), .value(.int(-3))), (TensorType(.f64, [.rows, .fixed(1)]), .error),
            (TensorType(.f64, nil), .value(.int(1))), (TensorType(.string, [.unknown, .symbol("a b"), .symbol("")]), nil),
        ]
        for (index, (type, policy)) in policies.enumerated() {
            _ = try builder.input(Text(index == 0 ? "0" : "in\(index)"), type, missing: policy)
        }
        _ = try builder.input(GraphInput("m", .map(key: .i64, value: .f32)))
        let s = try builder.input(GraphInput("s", .sequence(.map(key: .string, value: .f32)), missing: .error))
        builder.output("0", try builder.add(Ops.identity, [s]))
        try roundTrip(try builder.finish())
    }

    @Test func tensorsOfOneHashStayApart() throws {
        let text = GraphText(
            "graph @g() -> (%a: f32[1], %b: f32[1]) { %a = constant() {value = #x} %b = constant() {value = #x.1} }",
            constants: ["x": Tensor([Float(1)]), "x.1": Tensor([Float(2)])])
        let graph = try Graph(text)
        #expect(try graph.evaluate([]) == [.tensor(Tensor([Float(1)])), .tensor(Tensor([Float(2)]))])
    }

    @Test(arguments: [
        ("", "line 1, column 1: found the end, expected 'graph'"),
        ("graph @g(%a f32[N]) -> () {}", "line 1, column 13: found \"f32[N]) -> () {}\", expected ':'"),
        ("graph @g() -> () {\n  %1 = nope()\n}", "line 2, column 8: unknown operator 'nope'"),
        ("graph @g() -> () {\n  %1 = add(%0, %0)\n}", "line 2, column 12: %0 is not defined before this"),
        ("graph @g(%a: f32?[N]) -> () {}", "line 1, column 21: found \") -> () {}\", expected 'missing=' as the type may be missing"),
        ("graph @g(%a: f32[N], %a: f32[N]) -> () {}", "line 1, column 23: input \"a\" stands twice"),
        ("graph @g() -> () { %1 = constant() {value = #12} }", "line 1, column 45: constant #12 is not in the table"),
        ("graph @g() -> () { %1 = constant() {value = dense<f32[2]: 1.0>} }", "line 1, column 51: 1 elements, expected 2 for f32[2]"),
        (
            "graph @g() -> () { %1 = constant() {value = dense<f32[1]: 1e99>} }",
            "line 1, column 59: found \"1e99>} }\", expected an element of type f32"
        ),
        (
            "graph @é(%a: f32[N]) -> () { %1 = cast(%a) {too = f32} }",
            "line 1, column 8: found \"é(%a: f32[N]) -> () { %\", expected a name"
        ),
        ("graph @g(%a: f32[N]) -> () { %1 = abs(%a) : f64[N] }", "line 1, column 30: 'abs' gives f32[N], but f64[N] is written"),
        ("graph @g(%a: f32[N]) -> (%b = %9: f32[N]) { }", "line 1, column 30: %9 is not defined before this"),
        ("graph @g(%a: f32[N]) -> () { %1 = add(%a) }", "line 1, column 30: 'add': operand 'b' is missing"),
        ("graph @\"g", "line 1, column 8: the text is not closed"),
        ("graph @\"\\q\"", "line 1, column 9: found \"\\\\q\\\"\", expected one of \\n \\t \\r \\\" \\\\ \\x \\u"),
        ("graph @g() -> () {} x", "line 1, column 21: found \"x\", expected nothing after the graph"),
        ("graph @g(%a: seq<seq<seq<seq<seq<seq<seq<seq<seq<seq<seq<seq<seq<seq<seq<seq<seq<f32", "types nest deeper than 16"),
    ])
    func aMistakeIsNamedWithLineAndColumn(text: String, message: String) {
        #expect { _ = try Graph(GraphText(text)) } throws: { error in
            let found = (error as? MaxError)?.message ?? ""
            if !found.hasSuffix(message) { Issue.record("\(found)") }
            return found.hasPrefix("graph text: line ") && found.hasSuffix(message)
        }
    }

    @Test func mutatedTextsNeverTrap() throws {
        var random = SplitMix(seed: 11)
        var seeds: [[UInt8]] = []
        for op in Ops.all { if let graph = randomGraph(op, &random) { seeds.append(Array(graph.description.utf8)) } }
        for _ in 0..<4000 {
            var bytes = seeds[random.below(seeds.count)]
            for _ in 0...random.below(3) {
                let at = random.below(bytes.count)
                switch random.below(3) {
                case 0: bytes[at] = UInt8(truncatingIfNeeded: random.next())
                case 1: bytes.remove(at: at)
                default: bytes.insert(contentsOf: seeds[random.below(seeds.count)].suffix(random.below(20)), at: at)
                }
                if bytes.isEmpty { bytes = [0] }
            }
            _ = try? Graph(GraphText(String(decoding: bytes, as: UTF8.self)))
        }
    }
}
