import MaxIR

/// Removes an imputer behind another that leaves nothing to impute: both replace NaN, and the first by numbers.
///
/// Does not fire when either replaces another value than NaN, or when the first imputes a NaN. Nor for integers,
/// where two imputers may replace different values.
struct MergeImputers: RewriteRule {
    let name = "merge-imputers"
    let equation = "imputer(imputer(x, NaN → v), NaN → w) = imputer(x, NaN → v)"

    func rewrite(_ node: Node, in graph: GraphView) throws(MaxError) -> Patch? {
        guard let operand = node.operands.first ?? nil, let type = graph.tensorType(of: operand), node.imputesNaN(type),
            let inner = graph.producer(of: operand), inner.imputesNaN(type),
            let values = inner.imputedFloats, values.allSatisfy({ !$0.isNaN })
        else { return nil }
        return .replacing(node, with: operand, in: graph)
    }
}

extension Node {
    /// Whether this is an imputer of floats that replaces NaN.
    func imputesNaN(_ type: TensorType) -> Bool {
        guard op == Ops.imputer, type.element.isFloat, case .float(let replaced)? = attributes["replaced_value_float"] else {
            return false
        }
        return replaced.isNaN
    }

    var imputedFloats: [Double]? {
        guard case .floats(let values)? = attributes["imputed_value_floats"], !values.isEmpty else { return nil }
        return values
    }
}
