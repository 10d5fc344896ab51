import MaxIR
import MaxRuntime
import MaxServing

/// A served model with a column of every kind, and requests to it.
///
/// A request is a line `path [header length]` and then the body, so that all of it is one piece of bytes to damage.
enum ServedSum {
    static func service() throws(MaxError) -> Service {
        var builder = GraphBuilder(name: "sum")
        let a = try builder.input("a", TensorType(.f32, [.rows]), missing: .nan)
        let b = try builder.input("b", TensorType(.f64, [.rows, .fixed(2)]), missing: .value(.float(1)))
        let name = try builder.input("name", TensorType(.string, [.rows]))
        let count = try builder.input("count", TensorType(.i64, [.rows]))
        let flag = try builder.input("flag", TensorType(.bool, [.rows]), missing: .value(.int(0)))
        builder.output("double", try builder.add(Ops.add, [a, a]))
        builder.output("b", try builder.add(Ops.add, [b, b]))
        builder.output("name", try builder.add(Ops.identity, [name]))
        builder.output("count", try builder.add(Ops.identity, [count]))
        builder.output("flag", try builder.add(Ops.identity, [flag]))
        return try Service([try Model(graph: try builder.finish(), info: ModelInfo(name: "sum", version: "3"))], version: "test")
    }

    static let jsonRequests: [[UInt8]] = [
        #"""
        /v2/models/sum/infer
        {"id":"7","inputs":[{"name":"a","shape":[2],"datatype":"FP32","data":[1,2.5e-3]},{"name":"b","shape":[2,2],"datatype":"FP64","data":[[1,2],[null,NaN]]},{"name":"name","shape":[2],"datatype":"BYTES","data":["x","\u00e9\n"]},{"name":"count","shape":[2],"datatype":"INT64","data":[9007199254740993,-1]},{"name":"flag","shape":[2],"datatype":"BOOL","data":[true,false]}],"outputs":[{"name":"double"},{"name":"name","parameters":{"binary_data":true}}]}
        """#,
        #"""
        /v2/models/sum/versions/3/infer
        {"inputs":[{"name":"name","shape":[1],"datatype":"BYTES","data":["x"]},{"name":"count","shape":[1],"datatype":"INT32","data":[4]}],"parameters":{"binary_data_output":true}}
        """#,
        #"""
        /v1/models/sum:predict
        {"instances":[{"a":1,"b_0":2,"b_1":3,"name":"x","count":7,"flag":true},[1.5,null,3,"y",8,false]]}
        """#,
        #"""
        /v1/models/sum:predict
        {"inputs":{"a":[1,2],"b_0":[[1],[2]],"name":["x","y"],"count":[1,2]}}
        """#,
        #"""
        /invocations
        {"dataframe_split":{"columns":["name","count","a","ignored"],"index":[0,1],"data":[["x",1,0.5,2],["y",3,null,null]]}}
        """#,
        #"""
        /invocations
        {"dataframe_records":[{"a":1,"count":2,"name":"x"},{"count":3,"name":"y"}],"params":{}}
        """#,
    ].map { Array($0.utf8) }

    static let binaryRequests: [[UInt8]] = [request(rows: 1), request(rows: 3)]

    private static func request(rows: Int) -> [UInt8] {
        let texts: [UInt8] = (0..<rows).flatMap { [UInt8($0 + 1), 0, 0, 0] + [UInt8](repeating: 0x61, count: $0 + 1) }
        let columns: [(String, String, String, [UInt8])] = [
            ("a", "FP32", "[\(rows)]", [UInt8](repeating: 0x40, count: 4 * rows)),
            ("b", "FP64", "[\(rows),2]", [UInt8](repeating: 0x3f, count: 16 * rows)),
            ("name", "BYTES", "[\(rows)]", texts),
            ("count", "INT64", "[\(rows)]", [UInt8](repeating: 1, count: 8 * rows)),
            ("flag", "BOOL", "[\(rows)]", [UInt8](repeating: 1, count: rows)),
        ]
        let inputs = columns.map { name, type, shape, data in
            #"{"name":"\#(name)","shape":\#(shape),"datatype":"\#(type)","parameters":{"binary_data_size":\#(data.count)}}"#
        }
        let head = #"{"inputs":[\#(inputs.joined(separator: ","))],"parameters":{"binary_data_output":true}}"#
        return Array("/v2/models/sum/infer \(head.utf8.count)\n\(head)".utf8) + columns.flatMap(\.3)
    }
}
