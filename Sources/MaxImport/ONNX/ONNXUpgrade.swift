import MaxIR

/// Brings a node of an older operator set to the form that our operators have: attributes that became operands,
/// operands that may be left out, defaults that changed.
struct ONNXUpgrade {
    let opType: String
    let version: Int
    var operands: [ValueID?]
    var attributes: [String: Attribute]

    init(_ opType: String, version: Int, operands: [ValueID?], attributes: [String: Attribute]) {
        self.opType = opType
        self.version = version
        self.operands = operands
        self.attributes = attributes
    }

    mutating func run(_ builder: inout GraphBuilder) throws(MaxError) {
        switch opType {
        case "Squeeze", "Unsqueeze": try operand(1, from: "axes", &builder)
        case "Split":
            try operand(1, from: "split", &builder)
        case "Slice" where version < 10:
            try operand(1, from: "starts", &builder)
            try operand(2, from: "ends", &builder)
            try operand(3, from: "axes", &builder)
        case "Clip" where version < 11:
            for (index, name) in [(1, "min"), (2, "max")] {
                guard case .float(let bound)? = attributes.removeValue(forKey: name) else { continue }
                try set(index, try builder.constant(try Cast.convert(Tensor(scalar: Float(bound)), to: element(builder))))
            }
        case "TopK" where version < 10: try operand(1, from: "k", &builder)
        case "ReduceSum" where version < 13: try operand(1, from: "axes", &builder)
        case _ where opType.hasPrefix("Reduce") && version < 18: try operand(1, from: "axes", &builder)
        case "Cast", "CastLike":
            // Both only concern 8-bit floats.
            attributes["saturate"] = nil
            attributes["round_mode"] = nil
        case "BatchNormalization":
            attributes["spatial"] = nil
            attributes["consumed_inputs"] = nil
            let isTest = attributes.removeValue(forKey: "is_test")
            if version < 7, isTest != .int(1) {
                throw MaxError(.unsupported, "batch normalization in training mode")
            }
            if case .int(let training)? = attributes.removeValue(forKey: "training_mode"), training != 0 {
                throw MaxError(.unsupported, "batch normalization in training mode")
            }
        case "Add", "Sub", "Mul", "Div", "Pow", "And", "Or", "Less", "Greater", "Equal":
            guard version < 7 else { break }
            // Without an axis, the second operand was aligned at the last extent, as it is today.
            guard attributes["axis"] == nil else {
                throw MaxError(.unsupported, "operator set \(version): broadcasting along an axis")
            }
            attributes["broadcast"] = nil
            attributes["consumed_inputs"] = nil
        case "Gemm" where version < 7: attributes["broadcast"] = nil
        case "Pad" where version < 11:
            try operand(1, from: attributes["paddings"] == nil ? "pads" : "paddings", &builder)
            if case .float(let value)? = attributes.removeValue(forKey: "value") {
                try set(2, try builder.constant(try Cast.convert(Tensor(scalar: Float(value)), to: element(builder))))
            }
        case "PRelu" where version < 7:
            // One slope per channel, the second extent.
            guard operands.count == 2, let x = operands[0], let slope = operands[1],
                let rank = builder.type(of: x).tensor?.rank, let shape = builder.type(of: slope).tensor?.shape
            else { throw MaxError(.malformed, "operands are missing, or of unknown rank") }
            guard shape.count == 1, shape[0] != .fixed(1), rank > 2 else { break }
            let axes = try builder.constant(Tensor((1..<Int64(rank - 1)).map { $0 }))
            operands[1] = try builder.add(Ops.unsqueeze, [slope, axes])
        default: break
        }
    }

    /// Moves an attribute to the operand that replaced it.
    private mutating func operand(_ index: Int, from name: String, _ builder: inout GraphBuilder) throws(MaxError) {
        switch attributes.removeValue(forKey: name) {
        case .ints(let list)?: try set(index, try builder.constant(Tensor(list)))
        case .int(let value)?: try set(index, try builder.constant(Tensor([value])))
        default: break
        }
    }

    private mutating func set(_ index: Int, _ value: ValueID) throws(MaxError) {
        while operands.count <= index { operands.append(nil) }
        guard operands[index] == nil else { throw MaxError(.malformed, "operand \(index) is given as an attribute too") }
        operands[index] = value
    }

    private func element(_ builder: GraphBuilder) throws(MaxError) -> ElementType {
        guard let x = operands.first ?? nil, let type = builder.type(of: x).tensor else { throw MaxError(.malformed, "operand is missing") }
        return type.element
    }
}
