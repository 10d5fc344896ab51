import MaxFormats
import MaxIR

/// An ONNX model of one input `x` and one output `y`, field by field; what is changed may lie.
struct ONNXBytes: Sendable {
    var opsets: [(domain: Text, version: Int64)] = [("", 17), ("ai.onnx.ml", 3)]
    var inputs: [Text] = ["x"]
    /// Extents after the rows.
    var tail: [Int64] = [1]
    var outputs: [Text] = ["y"]
    /// Encoded node and tensor messages.
    var nodes: [[UInt8]] = []
    var initializers: [[UInt8]] = []
    /// Encoded messages of further inputs.
    var extraInputs: [[UInt8]] = []

    typealias Build = (inout WireWriter) -> Void

    static func node(_ op: Text, _ inputs: [Text], _ outputs: [Text], domain: Text = "", _ attributes: Build = { _ in }) -> [UInt8] {
        var out = WireWriter()
        for name in inputs { out.text(1, name) }
        for name in outputs { out.text(2, name) }
        out.text(4, op)
        attributes(&out)
        out.text(7, domain)
        return out.bytes
    }

    static func attribute(_ out: inout WireWriter, _ name: Text, int value: Int64) {
        out.message(5) { message in
            message.text(1, name)
            message.int(3, value)
            message.int(20, 2)
        }
    }

    static func attribute(_ out: inout WireWriter, _ name: Text, ints value: [Int64]) {
        out.message(5) { message in
            message.text(1, name)
            message.packed(8, value)
            message.int(20, 7)
        }
    }

    static func attribute(_ out: inout WireWriter, _ name: Text, floats value: [Float]) {
        out.message(5) { message in
            message.text(1, name)
            message.packed(7, value)
            message.int(20, 6)
        }
    }

    static func attribute(_ out: inout WireWriter, _ name: Text, strings value: [Text]) {
        out.message(5) { message in
            message.text(1, name)
            for text in value { message.text(9, text) }
            message.int(20, 8)
        }
    }

    /// A tensor of i64 named `name`; `code` and `extents` may say something else.
    static func tensor(_ name: Text, _ values: [Int64], extents: [Int64]? = nil, code: Int64 = 7, _ more: Build = { _ in }) -> [UInt8] {
        var out = WireWriter()
        out.packed(1, extents ?? [Int64(values.count)])
        out.int(2, code)
        out.text(8, name)
        out.data(9, values.flatMap { value in (0..<8).map { UInt8(truncatingIfNeeded: value >> Int64(8 * $0)) } })
        more(&out)
        return out.bytes
    }

    var bytes: [UInt8] {
        var out = WireWriter()
        out.int(1, 8)
        out.message(7) { graph in
            for node in nodes { graph.data(1, node) }
            graph.text(2, "hostile")
            for tensor in initializers { graph.data(5, tensor) }
            for name in inputs { Self.value(&graph, 11, name, tail) }
            for input in extraInputs { graph.data(11, input) }
            for name in outputs { graph.message(12) { $0.text(1, name) } }
        }
        for (domain, version) in opsets {
            out.message(8) { set in
                set.text(1, domain)
                set.int(2, version)
            }
        }
        return out.bytes
    }

    private static func value(_ graph: inout WireWriter, _ field: Int, _ name: Text, _ tail: [Int64]) {
        graph.message(field) { info in
            info.text(1, name)
            info.message(2) { type in
                type.message(1) { tensor in
                    tensor.int(1, 1)
                    tensor.message(2) { shape in
                        shape.message(1) { $0.text(2, "N") }
                        for extent in tail { shape.message(1) { $0.int(1, extent) } }
                    }
                }
            }
        }
    }
}
