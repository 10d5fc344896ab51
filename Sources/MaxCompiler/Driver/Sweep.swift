import MaxIR

/// One rule applied to every node of a graph, in order. Old values live on as values of a new graph that the
/// builder checks node by node.
struct Sweep {
    let view: GraphView
    /// How many patches may still be applied.
    var allowance: Int

    private(set) var patches = 0
    /// Patches that were not applied because a type would have become less precise.
    private(set) var declined = 0
    /// Where the rule was when it failed.
    private(set) var place = "the graph"
    private var builder: GraphBuilder
    /// The value of the new graph that stands for each value of the old one.
    private var map: [ValueID?]

    init(_ graph: Graph, allowance: Int) {
        view = GraphView(graph)
        self.allowance = allowance
        builder = GraphBuilder(name: graph.name)
        map = [ValueID?](repeating: nil, count: graph.types.count)
    }

    /// The rewritten graph and the inputs it no longer has; nil when the rule changes nothing.
    mutating func run(_ rule: any RewriteRule) throws(MaxError) -> (graph: Graph, dropped: [GraphInput])? {
        let dropped = try inputs(rule)
        for (index, node) in view.graph.nodes.enumerated() {
            place = "node \(index) '\(node.op.name)'" + (node.label.isEmpty ? "" : " \(node.label.quoted)")
            if patches < allowance, let patch = try rule.rewrite(node, in: view), try apply(patch, to: node) {
                patches += 1
            } else {
                try copy(node)
            }
        }
        guard patches > 0 else { return nil }
        place = "the graph"
        for output in view.graph.outputs {
            guard let value = map[output.value.index] else {
                throw MaxError(.internal, "output \(output.name.quoted) lost its value")
            }
            let (old, new) = (view.type(of: output.value), builder.type(of: value))
            guard old.isRefined(by: new) else {
                throw MaxError(.internal, "output \(output.name.quoted) was \(old) and became \(new)")
            }
            builder.output(output.name, value, labels: output.labels)
        }
        return (try builder.finish(), dropped)
    }

    private mutating func inputs(_ rule: any RewriteRule) throws(MaxError) -> [GraphInput] {
        let unwanted = Set(rule.droppedInputs(in: view).prefix(allowance))
        var dropped: [GraphInput] = []
        for (index, input) in view.graph.inputs.enumerated() {
            guard !unwanted.contains(index) else {
                dropped.append(input)
                patches += 1
                continue
            }
            map[index] = try builder.input(input)
        }
        return dropped
    }

    private mutating func copy(_ node: Node) throws(MaxError) {
        let ids = try builder.node(
            node.op, try mapped(node.operands), node.attributes, results: node.results.count, label: node.label)
        for (old, new) in zip(node.results, ids) { map[old.index] = new }
    }

    /// Whether the patch was applied; it is declined when a type would become less precise. What a declined
    /// patch inserted has no reader.
    private mutating func apply(_ patch: Patch, to node: Node) throws(MaxError) -> Bool {
        if patch.removesNode { return true }
        var fresh: [Int: ValueID] = [:]
        func resolve(_ value: ValueID) throws(MaxError) -> ValueID {
            if let id = fresh[value.index] { return id }
            guard value.index < map.count, let id = map[value.index] else {
                throw MaxError(.internal, "the patch reads \(value), which is not defined before the node")
            }
            return id
        }
        for insertion in patch.insertions {
            var operands: [ValueID?] = []
            for operand in insertion.operands { operands.append(try operand.map(resolve)) }
            let ids = try builder.node(
                insertion.op, operands, insertion.attributes, results: insertion.results.count, label: insertion.label)
            for (old, new) in zip(insertion.results, ids) { fresh[old.index] = new }
        }
        var replaced: [(Int, ValueID)] = []
        for result in node.results {
            guard let value = patch.replacements[result] else {
                guard view.useCounts[result.index] == 0 else {
                    throw MaxError(.internal, "the patch leaves \(result) without a value")
                }
                continue
            }
            let new = try resolve(value)
            let (before, after) = (view.type(of: result), builder.type(of: new))
            guard before.isRefined(by: after) else {
                guard before.isSameKind(as: after) else {
                    throw MaxError(.internal, "\(result) is \(before), its replacement \(after)")
                }
                declined += 1
                return false
            }
            replaced.append((result.index, new))
        }
        for (index, value) in replaced { map[index] = value }
        return true
    }

    private func mapped(_ operands: [ValueID?]) throws(MaxError) -> [ValueID?] {
        var out: [ValueID?] = []
        for operand in operands {
            guard let operand else { out.append(nil); continue }
            guard let value = map[operand.index] else {
                throw MaxError(.internal, "operand \(operand) was removed although it is read")
            }
            out.append(value)
        }
        return out
    }
}

extension ValueType {
    /// Whether `other` says all that this type says, or more.
    func isRefined(by other: ValueType) -> Bool {
        guard case .tensor(let a) = self, case .tensor(let b) = other else { return self == other }
        guard a.element == b.element else { return false }
        guard let shape = a.shape else { return true }
        guard let refined = b.shape, refined.count == shape.count else { return false }
        return zip(shape, refined).allSatisfy { $0 == $1 || $0 == .unknown }
    }

    /// Whether both can be the type of one value.
    func isSameKind(as other: ValueType) -> Bool {
        guard case .tensor(let a) = self, case .tensor(let b) = other else { return self == other }
        return a.isCompatible(with: b)
    }
}
