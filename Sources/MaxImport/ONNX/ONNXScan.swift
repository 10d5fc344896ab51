import MaxIR

/// Scans whose steps do not depend on each other, as skl2onnx writes the distances to all training rows: the body is
/// applied to all elements of the scanned inputs at once.
///
/// A value of the body is either the same in each step, or stands here with the steps as its first extent. That extent is
/// in front of all that the body knows, so that operators by element need nothing but equal ranks, and reductions run
/// over axes one further. Anything else is refused.
extension ONNXImporter {
    private struct BodyValue {
        var value: ValueID
        /// The rank that the body sees.
        var rank: Int
        var isStepped: Bool
    }

    mutating func scan(_ node: ONNXNode, _ operands: [ValueID?], version: Int) throws(MaxError) -> [ValueID] {
        guard let body = node.bodies.first, version >= 9 else {
            throw MaxError(.unsupported, "a scan without body, or before operator set 9")
        }
        guard case .int(let scanned)? = node.attributes["num_scan_inputs"], let scans = Int(exactly: scanned), scans >= 1,
            scans <= operands.count, body.inputs.count == operands.count, body.outputs.count == node.outputs.count
        else { throw MaxError(.malformed, "num_scan_inputs, operands and the inputs of the body do not fit together") }
        for (name, value) in node.attributes where name != "num_scan_inputs" {
            guard case .ints(let list) = value, list.allSatisfy({ $0 == 0 }) else {
                throw MaxError(.unsupported, "attribute '\(name)' of Scan: only forward over the first axis")
            }
        }
        let states = operands.count - scans
        var known: [Text: BodyValue] = [:]
        for (index, info) in body.inputs.enumerated() {
            guard let operand = operands[index], let rank = builder.type(of: operand).tensor?.rank, index < states || rank > 0 else {
                throw MaxError(.unsupported, "operand \(index) of Scan is left out, or of unknown rank")
            }
            known[info.name] = BodyValue(value: operand, rank: index < states ? rank : rank - 1, isStepped: index >= states)
        }
        for (name, tensor) in body.initializers {
            known[name] = BodyValue(value: try builder.constant(tensor, label: name), rank: tensor.rank, isStepped: false)
        }
        for inner in body.nodes {
            guard inner.domain.isEmpty, inner.outputs.count == 1 else {
                throw MaxError(.unsupported, "\(inner.place) in the body of Scan")
            }
            var given: [BodyValue] = []
            for name in inner.inputs {
                let found: BodyValue?
                if let inside = known[name] { found = inside } else { found = try outer(name) }
                guard let value = found else {
                    throw MaxError(.malformed, "input \(name.quoted) of \(inner.place) is not defined")
                }
                given.append(value)
            }
            known[inner.outputs[0]] = try step(inner, given, version: version)
        }
        var results: [ValueID] = []
        for (index, info) in body.outputs.enumerated() {
            guard let value = known[info.name] else { throw MaxError(.malformed, "output \(info.name.quoted) of the body is not computed") }
            if index < states {
                // A state that changes makes each step depend on the one before.
                guard value.value == operands[index] else { throw MaxError(.unsupported, "a Scan whose state changes from step to step") }
            } else {
                guard value.isStepped else { throw MaxError(.unsupported, "a Scan whose result is the same in each step") }
            }
            results.append(value.value)
        }
        return results
    }

    /// A value from around the Scan.
    private func outer(_ name: Text) throws(MaxError) -> BodyValue? {
        guard let value = values[name] else { return nil }
        guard let rank = builder.type(of: value).tensor?.rank else { throw MaxError(.unsupported, "value \(name.quoted) of unknown rank") }
        return BodyValue(value: value, rank: rank, isStepped: false)
    }

    private mutating func step(_ node: ONNXNode, _ given: [BodyValue], version: Int) throws(MaxError) -> BodyValue {
        let isStepped = given.contains(where: \.isStepped)
        switch node.opType.string {
        case "Identity" where given.count == 1: return given[0]
        case "Add", "Sub", "Mul", "Div", "Pow", "Abs", "Neg", "Sqrt", "Exp", "Log", "Max", "Min":
            let rank = given.map(\.rank).max() ?? 0
            var operands: [ValueID?] = []
            for item in given {
                guard item.isStepped, item.rank < rank else {
                    operands.append(item.value)
                    continue
                }
                let axes = try builder.constant(Tensor((1...Int64(rank - item.rank)).map { $0 }))
                operands.append(try builder.add(Ops.unsqueeze, [item.value, axes]))
            }
            let out = try apply(node.opType.string, domain: "", operands, node.attributes, results: 1, label: node.name)
            return BodyValue(value: out[0], rank: rank, isStepped: isStepped)
        case "ReduceSum", "ReduceSumSquare", "ReduceMean", "ReduceMax", "ReduceMin", "ReduceL1", "ReduceL2":
            var upgraded = ONNXUpgrade(node.opType.string, version: version, operands: given.map(\.value), attributes: node.attributes)
            try upgraded.run(&builder)
            guard given[0].isStepped, upgraded.operands.count == 2, let axes = upgraded.operands[1],
                let list = builder.constantValue(of: axes)?.values(as: Int64.self), !list.isEmpty,
                list.allSatisfy({ $0 >= -Int64(given[0].rank) && $0 < Int64(given[0].rank) })
            else { throw MaxError(.unsupported, "\(node.place) in the body of Scan: over axes that are not known") }
            let keeps = upgraded.attributes["keepdims"] != .int(0)
            let places = Set(list.map { $0 < 0 ? $0 + Int64(given[0].rank) : $0 })
            let moved = try builder.constant(Tensor(places.sorted().map { $0 + 1 }))
            let out = try apply(
                node.opType.string, domain: "", [given[0].value, moved], upgraded.attributes, results: 1, label: node.name)
            return BodyValue(value: out[0], rank: keeps ? given[0].rank : given[0].rank - places.count, isStepped: true)
        default: throw MaxError(.unsupported, "\(node.place) in the body of Scan: control flow cannot be represented")
        }
    }
}
