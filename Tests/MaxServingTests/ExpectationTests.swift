import MaxExpectations
import MaxIR
import MaxRuntime
import MaxServing
import Testing

private func served(refuses: Bool) throws -> Worker {
    var builder = GraphBuilder(name: "both")
    let a = try builder.input("a", TensorType(.f32, [.rows]), missing: .nan)
    let name = try builder.input("name", TensorType(.string, [.rows]), missing: .value(.string("?")))
    builder.output("a", try builder.add(Ops.identity, [a]))
    builder.output("name", try builder.add(Ops.identity, [name]))
    let model = try Model(graph: try builder.finish(), info: ModelInfo(name: "both", version: "1"))
    let expectations = Expectations(columns: [
        ColumnExpectation(name: "a", element: .f64, maximumMissingShare: 0.5, minimum: 0, maximum: 10),
        ColumnExpectation(name: "name", element: .string, maximumMissingShare: 0, categories: ["x", "y"]),
    ])
    let monitor = ExpectationMonitor(try ExpectationRules(expectations, model.schema), refuses: refuses)
    return Worker(try Service(serving: [ServedModel(model, expectations: monitor)], version: "test"))
}

private func post(_ worker: Worker, _ body: String, path: String = "/invocations", type: String = "application/json") -> (Int, String) {
    let answer = Array(body.utf8).withUnsafeBytes { worker.answer(Request(method: "POST", path: path, contentType: type, body: $0)) }
    return (answer.status, String(decoding: answer.body, as: UTF8.self))
}

private func metrics(_ worker: Worker) -> [Substring] {
    let answer = worker.answer(Request(method: "GET", path: "/metrics", body: UnsafeRawBufferPointer(start: nil, count: 0)))
    return String(decoding: answer.body, as: UTF8.self).split(separator: "\n").filter { $0.hasPrefix("maxai_expectation_violations_total") }
}

@Suite struct ExpectationTests {
    @Test func requestsThatAreAsExpectedAreAnswered() throws {
        let worker = try served(refuses: true)
        #expect(post(worker, #"{"instances":[{"a":1,"name":"x"},{"a":null,"name":"y"}]}"#).0 == 200)
        #expect(metrics(worker).allSatisfy { $0.hasSuffix(" 0") } && !metrics(worker).isEmpty)
    }

    @Test(arguments: [
        (
            #"{"instances":[{"a":1,"name":"x"},{"a":11,"name":"x"}]}"#,
            #"{"error":"row 1 is not as expected: column \"a\": range: found 11.0, expected 0.0 to 10.0"}"#
        ),
        (
            #"{"instances":[{"a":-1,"name":"z"},{"a":11,"name":"x"}]}"#,
            #"{"error":"row 0 is not as expected: column \"a\": range: found -1.0, expected 0.0 to 10.0 (rows that are not: 2)"}"#
        ),
        (
            #"{"instances":[{"a":1,"name":"secret"}]}"#,
            #"{"error":"row 0 is not as expected: column \"name\": category: found a text of 6 bytes, expected one of the 2 known"}"#
        ),
        (
            #"{"inputs":{"a":[1]}}"#,
            #"{"error":"row 0 is not as expected: column \"name\": missing: found no value, expected one in every row"}"#
        ),
    ])
    func requestsWithOtherRowsAreRefused(body: String, message: String) throws {
        let worker = try served(refuses: true)
        let found = post(worker, body)
        #expect(found.0 == 400 && found.1 == message, "\(found.1)")
        #expect(post(try served(refuses: false), body).0 == 200)
    }

    @Test func everyProtocolIsHeldAgainstThem() throws {
        let worker = try served(refuses: true)
        let v2 =
            #"{"inputs":[{"name":"a","shape":[1],"datatype":"FP32","data":[12]},{"name":"name","shape":[1],"datatype":"BYTES","data":["x"]}]}"#
        #expect(post(worker, v2, path: "/v2/models/both/infer").0 == 400)
        #expect(post(worker, #"{"instances":[[12,"x"]]}"#, path: "/v1/models/both:predict").0 == 400)
        #expect(post(worker, "a,name\n12,x\n", type: "text/csv").0 == 400)
        #expect(
            metrics(worker).contains(#"maxai_expectation_violations_total{model="both",version="1",column="a",rule="range"} 3"#),
            "\(metrics(worker))")
    }

    @Test func sharesAreJudgedByTheWindow() throws {
        let worker = try served(refuses: false)
        let rows = ExpectationMonitor.windowRows / 4
        let body =
            #"{"inputs":{"a":["# + (0..<rows).map { $0 % 5 < 3 ? "null" : "1" }.joined(separator: ",") + #"],"name":["#
            + [String](repeating: "\"x\"", count: rows).joined(separator: ",") + "]}}"
        for _ in 0..<3 { #expect(post(worker, body).0 == 200) }
        let share = #"maxai_expectation_violations_total{model="both",version="1",column="a",rule="missing-share"}"#
        #expect(metrics(worker).contains(share + " 0"))
        #expect(post(worker, body).0 == 200)
        #expect(metrics(worker).contains(share + " 1"), "\(metrics(worker))")
    }
}
