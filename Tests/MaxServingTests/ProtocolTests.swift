import MaxIR
import MaxRuntime
import MaxServing
import Testing

/// Two columns and a text in; their sum and the text out.
private func service() throws -> Service {
    var builder = GraphBuilder(name: "sum")
    let a = try builder.input("a", TensorType(.f32, [.rows]), missing: .nan)
    let b = try builder.input("b", TensorType(.f32, [.rows, .fixed(1)]), missing: .value(.float(1)))
    let name = try builder.input("name", TensorType(.string, [.rows]))
    let flat = try builder.add(Ops.reshape, [b, try builder.constant(Tensor([Int64(-1)]))])
    builder.output("total", try builder.add(Ops.add, [a, flat]))
    builder.output("name", try builder.add(Ops.identity, [name]))
    var limits = ServingLimits()
    limits.rows = 4
    return try Service(
        [try Model(graph: try builder.finish(), info: ModelInfo(name: "sum", version: "3"))], limits: limits, version: "test")
}

private func post(_ path: String, _ body: String, json: String? = nil, type: String = "application/json") throws -> (
    status: Int, text: String, answer: Answer
) {
    let answer = Array(body.utf8).withUnsafeBytes { bytes in
        try? Worker(service()).answer(Request(method: "POST", path: path, contentType: type, jsonBytes: json, body: bytes))
    }
    let found = try #require(answer)
    return (found.status, String(decoding: found.body, as: UTF8.self), found)
}

private func get(_ path: String) throws -> (status: Int, text: String) {
    let answer = Worker(try service()).answer(Request(method: "GET", path: path, body: UnsafeRawBufferPointer(start: nil, count: 0)))
    return (answer.status, String(decoding: answer.body, as: UTF8.self))
}

private let infer = "/v2/models/sum/infer"

