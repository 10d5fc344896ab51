import MaxIR

/// A node in the form that the asked operator set has, where that differs from ours, which is the newest.
struct Downgrade {
    let node: Node
    let operands: [ValueID?]
    let attributes: [String: Attribute]
    /// Why the older form cannot say it; nil when it can.
    let refusal: String?

    /// Whether an operator has older forms that are written.
    static func knows(_ op: Operator) -> Bool { op.name.hasPrefix("reduce_") || op == Ops.labelEncoder }

    init(_ node: Node, _ view: GraphView, _ options: ONNXExport.Options) {
        self.node = node
        var operands = node.operands
        var attributes = node.attributes
        var refusal: String?
        switch node.op.name {
        case "reduce_sum" where options.opset < 13,
            _ where node.op.name.hasPrefix("reduce_") && node.op.name != "reduce_sum" && options.opset < 18:
            if attributes["noop_with_empty_axes"] ?? .int(0) != .int(0) { refusal = "noop_with_empty_axes needs operator set 18" }
            attributes["noop_with_empty_axes"] = nil
            if operands.count > 1 {
                if let axes = view.constant(operands[1])?.values(as: Int64.self) {
                    if !axes.isEmpty { attributes["axes"] = .ints(axes) }
                } else if operands[1] != nil {
                    refusal = "axes that are computed need operator set 18"
                }
                operands = [operands[0]]
            }
        case "split":
            let hasSizes = operands.count > 1 && operands[1] != nil
            attributes["num_outputs"] = hasSizes || options.opset < 18 ? nil : .int(Int64(node.results.count))
            let type = node.operands[0].flatMap { view.tensorType(of: $0) }
            if !hasSizes, options.opset < 18, !Self.isEven(node, type) { refusal = "parts of unequal size need operator set 18" }
        case "reshape" where options.opset < 14:
            if attributes["allowzero"] == .int(1) { refusal = "allowzero needs operator set 14" }
            attributes["allowzero"] = nil
        case "shape" where options.opset < 15:
            if attributes["start"] ?? .int(0) != .int(0) || attributes["end"] != nil { refusal = "start and end need operator set 15" }
            attributes["start"] = nil
        case "equal":
            let type = node.operands[0].flatMap { view.tensorType(of: $0) }
            if type?.element == .string, options.opset < 19 { refusal = "comparing texts needs operator set 19" }
        case "label_encoder" where options.mlOpset < 4:
            if let listed = Self.listed(node) {
                attributes = listed
            } else {
                refusal = "no keys, or keys or values of a type that needs operator set 4 of ai.onnx.ml"
            }
        default: break
        }
        // An empty list counts as absent in ONNX.
        for (name, value) in attributes where value.isEmptyList {
            if node.op.attribute(named: name)?.isRequired == true { refusal = "attribute '\(name)' is empty, which ONNX cannot say" }
            attributes[name] = nil
        }
        while let last = operands.last, last == nil { operands.removeLast() }
        (self.operands, self.attributes, self.refusal) = (operands, attributes, refusal)
    }

    private static func isEven(_ node: Node, _ type: TensorType?) -> Bool {
        guard let shape = type?.shape else { return false }
        guard case .int(let axis) = node.attributes["axis"] ?? .int(0) else { return false }
        let position = axis < 0 ? Int(axis) + shape.count : Int(axis)
        guard shape.indices.contains(position), let extent = shape[position].fixed else { return false }
        return extent % node.results.count == 0
    }

    /// The dictionary as lists, which hold texts, i64 and f32.
    private static func listed(_ node: Node) -> [String: Attribute]? {
        guard let dictionary = try? LabelDictionary(attributesOf: node), dictionary.keys.count > 0 else { return nil }
        var out: [String: Attribute] = [:]
        for (name, storage) in [("keys", dictionary.keys), ("values", dictionary.values)] {
            switch storage {
            case .string(let a): out[name + "_strings"] = .strings(a)
            case .i64(let a): out[name + "_int64s"] = .ints(a)
            case .f32(let a): out[name + "_floats"] = .floats(a.map(Double.init))
            default: return nil
            }
        }
        switch dictionary.otherwise {
        case .string(let a): out["default_string"] = .string(a[0])
        case .i64(let a): out["default_int64"] = .int(a[0])
        case .f32(let a): out["default_float"] = .float(Double(a[0]))
        default: return nil
        }
        return out
    }
}

extension LabelDictionary {
    /// The dictionary of a `label_encoder` node of a verified graph.
    init(attributesOf node: Node) throws(MaxError) {
        try self.init(Evaluation(op: node.op, attributes: node.attributes, operands: [], resultCount: 1))
    }
}

extension Attribute {
    fileprivate var isEmptyList: Bool {
        switch self {
        case .ints(let list): list.isEmpty
        case .floats(let list): list.isEmpty
        case .strings(let list): list.isEmpty
        default: false
        }
    }
}
