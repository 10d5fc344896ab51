import MaxFormats
import MaxIR

/// Writes a legalized graph as the bytes of a `ModelProto`. Equal graphs give equal bytes.
///
/// Constants that something reads become initializers, under their label where that is free. A node stands for a
/// node, and results that no output names are `v0`, `v1`, … in order.
struct ONNXWriter {
    private let graph: Graph
    private let view: GraphView
    private let options: ONNXExport.Options
    private var names: [Text?]
    private var taken = Set<Text>()
    private var initializers = WireWriter()
    private var nodes = WireWriter()
    /// Outputs that are written by an `Identity`: their value goes by another name.
    private var copies: [(from: Text, to: Text)] = []
    private var isMLUsed = false
    /// The next number of each kind of made-up name.
    private var numbers: [String: Int] = [:]

    init(_ graph: Graph, _ options: ONNXExport.Options) {
        self.graph = graph
        self.options = options
        view = GraphView(graph)
        names = [Text?](repeating: nil, count: graph.types.count)
    }

    mutating func model() throws(MaxError) -> [UInt8] {
        nameValues()
        for node in graph.nodes where node.op != Ops.constant { try write(node) }
        for output in graph.outputs {
            let name = try self.name(output.value)
            if name != output.name { copies.append((name, output.name)) }
        }
        for copy in copies {
            nodes.message(1) { node in
                node.text(1, copy.from)
                node.text(2, copy.to)
                node.text(4, "Identity")
            }
        }
        var model = WireWriter()
        model.int(1, options.irVersion)
        model.text(2, "maxai")
        let body = graphBody()
        model.data(7, body)
        for (domain, version) in [("", options.opset)] + (isMLUsed ? [("ai.onnx.ml", options.mlOpset)] : []) {
            model.message(8) { entry in
                if !domain.isEmpty { entry.text(1, Text(domain)) }
                entry.int(2, Int64(version))
            }
        }
        guard model.bytes.count <= Int(Int32.max) else {
            throw MaxError(.limitExceeded, "onnx: \(model.bytes.count) bytes, and protobuf holds at most \(Int32.max)")
        }
        return model.bytes
    }

    private func graphBody() -> [UInt8] {
        var out = nodes
        out.text(2, graph.name.isEmpty ? "graph" : graph.name)
        var tail = WireWriter()
        for input in graph.inputs { tail.message(11) { Self.valueInfo(&$0, input.name, input.type) } }
        for output in graph.outputs { tail.message(12) { Self.valueInfo(&$0, output.name, graph.type(of: output.value)) } }
        // libonnx 1.12 follows null types where its own inference knows none: every value says its type.
        let outputs = Set(graph.outputs.map(\.name))
        for node in graph.nodes where node.op != Ops.constant {
            for result in node.results {
                guard let name = names[result.index], !outputs.contains(name) else { continue }
                tail.message(13) { Self.valueInfo(&$0, name, graph.type(of: result)) }
            }
        }
        return out.bytes + initializers.bytes + tail.bytes
    }

    // MARK: names

    /// Inputs and outputs keep their names; an output that is an input, a constant or another output is a copy.
    private mutating func nameValues() {
        for (index, input) in graph.inputs.enumerated() {
            names[index] = input.name
            taken.insert(input.name)
        }
        for output in graph.outputs {
            let isResult = view.producer(of: output.value).map { $0.op != Ops.constant } ?? false
            let isFree = taken.insert(output.name).inserted
            if isResult, isFree, names[output.value.index] == nil { names[output.value.index] = output.name }
        }
        for node in graph.nodes where node.op != Ops.constant {
            for result in node.results where names[result.index] == nil {
                names[result.index] = free("v")
            }
        }
    }

    private mutating func free(_ prefix: String) -> Text {
        while true {
            let number = numbers[prefix, default: 0]
            numbers[prefix] = number + 1
            let name = Text("\(prefix)\(number)")
            if taken.insert(name).inserted { return name }
        }
    }

    /// The name of a value; a constant is written when it is first named.
    private mutating func name(_ value: ValueID) throws(MaxError) -> Text {
        if let name = names[value.index] { return name }
        guard let tensor = view.constant(value), let node = view.producer(of: value) else {
            throw MaxError(.internal, "onnx: value \(value) has no name")
        }
        let name: Text
        if !node.label.isEmpty, node.label.isValidUTF8, taken.insert(node.label).inserted {
            name = node.label
        } else {
            name = free("c")
        }
        names[value.index] = name
        let body = try ONNXTensorBytes.message(tensor, name: name)
        initializers.data(5, body)
        return name
    }

    // MARK: nodes

