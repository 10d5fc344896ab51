import MaxIR

/// What a rewrite wants changed, as equations: each replaced value equals another value or the result of a
/// new node. The driver applies it; the rewrite never touches the graph.
///
/// Operands of new nodes are values of the graph that are defined before the rewritten node, or results of
/// nodes added to this patch earlier. That alone makes it sound to apply many patches in one sweep.
public struct Patch: Sendable {
    /// New nodes, in order; their results are numbered on from the graph's last value.
    public private(set) var insertions: [Node] = []
    /// Results of the rewritten node, and what every use of them becomes.
    public private(set) var replacements: [ValueID: ValueID] = [:]
    /// Whether the rewritten node, whose results nobody reads, goes away without replacement.
    public private(set) var removesNode = false
    private var next: Int

    public init(in graph: GraphView) { next = graph.graph.types.count }

    /// Removes a node whose results nobody reads.
    public static func removal(in graph: GraphView) -> Patch {
        var patch = Patch(in: graph)
        patch.removesNode = true
        return patch
    }

    /// Every use of the node's only result becomes `value`.
    public static func replacing(_ node: Node, with value: ValueID, in graph: GraphView) -> Patch {
        var patch = Patch(in: graph)
        patch.replace(node.results[0], with: value)
        return patch
    }

    /// The node gives way to one application of `op`, under the same label.
    public static func replacing(
        _ node: Node, with op: Operator, _ operands: [ValueID?], _ attributes: [String: Attribute] = [:],
        in graph: GraphView
    ) -> Patch {
        var patch = Patch(in: graph)
        patch.replace(node.results[0], with: patch.add(op, operands, attributes, label: node.label))
        return patch
    }

    public mutating func add(
        _ op: Operator, _ operands: [ValueID?], _ attributes: [String: Attribute] = [:], label: Text = ""
    ) -> ValueID {
        let id = ValueID(next)
        next += 1
        insertions.append(Node(op, operands, attributes: attributes, results: [id], label: label))
        return id
    }

    public mutating func constant(_ tensor: Tensor, label: Text = "") -> ValueID {
        add(Ops.constant, [], ["value": .tensor(tensor)], label: label)
    }

    public mutating func replace(_ result: ValueID, with value: ValueID) { replacements[result] = value }
}