@Suite struct V2Tests {
    @Test func twoRowsComeBackWithTheirId() throws {
        let (status, text, _) = try post(
            infer,
            #"{"id":"7","inputs":[{"name":"a","shape":[2],"datatype":"FP32","data":[1,2.5]},{"name":"b","shape":[2,1],"datatype":"FP32","data":[[1],[null]]},{"name":"name","shape":[2],"datatype":"BYTES","data":["x","é\n"]}]}"#
        )
        #expect(status == 200)
        #expect(
            text
                == #"{"model_name":"sum","model_version":"3","id":"7","outputs":[{"name":"total","datatype":"FP32","shape":[2],"data":[2.0,3.5]},{"name":"name","datatype":"BYTES","shape":[2],"data":["x","é\u000a"]}]}"#
        )
    }

    @Test func nanTokensAndAbsentColumnsFollowThePolicy() throws {
        let (status, text, _) = try post(
            infer,
            #"{"inputs":[{"name":"a","shape":[2],"datatype":"FP64","data":[NaN,"Infinity"]},{"name":"name","shape":[2],"datatype":"BYTES","data":["",""]}],"outputs":[{"name":"total"}]}"#
        )
        #expect(status == 200)
        #expect(text.contains(#""data":[null,null]"#))
    }

    @Test func binaryTensorsInAndOut() throws {
        let head =
            #"{"inputs":[{"name":"a","shape":[1],"datatype":"FP32","parameters":{"binary_data_size":4}},{"name":"name","shape":[1],"datatype":"BYTES","parameters":{"binary_data_size":6}}],"parameters":{"binary_data_output":true}}"#
        var body = Array(head.utf8)
        withUnsafeBytes(of: Float(41).bitPattern.littleEndian) { body += $0 }
        body += [2, 0, 0, 0] + Array("hi".utf8)
        let worker = Worker(try service())
        let answer = body.withUnsafeBytes {
            worker.answer(
                Request(method: "POST", path: infer, contentType: "application/octet-stream", jsonBytes: "\(head.utf8.count)", body: $0))
        }
        #expect(answer.status == 200)
        let split = try #require(answer.headers.first { $0.0 == "Inference-Header-Content-Length" }.flatMap { Int($0.1) })
        let binary = Array(answer.body[split...])
        #expect(binary == [0, 0, 0x28, 0x42, 2, 0, 0, 0] + Array("hi".utf8))
    }

    @Test(arguments: [
        ("{bad", 400), ("", 400), ("{}", 400), (#"{"inputs":[]}"#, 400),
        (#"{"inputs":[{"name":"zzz","shape":[1],"datatype":"FP32","data":[1]}]}"#, 400),
        (#"{"inputs":[{"name":"a","shape":[1],"datatype":"FP99","data":[1]}]}"#, 400),
        (#"{"inputs":[{"name":"a","shape":[1],"datatype":"BYTES","data":["1"]}]}"#, 400),
        (#"{"inputs":[{"name":"a","shape":[2],"datatype":"FP32","data":[1]}]}"#, 400),
        (#"{"inputs":[{"name":"a","shape":[1],"datatype":"FP32","data":[1,2]}]}"#, 400),
        (#"{"inputs":[{"name":"a","shape":[-1],"datatype":"FP32","data":[1]}]}"#, 400),
        (#"{"inputs":[{"name":"a","shape":[9223372036854775807,9223372036854775807],"datatype":"FP32","data":[1]}]}"#, 413),
        (#"{"inputs":[{"name":"a","shape":[5],"datatype":"FP32","data":[1,2,3,4,5]}]}"#, 413),
        (
            #"{"inputs":[{"name":"a","shape":[1],"datatype":"FP32","data":["x"]},{"name":"name","shape":[1],"datatype":"BYTES","data":["x"]}]}"#,
            400
        ),
        (#"{"inputs":[{"name":"a","shape":[1],"datatype":"FP32","data":[1]},{"name":"a","shape":[1],"datatype":"FP32","data":[1]}]}"#, 400),
        (#"{"inputs":[{"name":"a","shape":[1],"datatype":"FP32","data":[1]}]}"#, 400),
        (#"{"inputs":[{"name":"a","shape":[1],"datatype":"FP32","parameters":{"binary_data_size":400}}]}"#, 400),
        (#"{"inputs":[{"name":"name","shape":[1],"datatype":"BYTES","data":["\ud800"]}]}"#, 400),
    ])
    func aWrongRequestIsTheClientsMistake(body: String, status: Int) throws {
        let found = try post(infer, body)
        #expect(found.status == status, "\(found.text)")
        #expect(found.text.hasPrefix(#"{"error":""#))
    }

    @Test func deepNestingIsRefused() throws {
        let body = #"{"inputs":[{"name":"a","shape":[1],"datatype":"FP32","data":"# + String(repeating: "[", count: 100_000)
        #expect(try post(infer, body).status == 413)
        #expect(try post(infer, #"{"x":"# + String(repeating: "[", count: 1_000_000)).status == 413)
    }

    @Test(arguments: ["-1", "0", "abc", "999999", "18446744073709551616"])
    func aHeaderLengthThatDoesNotFitIsRefused(length: String) throws {
        #expect(try post(infer, "{}", json: length).status == 400)
    }

    @Test func whatTheModelIsAndWhetherItIsReady() throws {
        #expect(try get("/v2/health/live").status == 200)
        #expect(try get("/v2/health/ready").status == 200)
        #expect(try get("/v2/models/sum/ready").status == 200)
        #expect(try get("/v2/models/sum/versions/3").text.contains(#""inputs":[{"name":"a","datatype":"FP32","shape":[-1]}"#))
        #expect(try get("/v2/models/sum/versions/4").status == 404)
        #expect(try get("/v2/models/..%2f..%2fetc").status == 404)
        #expect(try get("/v2/models/sum/infer").status == 405)
        #expect(try post("/v2/repository/index", "").text == #"[{"name":"sum","version":"3","state":"READY","reason":""}]"#)
        #expect(try get("/v2/models/stats").text.contains(#""execution_count":0"#))
        #expect(try get("/nowhere").status == 404)
    }
}

@Suite struct RowProtocolTests {
    @Test(arguments: [
        ("/v1/models/sum:predict", #"{"instances":[{"a":1,"b":2,"name":"x"},[3,null,"y"]]}"#),
        ("/v1/models/sum:predict", #"{"inputs":{"name":["x","y"],"a":[1,3],"b":[[2],[1]]}}"#),
        ("/invocations", #"{"dataframe_split":{"columns":["name","a","ignored","b"],"data":[["x",1,0,2],["y",3,0,null]]}}"#),
        ("/invocations", #"{"dataframe_records":[{"a":1,"b":2,"name":"x"},{"a":3,"name":"y"}]}"#),
    ])
    func rowsInEveryForm(path: String, body: String) throws {
        let (status, text, _) = try post(path, body)
        #expect(status == 200, "\(text)")
        #expect(text == #"{"predictions":[{"total":3.0,"name":"x"},{"total":4.0,"name":"y"}]}"#)
    }

    @Test(arguments: [
        #"{}"#, #"[]"#, #"{"instances":[],"inputs":{}}"#, #"{"instances":[{"zzz":1}]}"#, #"{"instances":[[1]]}"#,
        #"{"instances":[{"a":1}]}"#,
        #"{"inputs":{"a":[1],"name":["x","y"]}}"#, #"{"other":1}"#,
    ])
    func aWrongRequestSaysWhy(body: String) throws {
        #expect(try post("/v1/models/sum:predict", body).status == 400)
        #expect(try post("/invocations", body).status == 400)
    }

    @Test func onlyJSONIsTakenByInvocations() throws {
        #expect(try post("/invocations", "a,b", type: "text/html").status == 415)
    }
}
