extension Graph {
    /// Runs the reference evaluator: slow, obvious, the meaning of every graph.
    ///
    /// - Parameter arguments: one value per input, in order, of the declared type; missing values already
    ///   replaced as the input's policy says.
    /// - Returns: one value per output, in order.
    /// - Throws: `.malformed` when an argument does not fit its input, or an operator meets a value outside its
    ///   domain (an unknown category where the model demands a known one).
    public func evaluate(_ arguments: [Value]) throws(MaxError) -> [Value] {
        guard arguments.count == inputs.count else {
            throw MaxError(.malformed, "graph: \(arguments.count) arguments, expected \(inputs.count)")
        }
        for (input, argument) in zip(inputs, arguments) {
            guard argument.fits(input.type) else {
                throw MaxError(
                    .malformed, "input \(input.name.quoted): found \(argument.typeDescription), expected \(input.type)")
            }
        }
        var values: [Value?] = arguments
        values.reserveCapacity(types.count)
        var remainingUses = [Int](repeating: 0, count: types.count)
        for node in nodes { for operand in node.operands { if let operand { remainingUses[operand.index] += 1 } } }
        for output in outputs { remainingUses[output.value.index] += 1 }

        for (index, node) in nodes.enumerated() {
            let results: [Value]
            do {
                results = try node.op.evaluate(
                    Evaluation(
                        op: node.op, attributes: node.attributes,
                        operands: node.operands.map { $0.flatMap { values[$0.index] } },
                        resultCount: node.results.count))
            } catch {
                throw error.inside("node \(index) '\(node.op.name)'" + (node.label.isEmpty ? "" : " \(node.label.quoted)"))
            }
            guard results.count >= node.results.count else {
                throw MaxError(.internal, "node \(index) '\(node.op.name)': too few results")
            }
            values += results.prefix(node.results.count).map(Optional.some)
            for operand in node.operands {
                guard let operand else { continue }
                remainingUses[operand.index] -= 1
                if remainingUses[operand.index] == 0 { values[operand.index] = nil }
            }
        }
        var outcome: [Value] = []
        for output in outputs {
            guard let value = values[output.value.index] else {
                throw MaxError(.internal, "output \(output.name.quoted): value \(output.value) was not kept")
            }
            outcome.append(value)
        }
        return outcome
    }
}

extension Value {
    /// Whether this value may stand where `type` is declared; symbols and unknown extents accept any number.
    public func fits(_ type: ValueType) -> Bool {
        switch (self, type) {
        case (.tensor(let tensor), .tensor(let type)): tensor.type.isCompatible(with: type)
        case (.map(let keys, let values), .map(let key, let value)):
            keys.elementType == key && values.elementType == value && keys.count == values.count
        case (.sequence(let elements), .sequence(let element)): elements.allSatisfy { $0.fits(element) }
        default: false
        }
    }

    public var typeDescription: String {
        switch self {
        case .tensor(let tensor): tensor.type.description
        case .map(let keys, let values): "map<\(keys.elementType.rawValue), \(values.elementType.rawValue)>"
        case .sequence(let elements): "seq<\(elements.first?.typeDescription ?? "empty")>"
        }
    }
}
