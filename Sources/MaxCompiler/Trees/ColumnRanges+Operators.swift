import MaxIR

/// What operators say of their results.
extension ColumnRanges {
    /// nil for what the type alone says.
    func proven(_ node: Node, _ graph: GraphView) -> Columns? {
        guard let result = graph.tensorType(of: node.results[0]) else { return nil }
        guard node.op != Ops.constant else { return graph.constant(node.results[0]).flatMap(constant) }
        guard let operand = node.operands.first ?? nil else { return nil }
        let x = columns(of: operand)
        let width = graph.tensorType(of: operand)?.shape?.last?.fixed
        switch node.op {
        case Ops.identity: return x
        case Ops.cast: return cast(x, from: graph.tensorType(of: operand)?.element, to: result.element)
        case Ops.reshape, Ops.unsqueeze, Ops.squeeze, Ops.flatten:
            // Elements keep their order, so rows of one length keep their columns.
            return width != nil && width == result.shape?.last?.fixed ? x : .same(x.joined)
        case Ops.concat: return concat(node, result, graph)
        case Ops.gather, Ops.arrayFeatureExtractor: return picked(node, x, graph)
        case Ops.labelEncoder: return labels(node)
        case Ops.oneHotEncoder, Ops.binarizer: return .same(.flags)
        case Ops.imputer: return imputed(node, x, result.element, width)
        case Ops.select: return chosen(node, result, graph)
        default: return nil
        }
    }

    private func constant(_ tensor: Tensor) -> Columns? {
        guard tensor.count > 0, tensor.count <= Self.widthLimit, let elements = tensor.storage.exactDoubles else { return nil }
        guard tensor.rank == 2 else { return .same(ColumnRange(elements)) }
        let width = tensor.shape[1]
        return .each((0..<width).map { column in ColumnRange(stride(from: column, to: elements.count, by: width).map { elements[$0] }) })
    }

    private func cast(_ x: Columns, from: ElementType?, to: ElementType) -> Columns? {
        guard let from, from == .bool || from.isNumeric else { return nil }
        switch to {
        case from: return x
        case .f64: return x
        case .f32: return x.map { $1.asF32 }
        default: return nil
        }
    }

    private func concat(_ node: Node, _ result: TensorType, _ graph: GraphView) -> Columns? {
        let operands = node.operands.compactMap { $0 }
        guard let shape = result.shape, node.axis(rank: shape.count) == shape.count - 1, let width = shape.last?.fixed,
            width <= Self.widthLimit
        else {
            let all = operands.map { columns(of: $0).joined }
            return .same(all.dropFirst().reduce(all.first ?? .any) { $0.joined($1) })
        }
        var out: [ColumnRange] = []
        for operand in operands {
            guard let extent = graph.tensorType(of: operand)?.shape?.last?.fixed, extent <= width - out.count else { return nil }
            let columns = columns(of: operand)
            out += (0..<extent).map { columns[$0] }
        }
        return out.count == width ? .each(out) : nil
    }

    private func picked(_ node: Node, _ x: Columns, _ graph: GraphView) -> Columns? {
        guard let operand = node.operands[0], let shape = graph.tensorType(of: operand)?.shape, let width = shape.last?.fixed,
            shape.count > 1
        else { return .same(x.joined) }
        if node.op == Ops.gather {
            guard let axis = node.axis(rank: shape.count) else { return nil }
            guard axis == shape.count - 1 else { return x }
        }
        guard let positions = graph.constant(node.operands[1]), positions.rank == 1, positions.count <= Self.widthLimit,
            let columns = positions.storage.exactDoubles
        else { return .same(x.joined) }
        return .each(columns.map { $0 < 0 ? x[Int($0) + width] : x[Int($0)] })
    }

    private func labels(_ node: Node) -> Columns? {
        guard let dictionary = try? LabelDictionary(Evaluation(op: node.op, attributes: node.attributes, operands: [], resultCount: 1)),
            let values = dictionary.values.exactDoubles, let otherwise = dictionary.otherwise.exactDoubles
        else { return nil }
        return .same(ColumnRange(values + otherwise))
    }

    /// Numbers stay beside the imputed ones, also where the replaced one is a number.
    private func imputed(_ node: Node, _ x: Columns, _ element: ElementType, _ width: Int?) -> Columns? {
        guard element == .f32 || element == .f64, let given = node.imputedFloats else { return nil }
        let values = element == .f32 ? given.map { Double(Float($0)) } : given
        let replacesNaN = node.imputesNaN(TensorType(element, nil))
        func range(_ column: ColumnRange, _ value: Double) -> ColumnRange {
            guard replacesNaN else { return column.joined(ColumnRange([value])) }
            guard column.hasNaN else { return column }
            var numbers = column
            numbers.hasNaN = false
            return numbers.joined(ColumnRange([value]))
        }
        guard values.count > 1 else { return x.map { range($1, values[0]) } }
        guard values.count == width, values.count <= Self.widthLimit else { return nil }
        return .each(values.enumerated().map { range(x[$0], $1) })
    }

    /// Either operand's elements; NaN does not pass `where(is_nan(x), v, x)`.
    private func chosen(_ node: Node, _ result: TensorType, _ graph: GraphView) -> Columns? {
        guard let a = node.operands[1], let b = node.operands[2], result.element == .f32 || result.element == .f64 else { return nil }
        let (first, second) = (columns(of: a), columns(of: b))
        let tested = graph.producer(of: node.operands[0]).flatMap { $0.op.name == "is_nan" ? $0.operands[0] : nil }
        func range(_ a: ColumnRange, _ b: ColumnRange) -> ColumnRange {
            var b = b
            if tested == node.operands[2] { b.hasNaN = false }
            return a.joined(b)
        }
        let extents = [a, b, node.results[0]].map { graph.tensorType(of: $0)?.shape?.last?.fixed }
        guard let width = extents[2], extents[0] == width, extents[1] == width, width <= Self.widthLimit else {
            return .same(range(first.joined, second.joined))
        }
        return .each((0..<width).map { range(first[$0], second[$0]) })
    }
}

extension TensorStorage {
    /// The elements, where f64 holds each exactly.
    fileprivate var exactDoubles: [Double]? {
        switch self {
        case .f64(let a): return a
        case .f32(let a): return a.map { Double($0) }
        case .bool(let a): return a.map { $0 ? 1 : 0 }
        case .i64(let a): return a.allSatisfy { $0.magnitude <= 1 << 53 } ? a.map { Double($0) } : nil
        case .i32(let a): return a.map { Double($0) }
        case .i16(let a): return a.map { Double($0) }
        case .i8(let a): return a.map { Double($0) }
        case .u8(let a): return a.map { Double($0) }
        default: return nil
        }
    }
}
