import MaxIR

/// Reads columns from where they come from: a `gather`, an `array_feature_extractor` or a `split` of a concatenation
/// whose columns all lie in one operand is that operand, or a gather of it.
///
/// Does not fire when the columns lie in several operands, the extents along the axis are unknown, an index is no
/// constant or out of range (the error stays where it was), or the parts of a split are not the operands.
struct SelectFromConcat: RewriteRule {
    let name = "select-from-concat"
    let equation = "gather(concat(a, b), columns of b) = gather(b, …); split(concat(a, b)) = a, b"

    func rewrite(_ node: Node, in graph: GraphView) throws(MaxError) -> Patch? {
        guard [Ops.gather, Ops.arrayFeatureExtractor, Ops.split].contains(node.op),
            let concat = graph.producer(of: node.operands[0], as: Ops.concat),
            let shape = graph.tensorType(of: concat.results[0])?.shape,
            let axis = concat.axis(rank: shape.count), let parts = parts(concat, axis, graph)
        else { return nil }
        if node.op == Ops.split { return split(node, concat, axis, shape.count, parts, graph) }
        let selected = node.op == Ops.gather ? node.axis(rank: shape.count) ?? -1 : shape.count - 1
        guard selected == axis, node.op == Ops.gather || shape.count > 1, let indices = graph.constant(node.operands[1]),
            let columns = columns(indices, extent: parts.reduce(0, +)), let first = columns.first
        else { return nil }
        var start = 0
        for (operand, extent) in zip(concat.operands, parts) {
            defer { start += extent }
            guard let operand, first >= start, first < start + extent else { continue }
            guard columns.allSatisfy({ $0 >= start && $0 < start + extent }) else { return nil }
            if indices.rank == 1 || node.op == Ops.arrayFeatureExtractor, columns == Array(start..<(start + extent)) {
                return .replacing(node, with: operand, in: graph)
            }
            var patch = Patch(in: graph)
            let rest = Tensor(columns.map { Int64($0 - start) }, shape: indices.shape)
            let attributes: [String: Attribute] = node.op == Ops.gather ? ["axis": .int(Int64(axis))] : [:]
            patch.replace(
                node.results[0],
                with: patch.add(node.op, [operand, patch.constant(rest)], attributes, label: node.label))
            return patch
        }
        return nil
    }

    private func split(
        _ node: Node, _ concat: Node, _ axis: Int, _ rank: Int, _ parts: [Int], _ graph: GraphView
    ) -> Patch? {
        guard (node.axis(rank: rank) ?? -1) == axis, node.results.count == parts.count else { return nil }
        var patch = Patch(in: graph)
        for ((result, operand), extent) in zip(zip(node.results, concat.operands), parts) {
            guard let operand, graph.tensorType(of: result)?.shape?[axis] == .fixed(extent) else { return nil }
            patch.replace(result, with: operand)
        }
        return patch
    }

    /// The extents of the operands along the axis.
    private func parts(_ concat: Node, _ axis: Int, _ graph: GraphView) -> [Int]? {
        var out: [Int] = []
        for operand in concat.operands {
            guard let operand, let shape = graph.tensorType(of: operand)?.shape, shape.indices.contains(axis),
                let extent = shape[axis].fixed
            else { return nil }
            out.append(extent)
        }
        return out
    }

    private func columns(_ indices: Tensor, extent: Int) -> [Int]? {
        let values: [Int64]? = indices.values() ?? indices.values(as: Int32.self)?.map { Int64($0) }
        guard let values, values.allSatisfy({ $0 >= -Int64(extent) && $0 < Int64(extent) }) else { return nil }
        return values.map { Int($0 < 0 ? $0 + Int64(extent) : $0) }
    }
}

extension Node {
    /// The attribute `axis` counted from the front; nil when it is absent without default.
    func axis(rank: Int) -> Int? {
        let value = attributes["axis"] ?? op.attribute(named: "axis")?.defaultValue
        guard case .int(let axis)? = value, axis >= -rank, axis < rank else { return nil }
        return axis < 0 ? Int(axis) + rank : Int(axis)
    }
}
