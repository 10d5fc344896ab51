/// Writes a graph in the text form (`GraphText`).
struct GraphPrinter {
    let graph: Graph
    let inlineLimit: Int
    private var names: [String]
    private var constants: [String: Tensor] = [:]

    init(graph: Graph, inlineLimit: Int) {
        self.graph = graph
        self.inlineLimit = inlineLimit
        names = Self.valueNames(graph)
    }

    /// Inputs go by their name, results by the first output that gives them, the rest by number.
    private static func valueNames(_ graph: Graph) -> [String] {
        var names = graph.types.indices.map { "%\($0)" }
        var taken = Set<Text>()
        for (index, input) in graph.inputs.enumerated() where index < names.count {
            names[index] = "%" + Literal.name(input.name)
            taken.insert(input.name)
        }
        var isNamed = Set(graph.inputIDs)
        for output in graph.outputs where names.indices.contains(output.value.index) {
            guard !isNamed.contains(output.value.index), taken.insert(output.name).inserted else { continue }
            isNamed.insert(output.value.index)
            names[output.value.index] = "%" + Literal.name(output.name)
        }
        return names
    }

    mutating func print() -> GraphText {
        var out = "graph @" + Literal.name(graph.name) + "("
        out += graph.inputs.map(input).joined(separator: ", ") + ") -> ("
        out += graph.outputs.map(output).joined(separator: ", ") + ") {\n"
        for node in graph.nodes { out += "  " + line(node) + "\n" }
        return GraphText(out + "}\n", constants: constants)
    }

    private func name(_ value: ValueID) -> String {
        names.indices.contains(value.index) ? names[value.index] : value.description
    }

    private func input(_ input: GraphInput) -> String {
        var out = "%" + Literal.name(input.name) + ": " + Self.type(input.type, isOptional: input.missing != nil)
        switch input.missing {
        case nil: break
        case .error: out += " missing=error"
        case .nan: out += " missing=nan"
        case .value(.float(let x)) where x.isNaN: out += " missing=" + Literal.nanBits(x.bitPattern)
        case .value(.float(let x)): out += " missing=" + Literal.float(x)
        case .value(.int(let x)): out += " missing=\(x)"
        case .value(.string(let x)): out += " missing=" + x.quoted
        case .value(let other): out += " missing=<\(other.kind.rawValue)>"
        }
        if !input.columns.isEmpty { out += " columns=" + Literal.list(input.columns) }
        return out
    }

    private func output(_ output: GraphOutput) -> String {
        var out = "%" + Literal.name(output.name)
        if out != name(output.value) { out += " = " + name(output.value) }
        if graph.types.indices.contains(output.value.index) { out += ": " + Self.type(graph.type(of: output.value)) }
        if !output.labels.isEmpty { out += " labels=" + Literal.list(output.labels) }
        return out
    }

    private mutating func line(_ node: Node) -> String {
        var out = node.results.map(name).joined(separator: ", ") + " = " + node.op.name + "("
        out += node.operands.map { $0.map(name) ?? "_" }.joined(separator: ", ") + ")"
        let declared = node.op.attributes.map(\.name).filter { node.attributes[$0] != nil }
        let others = node.attributes.keys.filter { node.op.attribute(named: $0) == nil }.sorted()
        var written: [String] = []
        for key in declared + others {
            guard let value = node.attributes[key] else { continue }
            written.append(key + " = " + constant(value))
        }
        if !written.isEmpty { out += " {" + written.joined(separator: ", ") + "}" }
        let types = node.results.compactMap { graph.types.indices.contains($0.index) ? graph.type(of: $0) : nil }
        out += " : " + types.map { Self.type($0) }.joined(separator: ", ")
        if !node.label.isEmpty { out += " @" + node.label.quoted }
        return out
    }

    private mutating func constant(_ attribute: Attribute) -> String {
        switch attribute {
        case .int(let x): return String(x)
        case .float(let x): return Literal.float(x)
        case .string(let x): return x.quoted
        case .ints(let x): return "[" + x.map { String($0) }.joined(separator: ", ") + "]"
        case .floats(let x): return "[" + x.map(Literal.float).joined(separator: ", ") + "]"
        case .strings(let x): return Literal.list(x)
        case .type(let x): return x.rawValue
        case .tensor(let x): return tensor(x)
        }
    }

    private mutating func tensor(_ tensor: Tensor) -> String {
        guard tensor.count > inlineLimit else {
            let elements = Literal.elements(tensor.storage)
            let list = elements.isEmpty ? "" : ": " + elements.joined(separator: ", ")
            return "dense<" + Self.type(.tensor(tensor.type)) + list + ">"
        }
        // Two tensors of one hash are possible; the later gets a suffix.
        let hash = tensor.contentHash
        var key = hash
        var collisions = 0
        while let other = constants[key], other != tensor {
            collisions += 1
            key = "\(hash).\(collisions)"
        }
        constants[key] = tensor
        return "#" + key
    }

    static func type(_ type: ValueType, isOptional: Bool = false) -> String {
        let mark = isOptional ? "?" : ""
        switch type {
        case .map(let key, let value): return "map<\(key.rawValue), \(value.rawValue)>" + mark
        case .sequence(let element): return "seq<" + Self.type(element) + ">" + mark
        case .tensor(let type):
            guard let shape = type.shape else { return type.element.rawValue + mark + "[*]" }
            let extents = shape.map { extent in
                if case .symbol(let name) = extent { Literal.name(Text(name)) } else { extent.description }
            }
            return type.element.rawValue + mark + "[" + extents.joined(separator: ", ") + "]"
        }
    }
}
