import MaxIR

/// Which node of one graph stands for which of another: of every operator, first those with equal attributes, then the
/// others in order; what is left over was added or removed.
struct NodePairs {
    struct Pair {
        var before: Node
        var after: Node
        /// Position among the nodes of this operator in the first graph, from 1.
        var number: Int

        var subject: String { "\(before.op.name) #\(number)\(before.label.isEmpty ? "" : " \(before.label.quoted)")" }
    }

    struct Family {
        var name: String
        var counts: (before: Int, after: Int)
        /// Pairs whose attributes differ.
        var changed: [Pair] = []
        var removed: [Node] = []
        var added: [Node] = []
    }

    /// One per operator, by name.
    private(set) var families: [Family] = []

    init(_ old: Graph, _ new: Graph) {
        let before = Dictionary(grouping: old.nodes, by: \.op.name)
        let after = Dictionary(grouping: new.nodes, by: \.op.name)
        for name in Set(before.keys).union(after.keys).sorted() {
            families.append(Self.family(name, before[name] ?? [], after[name] ?? []))
        }
    }

    private static func family(_ name: String, _ old: [Node], _ new: [Node]) -> Family {
        var family = Family(name: name, counts: (old.count, new.count))
        var known: [[String: Attribute]: [Int]] = [:]
        for position in new.indices.reversed() { known[new[position].attributes, default: []].append(position) }
        var isPaired = [Bool](repeating: false, count: new.count)
        var others: [Int] = []
        for (position, node) in old.enumerated() {
            if let match = known[node.attributes]?.popLast() { isPaired[match] = true } else { others.append(position) }
        }
        let left = new.indices.filter { !isPaired[$0] }
        for (a, b) in zip(others, left) { family.changed.append(Pair(before: old[a], after: new[b], number: a + 1)) }
        family.removed = others.dropFirst(left.count).map { old[$0] }
        family.added = left.dropFirst(others.count).map { new[$0] }
        return family
    }
}
