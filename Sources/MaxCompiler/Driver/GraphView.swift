import MaxIR

/// A graph with what rewrites ask about it, computed when first asked. Used by one thread.
public final class GraphView {
    public let graph: Graph

    public init(_ graph: Graph) { self.graph = graph }

    /// The index of the node that defines each value; nil for inputs.
    public private(set) lazy var producers: [Int?] = {
        var out = [Int?](repeating: nil, count: graph.types.count)
        for (index, node) in graph.nodes.enumerated() { for result in node.results { out[result.index] = index } }
        return out
    }()

    /// How many operands and outputs read each value.
    public private(set) lazy var useCounts: [Int] = {
        var out = [Int](repeating: 0, count: graph.types.count)
        for node in graph.nodes { for operand in node.operands { if let operand { out[operand.index] += 1 } } }
        for output in graph.outputs { out[output.value.index] += 1 }
        return out
    }()

    /// For each value the first value that is computed the same way from the same operands.
    public private(set) lazy var leaders: [ValueID] = {
        struct Computation: Hashable {
            var op: Operator
            var operands: [ValueID?]
            var attributes: [String: Attribute]
            var results: Int
        }
        var out = graph.types.indices.map { ValueID($0) }
        var first: [Computation: [ValueID]] = [:]
        for node in graph.nodes {
            var attributes = node.attributes
            for spec in node.op.attributes where attributes[spec.name] == nil { attributes[spec.name] = spec.defaultValue }
            let key = Computation(
                op: node.op, operands: node.operands.map { $0.map { out[$0.index] } }, attributes: attributes,
                results: node.results.count)
            guard let leader = first[key] else {
                first[key] = node.results
                continue
            }
            for (result, leading) in zip(node.results, leader) { out[result.index] = leading }
        }
        return out
    }()

    /// Whether each value reaches an output.
    public private(set) lazy var isLive: [Bool] = {
        var out = [Bool](repeating: false, count: graph.types.count)
        for output in graph.outputs { out[output.value.index] = true }
        for node in graph.nodes.reversed() where node.results.contains(where: { out[$0.index] }) {
            for operand in node.operands { if let operand { out[operand.index] = true } }
        }
        return out
    }()

    /// What the graph proves of the columns of its values.
    private(set) lazy var columnRanges = ColumnRanges(self)

    public func type(of value: ValueID) -> ValueType { graph.types[value.index] }
    public func tensorType(of value: ValueID) -> TensorType? { graph.types[value.index].tensor }

    /// The node that defines `value`; nil for an input and for an operand left out.
    public func producer(of value: ValueID?) -> Node? {
        guard let value, let index = producers[value.index] else { return nil }
        return graph.nodes[index]
    }

    /// The node that defines `value`, if it is an application of `op`.
    public func producer(of value: ValueID?, as op: Operator) -> Node? {
        guard let node = producer(of: value), node.op == op else { return nil }
        return node
    }

    /// The tensor that `value` is, if it is a constant.
    public func constant(_ value: ValueID?) -> Tensor? {
        guard let node = producer(of: value, as: Ops.constant), case .tensor(let tensor)? = node.attributes["value"] else {
            return nil
        }
        return tensor
    }

    /// Whether one operand or output, and no other, reads `value`.
    public func hasOneUse(_ value: ValueID) -> Bool { useCounts[value.index] == 1 }
}
