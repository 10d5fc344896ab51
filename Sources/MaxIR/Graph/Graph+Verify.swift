extension Operator {
    /// Checks operands and attributes against the declaration, then infers the result types.
    ///
    /// - Throws: `.malformed` naming operator and node, with found and expected.
    public func resultTypes(
        operands types: [ValueType?], constants: [Tensor?], attributes: [String: Attribute], resultCount: Int,
        label: Text
    ) throws(MaxError) -> [ValueType] {
        do throws(MaxError) {
            try checkOperands(types)
            try checkAttributes(attributes)
            switch results {
            case .exactly(let n) where resultCount != n:
                throw MaxError(.malformed, "\(resultCount) results, expected \(n)")
            case .upTo(let n) where resultCount < 1 || resultCount > n:
                throw MaxError(.malformed, "\(resultCount) results, expected 1 to \(n)")
            default: break
            }
            let inferred = try infer(
                Inference(
                    op: self, attributes: attributes, operands: types, constants: constants, resultCount: resultCount))
            guard inferred.count >= resultCount else {
                throw MaxError(.internal, "infers \(inferred.count) results, expected \(resultCount)")
            }
            return Array(inferred.prefix(resultCount))
        } catch {
            throw error.inside(label.isEmpty ? "'\(name)'" : "'\(name)' \(label.quoted)")
        }
    }

    private func checkOperands(_ types: [ValueType?]) throws(MaxError) {
        let isVariadic = operands.last?.isVariadic ?? false
        guard isVariadic || types.count <= operands.count else {
            throw MaxError(.malformed, "\(types.count) operands, expected at most \(operands.count)")
        }
        for (index, spec) in operands.enumerated() where index >= types.count {
            guard spec.isOptional else { throw MaxError(.malformed, "operand '\(spec.name)' is missing") }
        }
        for (index, type) in types.enumerated() {
            let spec = index < operands.count ? operands[index] : operands[operands.count - 1]
            guard let type else {
                guard spec.isOptional else { throw MaxError(.malformed, "operand '\(spec.name)' is missing") }
                continue
            }
            guard let allowed = spec.types else { continue }
            guard let tensor = type.tensor else {
                throw MaxError(.malformed, "operand '\(spec.name)' is \(type), expected a tensor")
            }
            guard allowed.contains(tensor.element) else {
                let list = ElementType.allCases.filter(allowed.contains).map(\.rawValue).joined(separator: ", ")
                throw MaxError(.malformed, "operand '\(spec.name)' is \(tensor), expected one of \(list)")
            }
        }
    }

    private func checkAttributes(_ given: [String: Attribute]) throws(MaxError) {
        for (name, value) in given.sorted(by: { $0.key < $1.key }) {
            guard let spec = attribute(named: name) else {
                throw MaxError(.malformed, "unknown attribute '\(name)'")
            }
            guard spec.kind == value.kind else {
                throw MaxError(.malformed, "attribute '\(name)' is \(value.kind.rawValue), expected \(spec.kind.rawValue)")
            }
        }
        for spec in attributes where spec.isRequired && given[spec.name] == nil {
            throw MaxError(.malformed, "attribute '\(spec.name)' is missing")
        }
    }
}

