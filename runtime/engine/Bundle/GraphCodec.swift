import MaxFormats
import MaxIR

/// Graphs as protobuf messages (`formats/graph.proto`), with tensors by their index in the constants section.
///
/// Result types are not stored: reading builds the graph node by node, which infers and checks them again.
enum GraphCodec {
    /// The message, and the tensors it refers to in order of first use.
    static func write(_ graph: Graph) throws(MaxError) -> (bytes: [UInt8], constants: [Tensor]) {
        var constants: [Tensor] = []
        var indices: [Tensor: Int] = [:]
        func index(of tensor: Tensor) -> Int {
            if let known = indices[tensor] { return known }
            indices[tensor] = constants.count
            constants.append(tensor)
            return constants.count - 1
        }
        var types: [[UInt8]] = []
        for input in graph.inputs { types.append(try type(input.type, "input \(input.name.quoted)")) }
        var out = WireWriter()
        out.text(1, graph.name)
        for (input, type) in zip(graph.inputs, types) {
            out.message(2) { message in
                message.text(1, input.name)
                message.data(2, type)
                if let missing = input.missing { message.message(3) { write(missing, to: &$0, index) } }
                for column in input.columns { message.text(4, column) }
            }
        }
        for node in graph.nodes {
            out.message(3) { message in
                message.text(1, Text(node.op.name))
                message.packed(2, node.operands.map { $0.map { Int64($0.index) + 1 } ?? 0 })
                for (name, value) in node.attributes.sorted(by: { Text($0.key) < Text($1.key) }) {
                    message.message(3) { write(name, value, to: &$0, index) }
                }
                message.int(4, Int64(node.results.count))
                if !node.label.isEmpty { message.text(5, node.label) }
            }
        }
        for output in graph.outputs {
            out.message(4) { message in
                message.text(1, output.name)
                message.int(2, Int64(output.value.index))
                for label in output.labels { message.text(3, label) }
            }
        }
        return (out.bytes, constants)
    }

    private static func type(_ type: ValueType, _ place: String) throws(MaxError) -> [UInt8] {
        guard let tensor = type.tensor else {
            throw MaxError(.unsupported, "\(place): \(type) cannot be the input of a bundle; expected a tensor")
        }
        var out = WireWriter()
        out.int(1, Int64(tensor.element.code))
        for dimension in tensor.shape ?? [] {
            out.message(2) { message in
                switch dimension {
                case .fixed(let extent): message.int(1, Int64(extent))
                case .symbol(let name): message.text(2, Text(name))
                case .unknown: break
                }
            }
        }
        if tensor.shape == nil { out.int(3, 1) }
        return out.bytes
    }

    private static func write(_ missing: MissingPolicy, to out: inout WireWriter, _ index: (Tensor) -> Int) {
        switch missing {
        case .error: out.int(1, 1)
        case .nan: out.int(1, 2)
        case .value(let value):
            out.int(1, 3)
            out.message(2) { write("", value, to: &$0, index) }
        }
    }

    private static func write(_ name: String, _ value: Attribute, to out: inout WireWriter, _ index: (Tensor) -> Int) {
        out.text(1, Text(name))
        switch value {
        case .int(let x): out.int(2, x)
        case .float(let x): out.double(3, x)
        case .string(let x): out.text(4, x)
        case .ints(let x): out.packed(5, x)
        case .floats(let x): out.packed(6, x)
        case .strings(let x): out.message(7) { list in for text in x { list.text(1, text) } }
        case .type(let x): out.int(8, Int64(x.code))
        case .tensor(let x): out.int(9, Int64(index(x)))
        }
    }

    /// - Throws: `.malformed` for a message that does not describe a well-typed graph; `.unsupported` for an
    ///   operator this version does not have.
    static func read(
        _ bytes: UnsafeRawBufferPointer, constants: [Tensor], operators: (String) -> Operator? = { Ops.named[$0] }
    ) throws(MaxError) -> Graph {
        var reader = WireReader(bytes)
        var name: Text = ""
        var inputs: [GraphInput] = []
        var nodes: [WireReader] = []
        var outputs: [GraphOutput] = []
        while let field = try reader.next() {
            switch field.number {
            case 1: name = field.text
            case 2:
                guard inputs.count < Limits.ports else { throw MaxError(.limitExceeded, "graph: more than \(Limits.ports) inputs") }
                inputs.append(try input(try reader.message(field), constants))
            case 3:
                guard nodes.count < Limits.nodes else { throw MaxError(.limitExceeded, "graph: more than \(Limits.nodes) nodes") }
                nodes.append(try reader.message(field))
            case 4:
                guard outputs.count < Limits.ports else { throw MaxError(.limitExceeded, "graph: more than \(Limits.ports) outputs") }
                outputs.append(try output(try reader.message(field)))
            default: throw reader.malformed("graph: field \(field.number) is unknown")
            }
        }
        var builder = GraphBuilder(name: name)
        for input in inputs { _ = try builder.input(input) }
        for message in nodes { try node(message, into: &builder, constants, operators) }
        for output in outputs { builder.output(output.name, output.value, labels: output.labels) }
        return try builder.finish()
    }

    private static func input(_ message: WireReader, _ constants: [Tensor]) throws(MaxError) -> GraphInput {
        var message = message
        var input = GraphInput("", .tensor(TensorType(.f32, nil)))
        while let field = try message.next() {
            switch field.number {
            case 1: input.name = field.text
            case 2: input.type = .tensor(try type(try message.message(field)))
            case 3: input.missing = try missing(try message.message(field), constants)
            case 4: input.columns.append(field.text)
            default: throw message.malformed("input: field \(field.number) is unknown")
            }
        }
        return input
    }

