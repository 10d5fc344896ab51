import MaxIR

extension ONNXImporter {
    /// The results of a node, by upgrade and general mapping, or by one of the cases below.
    mutating func lower(_ node: ONNXNode, domain: String, version: Int, operands: [ValueID?]) throws(MaxError) -> [ValueID] {
        let opType = node.opType.string
        let results = max(node.outputs.count, 1)
        if domain == "ai.onnx.ml" {
            switch opType {
            case "TreeEnsembleRegressor", "TreeEnsembleClassifier", "TreeEnsemble":
                guard let x = operands.first ?? nil else { throw MaxError(.malformed, "operand 'X' is missing") }
                return try lowerTreeEnsemble(opType, attributes: node.attributes, x: x, builder: &builder, label: node.name)
            case "ZipMap" where !options.keepsMaps: return try zipMap(node, operands)
            case "LabelEncoder" where version < 2: return try labelEncoder1(node, operands)
            case "CategoryMapper": return try categoryMapper(node, operands)
            case "LabelEncoder":
                return try apply(
                    opType, domain: domain, operands, labelEncoder(node.attributes, version: version), results: 1, label: node.name)
            default: break
            }
            return try apply(opType, domain: domain, operands, node.attributes, results: results, label: node.name)
        }
        guard domain.isEmpty else {
            throw MaxError(.unsupported, "operator '\(opType)' of domain '\(domain)' cannot be represented")
        }
        var upgraded = ONNXUpgrade(opType, version: version, operands: operands, attributes: node.attributes)
        try upgraded.run(&builder)
        switch opType {
        case "Dropout":
            guard let x = operands.first ?? nil else { throw MaxError(.malformed, "operand is missing") }
            if operands.count > 2, let training = operands[2] {
                guard builder.constantValue(of: training)?.values(as: Bool.self) == [false] else {
                    throw MaxError(.unsupported, "dropout in training mode")
                }
            }
            return [x]
        case "Constant": return [try constant(node)]
        case "Scatter": return try apply("ScatterElements", domain: "", operands, node.attributes, results: results, label: node.name)
        case "Scan": return try scan(node, operands, version: version)
        case "CastLike":
            guard operands.count == 2, let x = operands[0], let like = operands[1], let type = builder.type(of: like).tensor else {
                throw MaxError(.malformed, "operands are missing or no tensors")
            }
            return [try builder.add(Ops.cast, [x], ["to": .type(type.element)], label: node.name)]
        case "Softmax" where version < 13, "LogSoftmax" where version < 13, "Hardmax" where version < 13:
            return try flattenedSoftmax(opType, upgraded, node)
        default: break
        }
        return try apply(opType, domain: "", upgraded.operands, upgraded.attributes, results: results, label: node.name)
    }

    private mutating func zipMap(_ node: ONNXNode, _ operands: [ValueID?]) throws(MaxError) -> [ValueID] {
        guard let x = operands.first ?? nil else { throw MaxError(.malformed, "operand 'X' is missing") }
        if case .ints(let keys)? = node.attributes["classlabels_int64s"], !keys.isEmpty { labels[x] = keys.map { Text("\($0)") } }
        if case .strings(let keys)? = node.attributes["classlabels_strings"], !keys.isEmpty { labels[x] = keys }
        return [x]
    }

    /// The attributes without empty lists, which say nothing. Before version 4 a NaN key matched nothing: it and its
    /// value are left out.
    private func labelEncoder(_ attributes: [String: Attribute], version: Int) -> [String: Attribute] {
        var kept = attributes.filter { _, value in
            switch value {
            case .ints(let list): !list.isEmpty
            case .floats(let list): !list.isEmpty
            case .strings(let list): !list.isEmpty
            default: true
            }
        }
        guard version < 4, case .floats(let keys)? = kept["keys_floats"], keys.contains(where: \.isNaN) else { return kept }
        let numbers = keys.indices.filter { !keys[$0].isNaN }
        for (name, value) in kept {
            switch value {
            case .floats(let list) where list.count == keys.count: kept[name] = .floats(numbers.map { list[$0] })
            case .ints(let list) where list.count == keys.count: kept[name] = .ints(numbers.map { list[$0] })
            case .strings(let list) where list.count == keys.count: kept[name] = .strings(numbers.map { list[$0] })
            default: break
            }
        }
        return kept
    }

