import MaxFormats
import MaxIR

extension XGBoost.Booster {
    /// - Parameter weights: dart's weight per tree; trees beyond its end weigh 1.
    static func trees(_ model: Field, _ learner: XGBoost.Learner, weights: Field?) throws(MaxError) -> TreeEnsemble {
        let trees = try model.member("trees").elements()
        let info = try model.member("tree_info")
        let outputs = try info.integers()
        try info.check(outputs.count, trees.count)
        if let count = try model.optional("gbtree_model_param")?.optional("num_trees") {
            let announced = try count.integer(0...Int64(Int32.max))
            guard announced == trees.count else {
                throw MaxError(.malformed, "xgboost: \(count.path): found \(announced), expected \(trees.count)")
            }
        }
        let scales = try weights?.floats() ?? []
        if let weights, scales.count > trees.count {
            throw MaxError(.malformed, "xgboost: \(weights.path): \(scales.count) weights for \(trees.count) trees")
        }
        let width = try trees.first.map(leafWidth) ?? 1
        guard width == 1 || width == learner.outputCount else {
            throw MaxError(
                .malformed,
                "xgboost: leaves of \(width) values, expected 1 or \(learner.outputCount), the number of outputs")
        }
        var builder = TreeEnsembleBuilder(outputs: learner.outputCount, leafStride: width)
        for (index, field) in trees.enumerated() {
            let own = try leafWidth(field)
            guard own == width else {
                throw MaxError(
                    .malformed, "xgboost: \(field.path): leaves of \(own) values, expected \(width) as before")
            }
            guard width > 1 || (outputs[index] >= 0 && outputs[index] < Int64(learner.outputCount)) else {
                throw MaxError(
                    .malformed,
                    "xgboost: \(info.path)[\(index)]: found \(outputs[index]), expected 0 to \(learner.outputCount - 1)"
                )
            }
            let tree = try XGBoostTree(field, width: width, weight: index < scales.count ? scales[index] : 1)
            try field.inside { () throws(MaxError) in
                try builder.addTree(
                    count: tree.count, output: width > 1 ? 0 : Int(outputs[index]),
                    node: { position throws(MaxError) in try tree.node(position) })
            }
        }
        do throws(MaxError) {
            return try builder.finish(threshold: .f32, base: .f32(learner.margin), columns: learner.featureCount)
        } catch {
            throw error.inside("xgboost: \(model.path)")
        }
    }

    private static func leafWidth(_ tree: Field) throws(MaxError) -> Int {
        let width = try tree.member("tree_param").optional("size_leaf_vector")?.integer(0...Int64(Limits.ports)) ?? 1
        return max(width, 1)
    }
}
