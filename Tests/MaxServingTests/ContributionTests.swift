import MaxIR
import MaxRuntime
import MaxServing
import Testing

/// One tree on columns a and b: a < 1 gives 4 or, by b < 1, 2 or 0; half of the training data takes each side.
private func served() throws -> Worker {
    var trees = TreeEnsembleBuilder(outputs: 1)
    func split(_ column: Int, _ yes: Int, _ no: Int, cover: Double) -> SourceNode {
        .split(
            SourceNode.Split(
                column: column, comparison: .less, threshold: 1, missing: .nan, missingGoesTrue: true, ifTrue: yes, ifFalse: no,
                cover: cover))
    }
    let nodes: [SourceNode] = [
        split(0, 1, 2, cover: 8), .leaf(SourceNode.Leaf([4], id: 1, cover: 4)), split(1, 3, 4, cover: 4),
        .leaf(SourceNode.Leaf([2], id: 3, cover: 2)), .leaf(SourceNode.Leaf([0], id: 4, cover: 2)),
    ]
    try trees.addTree(count: nodes.count, output: 0) { nodes[$0] }
    let e = try trees.finish(threshold: .f32, base: .f32([0.5]), columns: 2)
    var builder = GraphBuilder(name: "tree")
    let x = try builder.input(GraphInput("x", .tensor(TensorType(.f32, [.rows, .fixed(2)])), missing: .nan, columns: ["a", "b"]))
    builder.output("raw", try builder.add(Ops.trees, [x], e.attributes))
    var plain = GraphBuilder(name: "plain")
    let y = try plain.input("y", TensorType(.f32, [.rows]), missing: .nan)
    plain.output("z", try plain.add(Ops.identity, [y]))
    return Worker(
        try Service(
            [
                try Model(graph: try builder.finish(), info: ModelInfo(name: "tree")),
                try Model(graph: try plain.finish(), info: ModelInfo(name: "plain")),
            ], version: "test"))
}

private func infer(_ worker: Worker, _ parameters: String, outputs: String = "", model: String = "tree") -> Answer {
    let input = model == "tree" ? #""x","shape":[1,2]"# : #""y","shape":[2]"#
    let body = #"{"inputs":[{"name":\#(input),"datatype":"FP32","data":[2,0]}],"parameters":{\#(parameters)}\#(outputs)}"#
    return Array(body.utf8).withUnsafeBytes {
        worker.answer(Request(method: "POST", path: "/v2/models/\(model)/infer", contentType: "application/json", body: $0))
    }
}

@Suite struct ServedContributionTests {
    @Test func `all contributions, base and rest come with their names`() throws {
        let answer = infer(try served(), #""contributions":true"#)
        let text = String(decoding: answer.body, as: UTF8.self)
        #expect(answer.status == 200, "\(text)")
        // By cover the mean is 3, with a known 1.5, with b known 3.5, and the score 2.5.
        #expect(text.contains(#"{"name":"contributions","datatype":"FP64","shape":[1,1,4],"data":[-1.25,0.75,3.0,0.0]}"#), "\(text)")
        #expect(text.contains(#"{"name":"contribution_names","datatype":"BYTES","shape":[4],"data":["a","b","base","rest"]}"#), "\(text)")
    }

    @Test func `the largest come first, and only what is named`() throws {
        let worker = try served()
        let text = String(decoding: infer(worker, #""contributions":1"#).body, as: UTF8.self)
        #expect(text.contains(#"{"name":"contribution_features","datatype":"BYTES","shape":[1,1,1],"data":["a"]}"#), "\(text)")
        #expect(text.contains(#"{"name":"contribution_values","datatype":"FP64","shape":[1,1,1],"data":[-1.25]}"#), "\(text)")
        #expect(text.contains(#"{"name":"contribution_base","datatype":"FP64","shape":[1,1],"data":[3.0]}"#), "\(text)")
        let named = infer(worker, #""contributions":9"#, outputs: #","outputs":[{"name":"contribution_values"}]"#)
        let values = String(decoding: named.body, as: UTF8.self)
        #expect(
            values.hasSuffix(#""outputs":[{"name":"contribution_values","datatype":"FP64","shape":[1,1,2],"data":[-1.25,0.75]}]}"#),
            "\(values)")
        #expect(!String(decoding: infer(worker, "").body, as: UTF8.self).contains("contribution"))
        #expect(!String(decoding: infer(worker, #""contributions":false"#).body, as: UTF8.self).contains("contribution"))
    }

    @Test func `binary tensors hold the same`() throws {
        let answer = infer(try served(), #""contributions":1,"binary_data_output":true"#)
        let split = try #require(answer.headers.first { $0.0 == "Inference-Header-Content-Length" }.flatMap { Int($0.1) })
        var expected: [UInt8] = []
        withUnsafeBytes(of: Float(2.5).bitPattern.littleEndian) { expected += $0 }
        expected += [1, 0, 0, 0, UInt8(ascii: "a")]
        for value in [-1.25, 3.0] { withUnsafeBytes(of: value.bitPattern.littleEndian) { expected += $0 } }
        #expect(Array(answer.body[split...]) == expected)
    }

    @Test(arguments: [#""yes""#, "0", "-1", "1.5", "null", "[1]", "99999999999999999999"])
    func `what is neither true, false nor a count is refused`(value: String) throws {
        let answer = infer(try served(), "\"contributions\":\(value)")
        #expect(answer.status == 400, "\(String(decoding: answer.body, as: UTF8.self))")
    }

    @Test func `a model without trees says so`() throws {
        let answer = infer(try served(), #""contributions":true"#, model: "plain")
        #expect(answer.status == 400)
        let said = String(decoding: answer.body, as: UTF8.self)
        #expect(said.contains("the output \\\"raw\\\" is missing, or is not what trees or one linear model alone give"))
    }
}
