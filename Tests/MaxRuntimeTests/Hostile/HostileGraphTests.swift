import MaxCases
import MaxFormats
import MaxIR
import MaxRuntime
import Testing

/// Bundles whose graph or manifest is wrong. Every digest is right.
@Suite struct HostileGraphTests {
    /// One input `a` of f32[N], the given nodes, and an output of value `output`.
    static func graph(
        _ number: Int, _ what: String, _ code: MaxError.Code?, _ message: String, constants: [Tensor] = [], input: Text = "a",
        outputs: [(Text, Int64)] = [("y", 1)], _ nodes: @escaping @Sendable (inout WireWriter) -> Void
    ) -> HostileCase {
        HostileCase(number, what, code, message) {
            var out = WireWriter()
            out.text(1, "hostile")
            addInput(&out, input)
            nodes(&out)
            for (name, value) in outputs {
                out.message(4) { output in
                    output.text(1, name)
                    output.int(2, value)
                }
            }
            var raw = try soundBundle()
            raw[SectionKind.graph]?.bytes = out.bytes
            var table = RawTensorTable(records: [])
            for tensor in constants {
                var data: [UInt8] = []
                tensor.storage.withBytes { data = Array($0) }
                table.records.append(.init(element: tensor.elementType.code, extents: tensor.shape.map { UInt64($0) }, data: data))
            }
            raw[SectionKind.constants]?.bytes = table.bytes
            return raw.bytes
        }
    }

    static func addInput(_ out: inout WireWriter, _ name: Text) {
        out.message(2) { input in
            input.text(1, name)
            input.message(2) { type in
                type.int(1, 2)
                type.message(2) { $0.text(2, "N") }
            }
            input.message(3) { $0.int(1, 2) }
        }
    }

    static func node(_ out: inout WireWriter, _ op: Text, _ operands: [Int64], _ attributes: (inout WireWriter) -> Void = { _ in }) {
        out.message(3) { node in
            node.text(1, op)
            node.packed(2, operands.map { $0 + 1 })
            attributes(&node)
            node.int(4, 1)
        }
    }

    static func constant(_ out: inout WireWriter, _ index: Int64) {
        node(&out, "constant", []) { node in
            node.message(3) { attribute in
                attribute.text(1, "value")
                attribute.int(9, index)
            }
        }
    }

    /// `makes` turns `a` and the constant `shape` into value 2; the model counts its elements.
    private static func bomb(
        _ what: String, _ code: MaxError.Code, _ shape: [Int64], _ makes: @escaping @Sendable (inout WireWriter) -> Void
    ) -> HostileCase {
        graph(40, what, code, "", constants: [Tensor(shape)], outputs: [("y", 5)]) { out in
            constant(&out, 0)
            makes(&out)
            node(&out, "size", [2])
            node(&out, "cast", [3]) { node in
                node.message(3) { attribute in
                    attribute.text(1, "to")
                    attribute.int(8, Int64(ElementType.f32.code))
                }
            }
            node(&out, "add", [0, 4])
        }
    }

