import MaxIR

/// Merges two dictionaries: `label_encoder(label_encoder(x, first), second)` becomes one `label_encoder` from the
/// keys of the first to the values of the second; what the first does not know goes where its default goes.
///
/// Does not fire when the first has no keys: then there is no type of keys to write.
struct MergeLabelEncoders: RewriteRule {
    let name = "merge-label-encoders"
    let equation = "label_encoder(label_encoder(x, d), e) = label_encoder(x, e∘d)"

    func rewrite(_ node: Node, in graph: GraphView) throws(MaxError) -> Patch? {
        guard node.op == Ops.labelEncoder, let inner = graph.producer(of: node.operands[0], as: Ops.labelEncoder) else {
            return nil
        }
        let first = try LabelDictionary(attributesOf: inner)
        let count = first.keys.count
        guard count > 0, let all = first.values.appending([first.otherwise]) else { return nil }
        let through = try node.evaluated(on: [.tensor(Tensor(unchecked: all, shape: [count + 1]))])
        guard let values = through.first?.tensor?.storage else { return nil }
        let attributes: [String: Attribute] = [
            "keys_tensor": .tensor(Tensor(unchecked: first.keys, shape: [count])),
            "values_tensor": .tensor(Tensor(unchecked: values.picking(Array(0..<count)), shape: [count])),
            "default_tensor": .tensor(Tensor(unchecked: values.picking([count]), shape: [1])),
        ]
        return .replacing(node, with: Ops.labelEncoder, inner.operands, attributes, in: graph)
    }
}