extension Graph {
    /// Proves the graph well formed: names unique, every operand defined before use, every value defined once,
    /// every recorded type what inference gives.
    ///
    /// - Throws: `.malformed` naming node, value and both types; `.limitExceeded` above the limits.
    public func verify() throws(MaxError) {
        try verifyPorts()
        guard nodes.count <= Limits.nodes else {
            throw MaxError(.limitExceeded, "graph: \(nodes.count) nodes, at most \(Limits.nodes)")
        }
        var next = inputs.count
        var constants: [Int: Tensor] = [:]
        for (index, node) in nodes.enumerated() {
            let place = "node \(index) '\(node.op.name)'" + (node.label.isEmpty ? "" : " \(node.label.quoted)")
            for operand in node.operands {
                guard let operand else { continue }
                guard operand.index >= 0, operand.index < next else {
                    throw MaxError(.malformed, "\(place): operand \(operand) is not defined before it")
                }
            }
            let inferred = try node.op.resultTypes(
                operands: node.operands.map { $0.map { types[$0.index] } },
                constants: node.operands.map { $0.flatMap { constants[$0.index] } },
                attributes: node.attributes, resultCount: node.results.count, label: node.label)
            for (result, type) in zip(node.results, inferred) {
                guard result.index == next else {
                    throw MaxError(.malformed, "\(place): result \(result), expected %\(next)")
                }
                guard next < types.count else {
                    throw MaxError(.malformed, "\(place): result \(result) has no type")
                }
                guard types[next] == type else {
                    throw MaxError(.malformed, "\(place): result \(result) is \(types[next]), expected \(type)")
                }
                next += 1
            }
            if node.op == Ops.constant, let value = node.attributes["value"], case .tensor(let tensor) = value {
                constants[node.results[0].index] = tensor
            }
        }
        guard types.count == next else {
            throw MaxError(.malformed, "graph: \(types.count) types, expected \(next)")
        }
        for output in outputs {
            guard output.value.index >= 0, output.value.index < next else {
                throw MaxError(.malformed, "output \(output.name.quoted): value \(output.value) is not defined")
            }
        }
    }

    private func verifyPorts() throws(MaxError) {
        guard inputs.count <= Limits.ports, outputs.count <= Limits.ports else {
            throw MaxError(
                .limitExceeded, "graph: \(inputs.count) inputs and \(outputs.count) outputs, at most \(Limits.ports)")
        }
        guard types.count >= inputs.count else {
            throw MaxError(.malformed, "graph: \(types.count) types for \(inputs.count) inputs")
        }
        for (kind, names) in [("input", inputs.map(\.name)), ("output", outputs.map(\.name))] {
            var seen = Set<Text>()
            for name in names {
                try name.checkName(kind)
                guard seen.insert(name).inserted else {
                    throw MaxError(.malformed, "\(kind) \(name.quoted): declared twice")
                }
            }
        }
        for (index, input) in inputs.enumerated() {
            guard types[index] == input.type else {
                throw MaxError(.malformed, "input \(input.name.quoted): type \(types[index]), declared \(input.type)")
            }
            try verify(input)
        }
    }

    private func verify(_ input: GraphInput) throws(MaxError) {
        let place = "input \(input.name.quoted)"
        if !input.columns.isEmpty {
            guard let shape = input.type.tensor?.shape, shape.count == 2, shape[1] == .fixed(input.columns.count) else {
                throw MaxError(.malformed, "\(place): \(input.columns.count) column names for \(input.type)")
            }
            for column in input.columns { try column.checkName("column") }
        }
        let element = input.type.tensor?.element
        switch input.missing {
        case nil, .error: break
        case .nan:
            guard element?.isFloat == true else {
                throw MaxError(.malformed, "\(place): missing=nan needs a float type, found \(input.type)")
            }
        case .value(.string):
            guard element == .string else {
                throw MaxError(.malformed, "\(place): missing is a text, but the type is \(input.type)")
            }
        case .value(.int), .value(.float):
            guard let element, element != .string else {
                throw MaxError(.malformed, "\(place): missing is a number, but the type is \(input.type)")
            }
        case .value(let other):
            throw MaxError(.malformed, "\(place): missing is \(other.kind.rawValue), expected a number or a text")
        }
    }
}

extension Text {
    /// Refuses what may not name a column, an output or a model: empty, too long, not UTF-8, or with NUL.
    func checkName(_ kind: String) throws(MaxError) {
        guard !isEmpty else { throw MaxError(.malformed, "\(kind): the name is empty") }
        guard utf8.count <= Limits.nameBytes else {
            throw MaxError(.limitExceeded, "\(kind): a name of \(utf8.count) bytes, at most \(Limits.nameBytes)")
        }
        guard isValidUTF8, !utf8.contains(0) else {
            throw MaxError(.malformed, "\(kind) \(quoted): the name is not UTF-8 text without NUL")
        }
    }
}
