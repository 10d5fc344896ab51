import Glibc
import MaxFormats
import MaxIR

extension XGBoost {
    /// The part of a model that is the same for every booster.
    struct Learner {
        let featureCount: Int
        let outputCount: Int
        let featureNames: [Text]
        let objective: Objective
        /// The start value of every output, in margin space.
        let margin: [Float]
        /// Major and minor number of the release that wrote the file.
        let version: (Int, Int)
        let booster: Field

        init(_ root: Field) throws(MaxError) {
            let learner = try root.member("learner")
            version = try Self.version(root)
            let parameters = try learner.member("learner_model_param")
            let features = try parameters.member("num_feature")
            featureCount = try features.integer(1...Int64(UInt32.max))
            guard featureCount <= Limits.ports else {
                throw MaxError(
                    .limitExceeded, "xgboost: \(features.path): \(featureCount) columns, at most \(Limits.ports)")
            }
            let limit = Int64(Limits.ports)
            let classes = try parameters.optional("num_class")?.integer(0...limit) ?? 0
            let targets = try parameters.optional("num_target")?.integer(1...limit) ?? 1
            outputCount = max(classes, targets, 1)
            objective = try Objective(try learner.member("objective").member("name"))
            let score = try parameters.member("base_score")
            margin = try objective.margin(try Self.baseScore(score, outputCount), score)
            featureNames = try Self.names(learner, featureCount)
            booster = try learner.member("gradient_booster")
        }

        private static func version(_ root: Field) throws(MaxError) -> (Int, Int) {
            guard let field = try root.optional("version") else { return (1, 0) }
            let numbers = try field.integers()
            guard numbers.count >= 2, let major = Int(exactly: numbers[0]), let minor = Int(exactly: numbers[1]) else {
                throw field.malformed("three integers")
            }
            guard major >= 1 else {
                throw MaxError(
                    .unsupported,
                    "xgboost: version \(major).\(minor): its start value is in another space: save it with 1.0 or later"
                )
            }
            return (major, minor)
        }

        /// `5E-1`, `[5E-1]` or one value per output; one value serves all.
        private static func baseScore(_ field: Field, _ outputs: Int) throws(MaxError) -> [Float] {
            let text = try field.text()
            let values: [Float]
            switch try field.inside({ () throws(MaxError) in try JSONReader.read(text.utf8) }) {
            case .number(let number): values = number.float.map { [$0] } ?? []
            case .numbers(let numbers): values = try field.inside { () throws(MaxError) in try numbers.floats() }
            default: values = []
            }
            guard values.count == 1 || values.count == outputs, values.allSatisfy(\.isFinite) else {
                throw MaxError(
                    .malformed, "xgboost: \(field.path): found \(text.quoted), expected 1 or \(outputs) finite numbers")
            }
            return values.count == outputs ? values : Array(repeating: values[0], count: outputs)
        }

        private static func names(_ learner: Field, _ count: Int) throws(MaxError) -> [Text] {
            var names: [Text] = []
            if let field = try learner.optional("feature_names") {
                for element in try field.elements() { names.append(try element.text()) }
                if !names.isEmpty { try field.check(names.count, count) }
            }
            return names.isEmpty ? (0..<count).map { Text("f\($0)") } : names
        }
    }
}
