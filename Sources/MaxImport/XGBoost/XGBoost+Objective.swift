import Glibc
import MaxFormats
import MaxIR

extension XGBoost {
    /// What XGBoost's `predict` makes of the margins, and how it reads the start value. All in f32.
    enum Objective: Hashable {
        case identity, logisticRegression, binaryLogistic, hinge, exponential, softmax, softprob, quantile, expectile

        /// - Throws: `.unsupported` naming an objective whose link is not known.
        init(_ name: Field) throws(MaxError) {
            let text = try name.text()
            switch text.string {
            case "reg:squarederror", "reg:linear", "reg:squaredlogerror", "reg:pseudohubererror", "reg:absoluteerror",
                "binary:logitraw", "rank:pairwise", "rank:ndcg", "rank:map":
                self = .identity
            case "reg:logistic": self = .logisticRegression
            case "binary:logistic": self = .binaryLogistic
            case "binary:hinge": self = .hinge
            case "count:poisson", "reg:gamma", "reg:tweedie", "survival:cox", "survival:aft": self = .exponential
            case "multi:softmax": self = .softmax
            case "multi:softprob": self = .softprob
            case "reg:quantileerror": self = .quantile
            case "reg:expectileerror": self = .expectile
            default:
                throw MaxError(.unsupported, "xgboost: \(name.path): objective \(text.quoted) is not known")
            }
        }

        /// The start value in margin space (`ProbToMargin`).
        func margin(_ score: [Float], _ field: Field) throws(MaxError) -> [Float] {
            func check(_ what: String, _ isValid: (Float) -> Bool) throws(MaxError) {
                guard score.allSatisfy(isValid) else {
                    throw MaxError(.malformed, "xgboost: \(field.path): found \(score), expected \(what)")
                }
            }
            switch self {
            case .logisticRegression, .binaryLogistic:
                try check("0 to 1") { $0 >= 0 && $0 <= 1 }
                return score.map { -logf(1 / min(max($0, 1e-6), 1 - 1e-6) - 1) }
            case .exponential:
                try check("more than 0") { $0 > 0 }
                return score.map { logf($0) }
            case .expectile:
                var out = score
                for k in out.indices.dropFirst() {
                    let gap = max(score[k] - score[k - 1] - 1e-6, 1e-6)
                    out[k] = gap + logf(-expm1f(-gap))
                }
                return out
            default: return score
            }
        }

        /// Adds the outputs that `predict` and the classifier's `predict` give.
        func addOutputs(of raw: ValueID, _ learner: Learner, _ builder: inout GraphBuilder) throws(MaxError) {
            let outputs = learner.outputCount
            /// `[N, 1]` as `[N]`.
            func column(_ value: ValueID) throws(MaxError) -> ValueID {
                guard outputs == 1 else { return value }
                return try builder.add(Ops.squeeze, [value, try builder.constant(Tensor([Int64(1)]))])
            }
            func isAbove(_ value: ValueID, _ limit: Float) throws(MaxError) -> ValueID {
                let above = try builder.add(
                    try XGBoost.greater(), [value, try builder.constant(Tensor(scalar: limit))])
                return try builder.add(Ops.cast, [above], ["to": .type(.i64)])
            }
            func function(_ name: String, _ attributes: [String: Attribute] = [:]) throws(MaxError) -> ValueID {
                try builder.add(try XGBoost.op(name), [raw], attributes)
            }
            func classes(_ scores: ValueID) throws(MaxError) -> ValueID {
                try builder.add(try XGBoost.op("arg_max"), [scores], ["axis": .int(1), "keepdims": .int(0)])
            }
            switch self {
            case .identity: builder.output("prediction", try column(raw))
            case .logisticRegression:
                builder.output("prediction", try column(try function("logistic", ["form": .string("clamped")])))
            case .binaryLogistic:
                let probability = try column(try function("logistic", ["form": .string("clamped")]))
                builder.output("probability", probability)
                builder.output("label", try isAbove(probability, 0.5))
            case .hinge: builder.output("label", try isAbove(try column(raw), 0))
            case .exponential: builder.output("prediction", try column(try function("exp")))
            case .softmax, .softprob:
                let probability = try function("softmax_wide")
                builder.output("probability", probability, labels: (0..<outputs).map { Text("\($0)") })
                builder.output("label", try classes(self == .softmax ? raw : probability))
            case .quantile where outputs > 1 && learner.version >= (3, 4):
                // From 3.4 on the quantiles of a row are sorted, so that they never cross.
                let k = try builder.constant(Tensor([Int64(outputs)]))
                let sorted = try builder.node(Ops.topK, [raw, k], ["axis": .int(1), "largest": .int(0)], results: 2)
                builder.output("prediction", sorted[0])
            case .quantile: builder.output("prediction", try column(raw))
            case .expectile: builder.output("prediction", try column(try function("expectiles")))
            }
        }
    }

    private static func op(_ name: String) throws(MaxError) -> Operator {
        guard let op = Ops.named[name] else { throw MaxError(.internal, "xgboost: no operator '\(name)'") }
        return op
    }

    private static func greater() throws(MaxError) -> Operator { try op("greater") }
}
