import MaxFormats
import MaxIR
import MaxImport
import Testing

/// ONNX models that lie. The numbers are those of the list of attacks.
@Suite struct HostileONNXTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let number: Int
        let what: String
        /// nil for what must be accepted.
        let code: MaxError.Code?
        /// A part of the message.
        let message: String
        let bytes: @Sendable () -> [UInt8]

        var testDescription: String { "\(number) \(what)" }
    }

    private typealias B = ONNXBytes

    /// A model without nodes, changed.
    private static func model(
        _ number: Int, _ what: String, _ code: MaxError.Code?, _ message: String, _ change: @escaping @Sendable (inout ONNXBytes) -> Void
    ) -> Case {
        Case(number: number, what: what, code: code, message: message) {
            var model = ONNXBytes()
            change(&model)
            return model.bytes
        }
    }

    /// A regressor of one tree with nodes 0 (split), 1 and 2 (leaves), changed.
    private static func tree(
        _ what: String, _ code: MaxError.Code?, _ message: String, ifTrue: [Int64] = [1, 0, 0], ifFalse: [Int64] = [2, 0, 0],
        columns: [Int64] = [0, 0, 0], leaves: [Int64] = [1, 2], targets: Int64 = 1, ids: [Int64] = [0, 1, 2], modes: [Text]? = nil
    ) -> Case {
        model(41, what, code, message) { model in
            model.nodes = [
                B.node("TreeEnsembleRegressor", ["x"], ["y"], domain: "ai.onnx.ml") { node in
                    B.attribute(&node, "nodes_treeids", ints: [0, 0, 0])
                    B.attribute(&node, "nodes_nodeids", ints: ids)
                    B.attribute(&node, "nodes_featureids", ints: columns)
                    B.attribute(&node, "nodes_values", floats: [0.5, 0, 0])
                    B.attribute(&node, "nodes_modes", strings: modes ?? ["BRANCH_LEQ", "LEAF", "LEAF"])
                    B.attribute(&node, "nodes_truenodeids", ints: ifTrue)
                    B.attribute(&node, "nodes_falsenodeids", ints: ifFalse)
                    B.attribute(&node, "target_treeids", ints: [0, 0])
                    B.attribute(&node, "target_nodeids", ints: leaves)
                    B.attribute(&node, "target_ids", ints: [0, 0])
                    B.attribute(&node, "target_weights", floats: [1, 2])
                    B.attribute(&node, "n_targets", int: targets)
                }
            ]
        }
    }

    /// `y = x + size(op(x, shape))`.
    private static func bomb(_ op: Text, _ code: MaxError.Code, _ shape: [Int64], operands: [Text] = ["x", "shape"]) -> Case {
        model(40, "\(op) to \(shape)", code, "") { model in
            model.initializers = [B.tensor("shape", shape)]
            model.nodes = [
                B.node(op, operands, ["big"]), B.node("Size", ["big"], ["size"]),
                B.node("Cast", ["size"], ["count"]) { B.attribute(&$0, "to", int: 1) }, B.node("Add", ["x", "count"], ["y"]),
            ]
        }
    }

    static let cases: [Case] = [
        model(0, "a sound model", nil, "") { $0.nodes = [B.node("Identity", ["x"], ["y"])] },
        model(22, "an input without a name", .malformed, "the name is empty") {
            $0.inputs = ["x", ""]
            $0.nodes = [B.node("Identity", ["x"], ["y"])]
        },
        model(22, "an input name of 64 KiB", .limitExceeded, "65536 bytes, at most 4096") {
            let name = Text(String(repeating: "x", count: 65_536))
            $0.inputs = [name]
            $0.nodes = [B.node("Identity", [name], ["y"])]
        },
        model(22, "an input name with NUL", .malformed, "not UTF-8 text without NUL") {
            $0.inputs = ["x\u{0}"]
            $0.nodes = [B.node("Identity", ["x\u{0}"], ["y"])]
        },
        model(22, "two inputs of one name", .malformed, "declared twice") { $0.inputs = ["x", "x"] },
        model(24, "a tensor of extent -1", .malformed, "is negative") { $0.initializers = [B.tensor("w", [1], extents: [-1])] },
        model(24, "a tensor of extent 2^62", .limitExceeded, "more than") { $0.initializers = [B.tensor("w", [1], extents: [1 << 62])] },
        model(25, "extents whose product wraps", .limitExceeded, "more than") {
            $0.initializers = [B.tensor("w", [1], extents: [1 << 32, 1 << 32, 2])]
        },
        model(25, "a zero that hides extents whose product wraps", .limitExceeded, "more than") {
            $0.initializers = [B.tensor("w", [], extents: [0, 1 << 40, 1 << 40])]
        },
        model(23, "a tensor of rank 9", .limitExceeded, "rank 9, at most 8") {
            $0.initializers = [B.tensor("w", [1], extents: [1, 1, 1, 1, 1, 1, 1, 1, 1])]
        },
        model(26, "a tensor with too few bytes", .malformed, "8 bytes, expected 16") {
            $0.initializers = [B.tensor("w", [1], extents: [2])]
        },
        model(26, "a tensor with too many bytes", .malformed, "16 bytes, expected 8") {
            $0.initializers = [B.tensor("w", [1, 2], extents: [1])]
        },
        model(30, "a tensor of element type 99", .unsupported, "element type 99") { $0.initializers = [B.tensor("w", [1], code: 99)] },
        model(33, "two tensors of one name", .malformed, "defined twice") { $0.initializers = [B.tensor("w", [1]), B.tensor("w", [1])] },
        model(34, "a node that takes its own result", .malformed, "input \"y\" is not defined before the node") {
            $0.nodes = [B.node("Identity", ["y"], ["y"])]
        },
        model(34, "two nodes that take each other's results", .malformed, "is not defined before the node") {
            $0.nodes = [B.node("Identity", ["b"], ["y"]), B.node("Identity", ["y"], ["b"])]
        },
        model(35, "an output that nobody makes", .malformed, "output \"y\" is not computed") { $0.nodes = [] },
        model(36, "a value made twice", .malformed, "value \"y\" is defined twice") {
            $0.nodes = [B.node("Identity", ["x"], ["y"]), B.node("Identity", ["x"], ["y"])]
        },
        model(36, "two outputs of one name", .malformed, "declared twice") {
            $0.nodes = [B.node("Identity", ["x"], ["y"])]
            $0.outputs = ["y", "y"]
        },
        model(37, "an operator that nobody knows", .unsupported, "operator 'LaunchMissiles' of domain 'ai.onnx'") {
            $0.nodes = [B.node("LaunchMissiles", ["x"], ["y"])]
        },
        model(37, "a domain that nobody knows", .unsupported, "of domain 'com.example'") {
            $0.opsets.append(("com.example", 1))
            $0.nodes = [B.node("Identity", ["x"], ["y"], domain: "com.example")]
        },
        model(37, "a domain that is not declared", .malformed, "names no operator set of domain 'com.example'") {
            $0.nodes = [B.node("Identity", ["x"], ["y"], domain: "com.example")]
        },
        model(38, "an attribute of another type", .malformed, "attribute 'axis' is floats, expected int") {
            $0.initializers = [B.tensor("i", [0])]
            $0.nodes = [B.node("Gather", ["x", "i"], ["y"]) { B.attribute(&$0, "axis", floats: [0]) }]
        },
        model(38, "an attribute given twice", .malformed, "attribute 'axis' is given twice") {
            $0.initializers = [B.tensor("i", [0])]
            $0.nodes = [
                B.node("Gather", ["x", "i"], ["y"]) {
                    B.attribute(&$0, "axis", int: 0)
                    B.attribute(&$0, "axis", int: 1)
                }
            ]
        },
        model(38, "an axis beyond the rank", .malformed, "axis 9223372036854775807") {
            $0.initializers = [B.tensor("i", [0])]
            $0.nodes = [B.node("Gather", ["x", "i"], ["y"]) { B.attribute(&$0, "axis", int: .max) }]
        },
        model(39, "a chain of 100,000 nodes", nil, "") { model in
            var names: [Text] = (0..<100_000).map { Text("v\($0)") }
            names[0] = "x"
            names.append("y")
            for index in 0..<100_000 { model.nodes.append(B.node("Identity", [names[index]], [names[index + 1]])) }
        },
        bomb("Reshape", .limitExceeded, [1 << 60, 1]), bomb("Reshape", .limitExceeded, [1 << 62, 1 << 62]),
        bomb("Expand", .limitExceeded, [1 << 60, 1]), bomb("Expand", .malformed, [-3, 1]), bomb("Tile", .limitExceeded, [1 << 60, 1]),
        bomb("Tile", .malformed, [.min, 1]), bomb("ConstantOfShape", .limitExceeded, [1 << 30, 1 << 30], operands: ["shape"]),
        bomb("ConstantOfShape", .limitExceeded, [0, 1 << 60, 1 << 60], operands: ["shape"]),
        bomb("ConstantOfShape", .malformed, [.min], operands: ["shape"]),
        tree("a sound tree", nil, ""),
        tree("a child that is its own parent", .malformed, "reached twice", ifTrue: [0, 0, 0]),
        tree("two children in one place", .malformed, "reached twice", ifTrue: [2, 0, 0], modes: ["BRANCH_LEQ", "LEAF", "BRANCH_LEQ"]),
        tree("a child that is not there", .malformed, "7", ifTrue: [7, 0, 0]),
        tree("a negative child", .malformed, "-1", ifFalse: [-1, 0, 0]),
        tree("a child of 2^63-1", .malformed, "9223372036854775807", ifTrue: [.max, 0, 0]),
        tree("a column beyond the matrix", .malformed, "column", columns: [5, 0, 0]),
        tree("a negative column", .malformed, "column", columns: [-1, 0, 0]),
        tree("a leaf that is not there", .malformed, "9", leaves: [1, 9]),
        tree("2^40 targets", .limitExceeded, "1099511627776", targets: 1 << 40),
        tree("a node twice", .malformed, "", ids: [0, 1, 1]),
        tree("a mode that nobody knows", .malformed, "BRANCH_MAYBE", modes: ["BRANCH_MAYBE", "LEAF", "LEAF"]),
        tree("lists of different lengths", .malformed, "nodes_modes", modes: ["BRANCH_LEQ", "LEAF"]),
        model(42, "an index beyond the columns", .malformed, "7") {
            $0.initializers = [B.tensor("i", [7])]
            $0.nodes = [B.node("Gather", ["x", "i"], ["y"]) { B.attribute(&$0, "axis", int: 1) }]
        },
        model(43, "an operator set of the future", .unsupported, "operator set 99 of domain 'ai.onnx', at most") {
            $0.opsets[0].version = 99
            $0.nodes = [B.node("Identity", ["x"], ["y"])]
        },
        model(43, "the last operator set there can be", .unsupported, "operator set 9223372036854775807") { $0.opsets[1].version = .max },
        model(43, "operator set 0", .malformed, "operator set 0") { $0.opsets[0].version = 0 },
        model(43, "a negative operator set", .malformed, "operator set -1") { $0.opsets[0].version = -1 },
        model(43, "no operator set", .malformed, "names no operator set") { $0.opsets = [] },
        model(44, "control flow 1,000 deep", .unsupported, "control flow cannot be represented") { model in
            var inner = B.node("Identity", ["x"], ["y"])
            for _ in 0..<1000 {
                var graph = WireWriter()
                graph.data(1, inner)
                let body = graph.bytes
                inner = B.node("If", ["x"], ["y"]) { node in
                    node.message(5) { attribute in
                        attribute.text(1, "then_branch")
                        attribute.data(6, body)
                        attribute.int(20, 5)
                    }
                }
            }
            model.nodes = [inner]
        },
        model(45, "types 100 deep", .limitExceeded, "nested deeper than 32") { model in
            var type = WireWriter()
            for _ in 0..<100 {
                let inner = type.bytes
                type = WireWriter()
                type.message(4) { $0.data(1, inner) }
            }
            var info = WireWriter()
            info.text(1, "s")
            info.data(2, type.bytes)
            model.nodes = [B.node("Identity", ["x"], ["y"])]
            model.extraInputs = [info.bytes]
        },
        model(53, "a tensor in another file", .unsupported, "lies in another file") {
            $0.initializers = [
                B.tensor("w", []) { tensor in
                    tensor.message(13) { entry in
                        entry.text(1, "location")
                        entry.text(2, "../../etc/passwd")
                    }
                    tensor.int(14, 1)
                }
            ]
        },
        Case(number: 1, what: "an empty file", code: .malformed, message: "holds no graph") { [] },
        Case(number: 45, what: "a length beyond the end", code: .malformed, message: "declares 100 bytes, 1 remain") { [0x3a, 100, 0] },
    ]

    @Test(arguments: cases) func isAnsweredByTheImporter(hostile: Case) throws {
        func use() throws {
            let graph = try ONNX.read(hostile.bytes(), name: "m")
            _ = try graph.evaluate(graph.inputs.map { _ in .tensor(Tensor([Float(1)], shape: [1, 1])) })
        }
        guard let code = hostile.code else { return try use() }
        let error = #expect(throws: MaxError.self) { try use() }
        #expect(error?.code == code, "\(error?.message ?? "")")
        #expect(error?.message.contains(hostile.message) == true, "\(error?.message ?? "")")
    }
}
