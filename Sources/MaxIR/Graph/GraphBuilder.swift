/// Builds a graph node by node, inferring and checking every type as it goes.
public struct GraphBuilder: Sendable {
    public private(set) var graph: Graph
    /// Values known before any row is seen, by value number.
    private var constants: [Int: Tensor] = [:]

    public init(name: Text) {
        graph = Graph(name: name, inputs: [], nodes: [], outputs: [], types: [])
    }

    /// Adds an input. All inputs come before the first node.
    public mutating func input(_ input: GraphInput) throws(MaxError) -> ValueID {
        guard graph.nodes.isEmpty else {
            throw MaxError(.internal, "graph: input '\(input.name)' is added after a node")
        }
        graph.inputs.append(input)
        graph.types.append(input.type)
        return ValueID(graph.types.count - 1)
    }

    public mutating func input(
        _ name: Text, _ type: TensorType, missing: MissingPolicy? = nil, columns: [Text] = []
    ) throws(MaxError) -> ValueID {
        try input(GraphInput(name, .tensor(type), missing: missing, columns: columns))
    }

    /// Adds a node and returns its results.
    ///
    /// - Throws: `.malformed` naming the operator, the node's label and both types when something does not fit.
    public mutating func node(
        _ op: Operator, _ operands: [ValueID?], _ attributes: [String: Attribute] = [:], results: Int = 1,
        label: Text = ""
    ) throws(MaxError) -> [ValueID] {
        guard graph.nodes.count < Limits.nodes else {
            throw MaxError(.limitExceeded, "graph: more than \(Limits.nodes) nodes")
        }
        let types = try op.resultTypes(
            operands: operands.map { $0.map { graph.types[$0.index] } },
            constants: operands.map { $0.flatMap { constants[$0.index] } },
            attributes: attributes, resultCount: results, label: label)
        let first = graph.types.count
        let ids = (0..<results).map { ValueID(first + $0) }
        graph.types += types
        graph.nodes.append(Node(op, operands, attributes: attributes, results: ids, label: label))
        if op == Ops.constant, case .tensor(let value)? = attributes["value"] { constants[first] = value }
        return ids
    }

    /// Adds a node with one result.
    public mutating func add(
        _ op: Operator, _ operands: [ValueID?], _ attributes: [String: Attribute] = [:], label: Text = ""
    ) throws(MaxError) -> ValueID {
        let ids = try node(op, operands, attributes, results: 1, label: label)
        return ids[0]
    }

    public mutating func constant(_ tensor: Tensor, label: Text = "") throws(MaxError) -> ValueID {
        try add(Ops.constant, [], ["value": .tensor(tensor)], label: label)
    }

    public mutating func output(_ name: Text, _ value: ValueID, labels: [Text] = []) {
        graph.outputs.append(GraphOutput(name, value, labels: labels))
    }

    public func type(of value: ValueID) -> ValueType { graph.types[value.index] }
    public func constantValue(of value: ValueID) -> Tensor? { constants[value.index] }

    /// The finished graph.
    public func finish() throws(MaxError) -> Graph {
        try graph.verify()
        return graph
    }
}
