import MaxIR

/// Whether row i of a node's results depends on row i of its operands only, so that blocks of rows give what all rows
/// give at once.
enum RowLocality {
    /// Element by element, operands broadcast.
    private static let elementwise: Set<String> = [
        "add", "sub", "mul", "div", "mod", "pow", "min", "max", "sum", "mean", "equal", "less", "less_or_equal", "greater",
        "greater_or_equal", "and", "or", "xor", "not", "where", "cast", "neg", "abs", "sign", "relu", "is_nan", "is_inf", "clip",
        "identity", "label_encoder", "one_hot_encoder", "binarizer", "prelu", "bitwise_and", "bitwise_or", "bitwise_xor",
        "bitwise_not", "bit_shift", "string_hash", "murmur_hash", "time_part",
    ]
    /// Row by row on matrices; a vector would be one row.
    private static let matrix: Set<String> = [
        "scaler", "imputer", "normalizer", "feature_vectorizer", "array_feature_extractor", "linear_regressor",
        "linear_classifier", "svm_regressor", "svm_classifier", "trees", "tree_leaves", "tree_contributions", "tree_interventional",
        "ordered_linear", "linear_contributions",
        "softmax_wide", "softmax_zero", "expectiles",
    ]
    /// Along the attribute `axis`.
    private static let alongAxis: Set<String> = [
        "softmax", "log_softmax", "hardmax", "arg_max", "arg_min", "top_k", "concat", "split", "gather",
    ]

    static func holds(_ r: KernelRequest) throws -> Bool {
        let name = r.node.op.name
        if r.node.op.scalar != nil || elementwise.contains(name) { return broadcastsByRow(r) }
        if matrix.contains(name) { return operandZeroAloneHasRows(r, rank: 2) || (name == "feature_vectorizer" && allMatrices(r)) }
        if name == "gather", case .constant? = r.operands.first { return try r.evaluation.int("axis") == 0 }
        if alongAxis.contains(name) {
            guard let axis = try r.axis(), axis != 0 else { return false }
            return name == "concat" ? r.operands.allSatisfy { $0.slot != nil } : operandZeroAloneHasRows(r, rank: nil)
        }
        switch name {
        case "text_counts": return operandZeroAloneHasRows(r, rank: 1)
        case "matmul": return operandZeroAloneHasRows(r, rank: 2)
        case "gemm": return try r.matrix(0) != nil && r.operands[1].slot == nil && !r.evaluation.flag("transA") && broadcastsInside(r, 2)
        case "transpose": return r.evaluation.optionalInts("perm")?.first == 0
        case "slice": return operandZeroAloneHasRows(r, rank: nil) && axesKeepRows(r, 3)
        default: return name.hasPrefix("reduce_") && operandZeroAloneHasRows(r, rank: nil) && axesKeepRows(r, 1)
        }
    }

    /// Operands with rows have the result's rank, so that rows meet rows; constants do not reach the rows' axis.
    private static func broadcastsByRow(_ r: KernelRequest) -> Bool {
        let rank = r.node.op.name == "one_hot_encoder" ? r.rank - 1 : r.rank
        return r.operands.indices.allSatisfy { index in
            switch r.operands[index] {
            case .rows(_, let tail): tail.count + 1 == rank
            case .constant(let tensor): tensor.rank < rank || (tensor.rank == rank && tensor.shape.first == 1)
            case .absent: true
            }
        }
    }

    private static func broadcastsInside(_ r: KernelRequest, _ index: Int) -> Bool {
        guard index < r.operands.count else { return true }
        return switch r.operands[index] {
        case .rows(_, let tail): tail.count + 1 == r.rank
        case .constant(let tensor): tensor.rank < r.rank || tensor.shape.first == 1
        case .absent: true
        }
    }

    private static func operandZeroAloneHasRows(_ r: KernelRequest, rank: Int?) -> Bool {
        guard case .rows(_, let tail)? = r.operands.first, rank.map({ $0 == tail.count + 1 }) ?? true else { return false }
        return r.operands.dropFirst().allSatisfy { $0.slot == nil }
    }

    private static func allMatrices(_ r: KernelRequest) -> Bool {
        r.operands.allSatisfy { if case .rows = $0 { true } else { false } }
    }

    /// Operand `index` lists axes, and the rows' axis is none of them.
    private static func axesKeepRows(_ r: KernelRequest, _ index: Int) -> Bool {
        guard case .rows(_, let tail)? = r.operands.first, index < r.operands.count, case .constant(let axes) = r.operands[index],
            let values = axes.values(as: Int64.self) ?? axes.values(as: Int32.self)?.map({ Int64($0) }), !values.isEmpty
        else { return false }
        return values.allSatisfy { $0 != 0 && $0 != -Int64(tail.count + 1) }
    }
}
