import MaxIR

extension ModelDiff {
    /// Nodes by operator, attributes that are no tensors, and how nodes are connected.
    static func operators(_ pairs: NodePairs, _ old: Graph, _ new: Graph) -> Part {
        var part = Part("operators")
        for family in pairs.families {
            let measures = [
                Measure(name: "added", value: Double(family.added.count)), Measure(name: "removed", value: Double(family.removed.count)),
                Measure(name: "changed", value: Double(family.changed.count)),
            ]
            guard measures.contains(where: { $0.value != 0 }) else { continue }
            let (before, after) = family.counts
            let kind: Change.Kind = before == 0 ? .added : after == 0 ? .removed : .changed
            part.changes.append(
                Change(
                    kind: kind, subject: family.name, before: before == 0 ? nil : nodes(before), after: after == 0 ? nil : nodes(after),
                    measures: measures))
            for pair in family.changed {
                for name in pair.attributeNames {
                    let (a, b) = (pair.before.attributes[name], pair.after.attributes[name])
                    guard a != b, a?.isTensor != true || b?.isTensor != true else { continue }
                    part.compare("\(pair.subject).\(name)", a?.abridged, b?.abridged)
                }
            }
        }
        let isSameSize = pairs.families.allSatisfy { $0.counts.before == $0.counts.after }
        if isSameSize, wiring(old) != wiring(new) { part.compare("connections", "as they were", "other operands or order of nodes") }
        return part
    }

    private static func nodes(_ count: Int) -> String { "\(count) \(count == 1 ? "node" : "nodes")" }

    private struct Wire: Equatable {
        var name: String
        var operands: [ValueID?]
    }

    private static func wiring(_ graph: Graph) -> [Wire] {
        graph.nodes.map { Wire(name: $0.op.name, operands: $0.operands) } + [Wire(name: "", operands: graph.outputs.map(\.value))]
    }

    /// Constants other than those of trees: how many elements differ, and by how much at most.
    static func tensors(_ pairs: NodePairs) -> Part {
        var part = Part("tensors")
        for family in pairs.families where family.name != Ops.trees.name {
            for (nodes, kind) in [(family.removed, Change.Kind.removed), (family.added, .added)] {
                for node in nodes {
                    for (name, attribute) in node.attributes.sorted(by: { $0.key < $1.key }) where attribute.isTensor {
                        let subject = "\(family.name)\(node.label.isEmpty ? "" : " \(node.label.quoted)").\(name)"
                        let (said, isOld) = (attribute.abridged, kind == .removed)
                        part.changes.append(Change(kind: kind, subject: subject, before: isOld ? said : nil, after: isOld ? nil : said))
                    }
                }
            }
            for pair in family.changed {
                for name in pair.attributeNames {
                    guard case .tensor(let a)? = pair.before.attributes[name], case .tensor(let b)? = pair.after.attributes[name], a != b
                    else { continue }
                    part.changes.append(
                        Change(
                            kind: .changed, subject: "\(pair.subject).\(name)", before: "\(a.type)", after: "\(b.type)",
                            measures: a.measures(against: b)))
                }
            }
        }
        return part
    }

    /// Elements of constants by type, trees included: a model that was made smaller has others.
    static func numbers(_ old: Graph, _ new: Graph) -> Part {
        var part = Part("numbers")
        let (before, after) = (elements(old), elements(new))
        for type in Set(before.keys).union(after.keys).sorted(by: { $0.rawValue < $1.rawValue }) {
            let change = Double(after[type] ?? 0) - Double(before[type] ?? 0)
            part.compare(
                type.rawValue, before[type].map { "\($0) elements" }, after[type].map { "\($0) elements" },
                [Measure(name: "difference", value: change)])
        }
        return part
    }

    private static func elements(_ graph: Graph) -> [ElementType: Int] {
        var counts: [ElementType: Int] = [:]
        for node in graph.nodes {
            for case .tensor(let tensor) in node.attributes.values {
                // At most 2^31 elements each, and as many tensors as memory holds.
                counts[tensor.elementType, default: 0] &+= tensor.count
            }
        }
        return counts
    }
}

extension NodePairs.Pair {
    var attributeNames: [String] { Set(before.attributes.keys).union(after.attributes.keys).sorted() }
}

extension Attribute {
    var isTensor: Bool { if case .tensor = self { true } else { false } }
}