    static let cases: [HostileCase] = [
        graph(0, "a sound graph", nil, "") { node(&$0, "identity", [0]) },
        graph(22, "an input without a name", .malformed, "the name is empty", input: "") { node(&$0, "identity", [0]) },
        graph(
            22, "a name of 64 KiB", .limitExceeded, "a name of 65536 bytes, at most 4096",
            input: Text(String(repeating: "a", count: 65_536))
        ) {
            node(&$0, "identity", [0])
        },
        graph(22, "a name with NUL", .malformed, "not UTF-8 text without NUL", input: "a\u{0}b") { node(&$0, "identity", [0]) },
        graph(22, "a name that is not UTF-8", .malformed, "not UTF-8 text without NUL", input: Text(utf8: [0x61, 0xc3])) {
            node(&$0, "identity", [0])
        },
        graph(24, "an input of 2^62 columns", .limitExceeded, "more than 65536 elements") { out in
            out.message(2) { input in
                input.text(1, "wide")
                input.message(2) { type in
                    type.int(1, 2)
                    type.message(2) { $0.text(2, "N") }
                    type.message(2) { $0.int(1, 1 << 62) }
                }
            }
            node(&out, "identity", [0])
        },
        graph(34, "a node that takes its own result", .malformed, "operand %1 is not defined before it") { node(&$0, "identity", [1]) },
        graph(34, "two nodes that take each other's results", .malformed, "operand %2 is not defined before it") {
            node(&$0, "identity", [2])
            node(&$0, "identity", [1])
        },
        graph(35, "an operand that nobody makes", .malformed, "operand %98 is not defined before it") { node(&$0, "identity", [98]) },
        graph(35, "an operand beyond all numbers", .malformed, "is not defined before it") { node(&$0, "identity", [.max - 1]) },
        graph(35, "a negative operand", .malformed, "is not defined before it") { node(&$0, "identity", [-2]) },
        graph(35, "an output that nobody makes", .malformed, "value %9 is not defined", outputs: [("y", 9)]) { node(&$0, "identity", [0]) },
        graph(35, "a negative output", .malformed, "is not defined", outputs: [("y", -1)]) { node(&$0, "identity", [0]) },
        graph(36, "two outputs of one name", .malformed, "output \"y\": declared twice", outputs: [("y", 1), ("y", 0)]) {
            node(&$0, "identity", [0])
        },
        graph(36, "two inputs of one name", .malformed, "input \"a\": declared twice") {
            addInput(&$0, "a")
            node(&$0, "identity", [0])
        },
        graph(37, "an operator that nobody knows", .unsupported, "operator \"launch_missiles\" is not known") {
            node(&$0, "launch_missiles", [0])
        },
        graph(37, "a node without an operator", .unsupported, "operator \"\" is not known") { node(&$0, "", [0]) },
        graph(38, "an attribute of another type", .malformed, "attribute 'axis' is string, expected int", constants: [Tensor([Int64(0)])]) {
            constant(&$0, 0)
            node(&$0, "gather", [0, 1]) { node in
                node.message(3) { attribute in
                    attribute.text(1, "axis")
                    attribute.text(4, "0")
                }
            }
        },
        graph(38, "an attribute that the operator does not have", .malformed, "unknown attribute 'axis'") {
            node(&$0, "identity", [0]) { node in
                node.message(3) { attribute in
                    attribute.text(1, "axis")
                    attribute.int(2, 0)
                }
            }
        },
        graph(38, "an attribute given twice", .malformed, "attribute 'axis' is given twice") {
            node(&$0, "identity", [0]) { node in
                for _ in 0..<2 {
                    node.message(3) { attribute in
                        attribute.text(1, "axis")
                        attribute.int(2, 0)
                    }
                }
            }
        },
        graph(38, "a constant that is not there", .malformed, "constant 5 of 0") { constant(&$0, 5) },
        graph(38, "2^40 results", .malformed, "1099511627776 results") { out in
            out.message(3) { node in
                node.text(1, "identity")
                node.packed(2, [Int64(1)])
                node.int(4, 1 << 40)
            }
        },
        graph(39, "a chain of 100,000 nodes", nil, "", outputs: [("y", 100_000)]) { out in
            for index in 0..<100_000 { node(&out, "identity", [Int64(index)]) }
        },
        bomb("a reshape to 2^60 elements", .limitExceeded, [1 << 60, -1]) { node(&$0, "reshape", [0, 1]) },
        bomb("a reshape whose elements overflow", .limitExceeded, [1 << 62, 1 << 62, 3]) { node(&$0, "reshape", [0, 1]) },
        bomb("a tensor of 2^60 elements from nothing", .limitExceeded, [1 << 30, 1 << 30]) { node(&$0, "constant_of_shape", [1]) },
        bomb("a tensor of a negative extent", .malformed, [-1, 2]) { node(&$0, "constant_of_shape", [1]) },
        bomb("a tensor of no elements and 2^120 columns", .limitExceeded, [0, 1 << 60, 1 << 60]) { node(&$0, "constant_of_shape", [1]) },
        bomb("an expansion to 2^60 elements", .limitExceeded, [1 << 60, 1]) { node(&$0, "expand", [0, 1]) },
        bomb("an expansion to a negative extent", .malformed, [-5]) { node(&$0, "expand", [0, 1]) },
        bomb("a tiling 2^62 times", .limitExceeded, [1 << 62]) { node(&$0, "tile", [0, 1]) },
        bomb("a tiling -1 times", .malformed, [-1]) { node(&$0, "tile", [0, 1]) },
        graph(45, "an unknown field", .malformed, "graph: field 9 is unknown") { $0.int(9, 1) },
        .bundle(22, "a model without a name", .malformed, "model name \"\", expected 1 to 128") { manifest(&$0, "") },
        .bundle(22, "a model name that is a path", .malformed, "model name \"../../etc\"") { manifest(&$0, "../../etc") },
        .bundle(22, "a model name of 64 KiB", .malformed, "expected 1 to 128") {
            manifest(&$0, Text(String(repeating: "a", count: 65_536)))
        },
        .bundle(22, "a model name that is a terminal command", .malformed, "model name \"\\u{1b}[2J\"") { manifest(&$0, "\u{1b}[2J") },
    ]

    private static func manifest(_ raw: inout RawBundle, _ name: Text) {
        var out = WireWriter()
        out.text(1, name)
        out.text(2, "1")
        raw[SectionKind.manifest]?.bytes = out.bytes
    }

    @Test(arguments: cases) func isAnsweredAsTheFormatSays(hostile: HostileCase) throws { try hostile.check() }

    /// 22. Names are bytes: two spellings of é are two columns.
    @Test func namesThatDifferOnlyInTheirNormalFormAreTwo() throws {
        let twins = Self.graph(22, "", nil, "", input: "\u{e9}") {
            Self.addInput(&$0, "e\u{301}")
            Self.node(&$0, "identity", [0])
        }
        let model = try Model.load(try Bundle(bytes: try twins.bytes()))
        #expect(model.schema.columns.count == 2)
    }

    /// 42. An index that only the data decides is refused when the row comes.
    @Test func anIndexOutOfRangeIsRefusedWhenItComes() throws {
        let hostile = Self.graph(42, "", nil, "", constants: [Tensor([Float(1), 2])], outputs: [("y", 3)]) {
            Self.constant(&$0, 0)
            Self.node(&$0, "cast", [0]) { node in
                node.message(3) { attribute in
                    attribute.text(1, "to")
                    attribute.int(8, Int64(ElementType.i64.code))
                }
            }
            Self.node(&$0, "gather", [1, 2])
        }
        let model = try Model.load(try Bundle(bytes: try hostile.bytes()))
        #expect(try model.predict([Tensor([Float(1), 0, -1])]) == [Tensor([Float(2), 1, 2])])
        for index: Float in [2, -3, 3e9, -3e9] {
            let error = #expect(throws: MaxError.self) { try model.predict([Tensor([index])]) }
            #expect(error?.code == .malformed, "\(error?.message ?? "")")
        }
    }
}