    /// Version 1: class texts and their positions, in the direction that the operand's type says.
    private mutating func labelEncoder1(_ node: ONNXNode, _ operands: [ValueID?]) throws(MaxError) -> [ValueID] {
        guard let x = operands.first ?? nil, let type = builder.type(of: x).tensor,
            case .strings(let classes)? = node.attributes["classes_strings"]
        else {
            throw MaxError(.malformed, "operand or classes_strings is missing")
        }
        var attributes: [String: Attribute] = [:]
        let positions = classes.indices.map { Int64($0) }
        if type.element == .string {
            attributes = [
                "keys_strings": .strings(classes), "values_int64s": .ints(positions),
                "default_int64": node.attributes["default_int64"] ?? .int(-1),
            ]
        } else {
            attributes = [
                "keys_int64s": .ints(positions), "values_strings": .strings(classes),
                "default_string": node.attributes["default_string"] ?? .string("_Unused"),
            ]
        }
        return [try builder.add(Ops.labelEncoder, [x], attributes, label: node.name)]
    }

    private mutating func categoryMapper(_ node: ONNXNode, _ operands: [ValueID?]) throws(MaxError) -> [ValueID] {
        guard let x = operands.first ?? nil, let type = builder.type(of: x).tensor,
            case .strings(let texts)? = node.attributes["cats_strings"],
            case .ints(let numbers)? = node.attributes["cats_int64s"]
        else { throw MaxError(.malformed, "operand, cats_strings or cats_int64s is missing") }
        var attributes: [String: Attribute] = [:]
        if type.element == .string {
            attributes = [
                "keys_strings": .strings(texts), "values_int64s": .ints(numbers),
                "default_int64": node.attributes["default_int64"] ?? .int(-1),
            ]
        } else {
            attributes = [
                "keys_int64s": .ints(numbers), "values_strings": .strings(texts),
                "default_string": node.attributes["default_string"] ?? .string("_Unused"),
            ]
        }
        return [try builder.add(Ops.labelEncoder, [x], attributes, label: node.name)]
    }

    private mutating func constant(_ node: ONNXNode) throws(MaxError) -> ValueID {
        for (name, value) in node.attributes {
            switch (name, value) {
            case ("value", .tensor(let tensor)): return try builder.constant(tensor, label: node.name)
            case ("value_float", .float(let x)): return try builder.constant(Tensor(scalar: Float(x)), label: node.name)
            case ("value_int", .int(let x)): return try builder.constant(Tensor(scalar: x), label: node.name)
            case ("value_string", .string(let x)): return try builder.constant(Tensor(scalar: x), label: node.name)
            case ("value_floats", .floats(let x)): return try builder.constant(Tensor(x.map { Float($0) }), label: node.name)
            case ("value_ints", .ints(let x)): return try builder.constant(Tensor(x), label: node.name)
            case ("value_strings", .strings(let x)): return try builder.constant(Tensor(x), label: node.name)
            default: continue
            }
        }
        throw MaxError(.unsupported, "a constant of this kind")
    }

    /// Before operator set 13 softmax ran over all extents from `axis` on (default 1).
    private mutating func flattenedSoftmax(_ opType: String, _ upgraded: ONNXUpgrade, _ node: ONNXNode) throws(MaxError) -> [ValueID] {
        guard let x = upgraded.operands.first ?? nil, let type = builder.type(of: x).tensor else {
            throw MaxError(.malformed, "operand is missing")
        }
        var axis: Int64 = 1
        if case .int(let given)? = upgraded.attributes["axis"] { axis = given }
        if let rank = type.rank, axis == Int64(rank) - 1 || axis == -1 {
            return try apply(opType, domain: "", [x], ["axis": .int(-1)], results: 1, label: node.name)
        }
        let flat = try builder.add(Ops.flatten, [x], ["axis": .int(axis)])
        let out = try apply(opType, domain: "", [flat], ["axis": .int(-1)], results: 1, label: node.name)
        return [try builder.add(Ops.reshape, [out[0], try builder.add(Ops.shape, [x])])]
    }
}