    private static func type(_ message: WireReader) throws(MaxError) -> TensorType {
        var message = message
        var element: ElementType?
        var shape: [Dimension]? = []
        while let field = try message.next() {
            switch field.number {
            case 1: element = UInt8(exactly: field.word).flatMap(ElementType.init(code:))
            case 2:
                var extent = try message.message(field)
                var dimension = Dimension.unknown
                while let part = try extent.next() {
                    switch part.number {
                    case 1:
                        guard part.int64 >= 0, let n = Int(exactly: part.int64) else { throw message.malformed("extent \(part.int64)") }
                        dimension = .fixed(n)
                    case 2: dimension = .symbol(part.text.string)
                    default: throw extent.malformed("dimension: field \(part.number) is unknown")
                    }
                }
                guard (shape?.count ?? 0) < Limits.rank else { throw message.malformed("rank exceeds \(Limits.rank)") }
                shape?.append(dimension)
            case 3: shape = nil
            default: throw message.malformed("type: field \(field.number) is unknown")
            }
        }
        guard let element else { throw message.malformed("type: the element type is missing or unknown") }
        return TensorType(element, shape)
    }

    private static func missing(_ message: WireReader, _ constants: [Tensor]) throws(MaxError) -> MissingPolicy {
        var message = message
        var kind: UInt64 = 0
        var value: Attribute?
        while let field = try message.next() {
            switch field.number {
            case 1: kind = field.word
            case 2: value = try attribute(try message.message(field), constants).value
            default: throw message.malformed("missing: field \(field.number) is unknown")
            }
        }
        switch (kind, value) {
        case (1, nil): return .error
        case (2, nil): return .nan
        case (3, let value?): return .value(value)
        default: throw message.malformed("missing: kind \(kind) \(value == nil ? "without" : "with") a value")
        }
    }

    private static func output(_ message: WireReader) throws(MaxError) -> GraphOutput {
        var message = message
        var output = GraphOutput("", ValueID(-1))
        while let field = try message.next() {
            switch field.number {
            case 1: output.name = field.text
            case 2: output.value = ValueID(Int(exactly: field.int64) ?? -1)
            case 3: output.labels.append(field.text)
            default: throw message.malformed("output: field \(field.number) is unknown")
            }
        }
        return output
    }

    private static func node(
        _ message: WireReader, into builder: inout GraphBuilder, _ constants: [Tensor], _ operators: (String) -> Operator?
    ) throws(MaxError) {
        var message = message
        var name: Text = ""
        var label: Text = ""
        var operands: [Int64] = []
        var attributes: [String: Attribute] = [:]
        var results: Int64 = 1
        while let field = try message.next() {
            switch field.number {
            case 1: name = field.text
            case 2: try field.varints(into: &operands)
            case 3:
                let (key, value) = try attribute(try message.message(field), constants)
                guard attributes.updateValue(value, forKey: key) == nil else {
                    throw message.malformed("node: attribute '\(key)' is given twice")
                }
            case 4: results = field.int64
            case 5: label = field.text
            default: throw message.malformed("node: field \(field.number) is unknown")
            }
        }
        guard let op = operators(name.string) else {
            throw MaxError(.unsupported, "graph: operator \(name.quoted) is not known to this version")
        }
        guard results >= 1, results <= 1 << 10 else { throw message.malformed("node: \(results) results") }
        let defined = builder.graph.types.count
        var ids: [ValueID?] = []
        for operand in operands {
            guard operand >= 0, operand <= Int64(defined) else {
                throw message.malformed("node '\(op.name)': operand %\(operand - 1) is not defined before it")
            }
            ids.append(operand == 0 ? nil : ValueID(Int(operand) - 1))
        }
        _ = try builder.node(op, ids, attributes, results: Int(results), label: label)
    }

    private static func attribute(_ message: WireReader, _ constants: [Tensor]) throws(MaxError) -> (name: String, value: Attribute) {
        var message = message
        var name = ""
        var value: Attribute?
        while let field = try message.next() {
            switch field.number {
            case 1: name = field.text.string
            case 2: value = .int(field.int64)
            case 3: value = .float(field.double)
            case 4: value = .string(field.text)
            case 5:
                var list: [Int64] = []
                try field.varints(into: &list)
                value = .ints(list)
            case 6:
                var list: [UInt64] = []
                try field.words(into: &list)
                value = .floats(list.map(Double.init(bitPattern:)))
            case 7:
                var inner = try message.message(field)
                var list: [Text] = []
                while let text = try inner.next() {
                    guard text.number == 1 else { throw inner.malformed("strings: field \(text.number) is unknown") }
                    list.append(text.text)
                }
                value = .strings(list)
            case 8:
                guard let type = UInt8(exactly: field.word).flatMap(ElementType.init(code:)) else {
                    throw message.malformed("attribute '\(name)': element type \(field.word) is unknown")
                }
                value = .type(type)
            case 9:
                guard field.word < UInt64(constants.count) else {
                    throw message.malformed("attribute '\(name)': constant \(field.word) of \(constants.count)")
                }
                value = .tensor(constants[Int(field.word)])
            default: throw message.malformed("attribute: field \(field.number) is unknown")
            }
        }
        guard let value else { throw message.malformed("attribute '\(name)' has no value") }
        return (name, value)
    }
}
