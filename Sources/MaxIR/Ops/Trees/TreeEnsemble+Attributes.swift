extension TreeEnsemble {
    static let attributeSpecs: [AttributeSpec] = [
        .required("column", .tensor), .required("comparison", .tensor), .required("threshold", .tensor),
        .required("missing", .tensor), .required("true_child", .tensor), .required("false_child", .tensor),
        .required("roots", .tensor), .required("tree_output", .tensor), .required("leaf_values", .tensor),
        .required("base", .tensor), .optional("set", .tensor), .optional("set_offsets", .tensor),
        .optional("set_words", .tensor), .defaulted("set_rule", .string("non_negative")),
        .defaulted("aggregate", .string("sum")), .optional("leaf_ids", .tensor), .optional("node_cover", .tensor),
        .optional("leaf_cover", .tensor), .optional("linear_offsets", .tensor), .optional("linear_columns", .tensor),
        .optional("linear_coefficients", .tensor), .optional("linear_base", .tensor),
    ]

    /// Reads the attributes of a `trees` node and proves them sound (`validate`).
    ///
    /// - Throws: `.malformed` naming the attribute.
    public init(_ node: some OperatorNode, columns: Int? = nil) throws(MaxError) {
        func list<E: TensorElement>(_ name: String) throws(MaxError) -> [E] {
            let tensor = try node.tensor(name)
            guard tensor.rank == 1, let values = tensor.values(as: E.self) else {
                throw MaxError(.malformed, "\(name): found \(tensor.type), expected \(E.elementType) of rank 1")
            }
            return values
        }
        func floats(_ name: String, ranks: ClosedRange<Int>) throws(MaxError) -> Tensor {
            let tensor = try node.tensor(name)
            guard tensor.elementType == .f32 || tensor.elementType == .f64, ranks.contains(tensor.rank) else {
                throw MaxError(
                    .malformed, "\(name): found \(tensor.type), expected f32 or f64 of rank \(ranks.upperBound)")
            }
            return tensor
        }
        func choice<C: RawRepresentable & CaseIterable>(_ name: String) throws(MaxError) -> C
        where C.RawValue == String {
            let text = try node.string(name)
            guard let value = C(rawValue: text.string) else {
                let known = C.allCases.map(\.rawValue).joined(separator: ", ")
                throw MaxError(.malformed, "\(name): found \(text.quoted), expected one of \(known)")
            }
            return value
        }
        threshold = try floats("threshold", ranks: 1...1).storage
        base = try floats("base", ranks: 1...1).storage
        let leaves = try floats("leaf_values", ranks: 1...2)
        leafValues = leaves.storage
        leafStride = leaves.rank == 2 ? leaves.shape[1] : 1
        column = try list("column")
        comparison = try list("comparison")
        missing = try list("missing")
        trueChild = try list("true_child")
        falseChild = try list("false_child")
        roots = try list("roots")
        treeOutput = try list("tree_output")
        if node.attribute("set") != nil { set = try list("set") }
        if node.attribute("set_offsets") != nil { setOffsets = try list("set_offsets") }
        if node.attribute("set_words") != nil { setWords = try list("set_words") }
        if node.attribute("leaf_ids") != nil { leafIDs = try list("leaf_ids") }
        if node.attribute("node_cover") != nil { nodeCover = try list("node_cover") }
        if node.attribute("leaf_cover") != nil { leafCover = try list("leaf_cover") }
        if ["linear_offsets", "linear_columns", "linear_coefficients", "linear_base"].contains(where: { node.attribute($0) != nil }) {
            var leaves = LinearLeaves()
            leaves.offsets = try list("linear_offsets")
            leaves.columns = try list("linear_columns")
            leaves.coefficients = try list("linear_coefficients")
            leaves.base = try list("linear_base")
            linear = leaves
        }
        setRule = try choice("set_rule")
        aggregate = try choice("aggregate")
        try validate(columns: columns)
    }

    /// The attributes of a `trees` node that means this ensemble.
    public var attributes: [String: Attribute] {
        func list<E: TensorElement>(_ values: [E]) -> Attribute { .tensor(Tensor(values)) }
        func floats(_ storage: TensorStorage) -> Attribute {
            .tensor(Tensor(unchecked: storage, shape: [storage.count]))
        }
        var out: [String: Attribute] = [
            "column": list(column), "comparison": list(comparison), "threshold": floats(threshold),
            "missing": list(missing), "true_child": list(trueChild), "false_child": list(falseChild),
            "roots": list(roots), "tree_output": list(treeOutput), "base": floats(base),
            "leaf_values": leafStride == 1
                ? floats(leafValues) : .tensor(Tensor(unchecked: leafValues, shape: [leafCount, leafStride])),
        ]
        if !set.isEmpty {
            out["set"] = list(set)
            out["set_offsets"] = list(setOffsets)
            out["set_words"] = list(setWords)
            out["set_rule"] = .string(Text(setRule.rawValue))
        }
        if !leafIDs.isEmpty { out["leaf_ids"] = list(leafIDs) }
        if !leafCover.isEmpty {
            out["node_cover"] = list(nodeCover)
            out["leaf_cover"] = list(leafCover)
        }
        if let linear {
            out["linear_offsets"] = list(linear.offsets)
            out["linear_columns"] = list(linear.columns)
            out["linear_coefficients"] = list(linear.coefficients)
            out["linear_base"] = list(linear.base)
        }
        if aggregate != .sum { out["aggregate"] = .string(Text(aggregate.rawValue)) }
        return out
    }
}