    private mutating func write(_ node: Node) throws(MaxError) {
        if node.op == Ops.cast, let fused = roundedTrees(node.operands[0]) {
            return try writeTrees(fused, result: node.results[0], type: .f64)
        }
        if node.op == Ops.trees {
            if options.mlOpset < 5, roundedTrees(node.results[0]) != nil { return }
            guard let type = view.tensorType(of: node.results[0])?.element else { return }
            return try writeTrees(node, result: node.results[0], type: type)
        }
        guard let mapping = node.op.onnx else {
            throw MaxError(.internal, "onnx: '\(node.op.name)' was not legalized")
        }
        let form = Downgrade(node, view, options)
        try append(
            mapping.opType, mapping.domain, form.operands, node.results, attributes(node, form.attributes), label: node.label)
    }

    /// The `trees` node that gives `value`, if it is of f64 and written in f32 with its rounding.
    private func roundedTrees(_ value: ValueID?) -> Node? {
        guard options.mlOpset < 5, let value, let node = view.producer(of: value, as: Ops.trees),
            view.tensorType(of: value)?.element == .f64, view.isOnlyRounded(value)
        else { return nil }
        return node
    }

    private mutating func writeTrees(_ node: Node, result: ValueID, type: ElementType) throws(MaxError) {
        let ensemble = try TreeEnsemble(attributesOf: node)
        let form = options.mlOpset >= 5 ? ONNXTreeForm.version5(ensemble) : ONNXTreeForm.version3(ensemble)
        try append(form.opType, "ai.onnx.ml", node.operands, [result], form.attributes, label: node.label)
    }

    private mutating func append(
        _ opType: String, _ domain: String, _ operands: [ValueID?], _ results: [ValueID],
        _ attributes: [(String, Attribute)], label: Text
    ) throws(MaxError) {
        var node = WireWriter()
        for operand in operands {
            guard let operand else { node.text(1, ""); continue }
            node.text(1, try name(operand))
        }
        for result in results { node.text(2, try name(result)) }
        if !label.isEmpty, label.isValidUTF8 { node.text(3, label) }
        node.text(4, Text(opType))
        for (name, value) in attributes { node.data(5, try Self.attribute(name, value)) }
        if !domain.isEmpty {
            node.text(7, Text(domain))
            isMLUsed = true
        }
        nodes.data(1, node.bytes)
    }

    /// The attributes in the order of the declaration, then those of older forms by name.
    private func attributes(_ node: Node, _ given: [String: Attribute]) -> [(String, Attribute)] {
        let declared = node.op.attributes.map(\.name).filter { given[$0] != nil }
        let others = given.keys.filter { node.op.attribute(named: $0) == nil }.sorted()
        return (declared + others).compactMap { name in given[name].map { (name, $0) } }
    }

    private static func attribute(_ name: String, _ value: Attribute) throws(MaxError) -> [UInt8] {
        var out = WireWriter()
        out.text(1, Text(name))
        switch value {
        case .float(let x):
            out.float(2, Float(x))
            out.int(20, 1)
        case .int(let x):
            out.int(3, x)
            out.int(20, 2)
        case .type(let type):
            out.int(3, try ONNXTensorBytes.code(type))
            out.int(20, 2)
        case .string(let x):
            out.text(4, x)
            out.int(20, 3)
        case .tensor(let x):
            out.data(5, try ONNXTensorBytes.message(x, name: ""))
            out.int(20, 4)
        case .floats(let x):
            out.packed(7, x.map { Float($0) })
            out.int(20, 6)
        case .ints(let x):
            out.packed(8, x)
            out.int(20, 7)
        case .strings(let x):
            for text in x { out.text(9, text) }
            out.int(20, 8)
        }
        return out.bytes
    }

    // MARK: types

    private static func valueInfo(_ out: inout WireWriter, _ name: Text, _ type: ValueType) {
        out.text(1, name)
        out.message(2) { Self.type(&$0, type) }
    }

    private static func type(_ out: inout WireWriter, _ type: ValueType) {
        switch type {
        case .tensor(let type):
            out.message(1) { tensor in
                tensor.int(1, (try? ONNXTensorBytes.code(type.element)) ?? 0)
                guard let shape = type.shape else { return }
                tensor.message(2) { list in
                    for extent in shape {
                        list.message(1) { dimension in
                            switch extent {
                            case .fixed(let n): dimension.int(1, Int64(n))
                            case .symbol(let name): dimension.text(2, Text(name))
                            case .unknown: break
                            }
                        }
                    }
                }
            }
        case .sequence(let element): out.message(4) { $0.message(1) { Self.type(&$0, element) } }
        case .map(let key, let value):
            out.message(5) { map in
                map.int(1, (try? ONNXTensorBytes.code(key)) ?? 0)
                map.message(2) { Self.type(&$0, .tensor(TensorType(value, []))) }
            }
        }
    }
}
