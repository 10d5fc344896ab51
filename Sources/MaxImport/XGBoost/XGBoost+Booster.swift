import MaxFormats
import MaxIR

extension XGBoost {
    /// What turns columns into margins, and the categories it was trained with.
    struct Booster {
        enum Kind {
            case trees(TreeEnsemble)
            /// Weights `[F, K]` and start values `[K]`.
            case linear(weights: Tensor, base: Tensor)
        }
        let kind: Kind
        let categories: [Int: Categories]

        init(_ learner: Learner) throws(MaxError) {
            let booster = learner.booster
            let name = try booster.member("name")
            switch try name.text().string {
            case "gbtree":
                let model = try booster.member("model")
                kind = .trees(try Self.trees(model, learner, weights: try model.optional("weight_drop")))
                categories = try Categories.read(model, learner)
            case "dart":
                // Up to 3.2 a tree model within, and the weights beside it.
                let model = try booster.member("gbtree").member("model")
                var weights = try booster.optional("weight_drop")
                if weights == nil { weights = try model.optional("weight_drop") }
                kind = .trees(try Self.trees(model, learner, weights: weights))
                categories = try Categories.read(model, learner)
            case "gblinear":
                kind = try Self.linear(try booster.member("model"), learner)
                categories = [:]
            case let other:
                throw MaxError(
                    .unsupported, "xgboost: \(name.path): booster '\(other)', expected gbtree, dart or gblinear")
            }
        }

        /// Weights are feature-major; the last K are the biases. Every output starts at the first start value,
        /// as `GBLinear::PredictBatchInternal` has it.
        private static func linear(_ model: Field, _ learner: Learner) throws(MaxError) -> Kind {
            let field = try model.member("weights")
            let weights = try field.floats()
            let (features, outputs) = (learner.featureCount, learner.outputCount)
            let split = try features.multiplied(by: outputs, "xgboost: \(field.path)")
            try field.check(weights.count, try split.adding(outputs, "xgboost: \(field.path)"))
            let base = weights[split...].map { $0 + learner.margin[0] }
            return .linear(weights: Tensor(Array(weights[..<split]), shape: [features, outputs]), base: Tensor(base))
        }
    }
}
