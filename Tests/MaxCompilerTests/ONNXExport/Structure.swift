import MaxIR

/// What a graph computes, told apart from how it is written down: the order of nodes, their labels, constants that
/// stand twice, attributes that only repeat a default, and the numbering of nodes and leaves within a tree say nothing.
///
/// Graphs of one `Structures` are equal when their outputs are: equal operators of equal attributes on equal operands,
/// down to the inputs.
struct Structures {
    private struct Key: Hashable {
        var op: String
        var attributes: [String: Attribute]
        /// Numbers of operands; -1 where one is left out.
        var operands: [Int]
        var result: Int
        /// Of trees, in the order of a walk.
        var words: [UInt64] = []
    }
    private var numbers: [Key: Int] = [:]

    /// The names, types and structures of the outputs of `graph`, and its inputs by name and type.
    mutating func signature(of graph: Graph) throws -> [String] {
        var values = [Int](repeating: -1, count: graph.types.count)
        for (index, input) in graph.inputs.enumerated() {
            values[index] = number(Key(op: "input \(index)", attributes: ["name": .string(input.name)], operands: [], result: 0))
        }
        for node in graph.nodes {
            // ONNX has no second name for a value: an output that is one is an Identity.
            if node.op == Ops.identity, let operand = node.operands.first ?? nil {
                values[node.results[0].index] = values[operand.index]
                continue
            }
            for (result, value) in node.results.enumerated() {
                var key = Key(
                    op: node.op.name, attributes: Self.explicit(node), operands: node.operands.map { $0.map { values[$0.index] } ?? -1 },
                    result: result)
                while key.operands.last == -1 { key.operands.removeLast() }
                if node.op == Ops.trees {
                    (key.attributes, key.words) = ([:], Self.walk(try TreeEnsemble(Asked(op: node.op, attributes: node.attributes))))
                }
                if node.op == Ops.labelEncoder {
                    let dictionary = try LabelDictionary(Asked(op: node.op, attributes: node.attributes))
                    for (name, storage) in [
                        ("keys", dictionary.keys), ("values", dictionary.values), ("default", dictionary.otherwise),
                    ] {
                        key.attributes[name] = .tensor(try Tensor(shape: [storage.count], storage))
                    }
                    key.attributes = key.attributes.filter { ["keys", "values", "default"].contains($0.key) }
                }
                values[value.index] = number(key)
            }
        }
        return graph.inputs.map { "\($0.name.quoted): \($0.type)" }
            + graph.outputs.map { "\($0.name.quoted) = \(values[$0.value.index]): \(graph.type(of: $0.value))" }
    }

    private mutating func number(_ key: Key) -> Int {
        let next = numbers.count
        if let known = numbers[key] { return known }
        numbers[key] = next
        return next
    }

    private struct Asked: OperatorNode {
        let op: Operator
        let attributes: [String: Attribute]
    }

    /// The attributes with the declared defaults filled in.
    private static func explicit(_ node: Node) -> [String: Attribute] {
        var out = node.attributes
        for spec in node.op.attributes where out[spec.name] == nil { out[spec.name] = spec.defaultValue }
        return out
    }

    /// Everything of an ensemble, each tree as a walk from its root that takes the true child first.
    private static func walk(_ ensemble: TreeEnsemble) -> [UInt64] {
        func bits(_ storage: TensorStorage, _ range: Range<Int>) -> [UInt64] {
            switch storage {
            case .f64(let a): a[range].map(\.bitPattern)
            case .f32(let a): a[range].map { UInt64($0.bitPattern) }
            default: []
            }
        }
        let aggregate = TreeEnsemble.Aggregate.allCases.firstIndex(of: ensemble.aggregate) ?? -1
        var out = [UInt64(ensemble.leafStride), UInt64(bitPattern: Int64(aggregate)), UInt64(ensemble.base.elementType.code)]
        out += bits(ensemble.base, 0..<ensemble.base.count)
        out.append(UInt64(ensemble.threshold.elementType.code))
        for tree in 0..<ensemble.treeCount {
            out += [0x7ee, UInt64(ensemble.treeOutput[tree])]
            var open = [ensemble.roots[tree]]
            while let child = open.popLast() {
                guard child >= 0 else {
                    let start = Int(~child) * ensemble.leafStride
                    out += [0x1eaf] + bits(ensemble.leafValues, start..<(start + ensemble.leafStride))
                    continue
                }
                let node = Int(child)
                out += [UInt64(ensemble.column[node]), UInt64(ensemble.missing[node])]
                if ensemble.comparison[node] == TreeEnsemble.Comparison.member.rawValue {
                    out += members(ensemble, node)
                } else {
                    out += [UInt64(ensemble.comparison[node])] + bits(ensemble.threshold, node..<(node + 1))
                }
                open += [ensemble.falseChild[node], ensemble.trueChild[node]]
            }
        }
        return out
    }

    /// The test of a set. Of one member, or none, it is a test for equality, with NaN where there is none.
    private static func members(_ ensemble: TreeEnsemble, _ node: Int) -> [UInt64] {
        let set = Int(ensemble.set[node])
        let words = ensemble.setWords[Int(ensemble.setOffsets[set])..<Int(ensemble.setOffsets[set + 1])]
        let count = words.reduce(0) { $0 + $1.nonzeroBitCount }
        guard ensemble.setRule == .exact, count <= 1 else {
            let rule = TreeEnsemble.SetRule.allCases.firstIndex(of: ensemble.setRule) ?? -1
            return [UInt64(TreeEnsemble.Comparison.member.rawValue), UInt64(bitPattern: Int64(rule)), UInt64(words.count)] + words
        }
        let member = words.enumerated().first { $0.element != 0 }.map { Double($0.offset * 64 + $0.element.trailingZeroBitCount) } ?? .nan
        let isWide = ensemble.threshold.elementType == .f64
        return [UInt64(TreeEnsemble.Comparison.equal.rawValue), isWide ? member.bitPattern : UInt64(Float(member).bitPattern)]
    }
}
