import MaxIR

/// Takes a NaN key out of a dictionary: before ai.onnx.ml 4 a NaN key matches nothing.
///
///     label_encoder(x, {NaN: v, …}) = isnan(x) ? v : label_encoder(x, {…})
///
/// Does not fire for dictionaries that lists cannot hold, nor from ai.onnx.ml 4 on. Of several NaN keys the last
/// counts, as among all equal keys.
struct SeparateNaNKeys: RewriteRule {
    let name = "separate-nan-keys"
    let equation = "label_encoder(x, {NaN: v, …}) = where(isnan(x), v, label_encoder(x, {…}))"
    let mlOpset: Int

    func rewrite(_ node: Node, in graph: GraphView) throws(MaxError) -> Patch? {
        guard mlOpset < 4, node.op == Ops.labelEncoder, let x = node.operands[0] else { return nil }
        let dictionary = try LabelDictionary(attributesOf: node)
        guard case .f32(let keys) = dictionary.keys, let last = keys.lastIndex(where: \.isNaN) else { return nil }
        var f = Formula(in: graph, .f32)
        let value = f.patch.constant(Tensor(unchecked: dictionary.values.picking([last]), shape: []))
        let isNaN = try f.apply("is_nan", x)
        let kept = keys.indices.filter { !keys[$0].isNaN }
        let rest: ValueID
        if kept.isEmpty {
            rest = f.patch.constant(Tensor(unchecked: dictionary.otherwise, shape: []))
        } else {
            let tensors: [String: Attribute] = [
                "keys_tensor": .tensor(Tensor(kept.map { keys[$0] })),
                "values_tensor": .tensor(Tensor(unchecked: dictionary.values.picking(kept), shape: [kept.count])),
                "default_tensor": .tensor(Tensor(unchecked: dictionary.otherwise, shape: [1])),
            ]
            rest = f.patch.add(Ops.labelEncoder, [x], tensors, label: node.label)
        }
        f.patch.replace(node.results[0], with: try f.apply("where", isNaN, value, rest))
        return f.patch
    }
}
