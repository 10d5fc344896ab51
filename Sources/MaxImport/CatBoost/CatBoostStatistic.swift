import MaxFormats
import MaxIR

/// A statistic of categories ("CTR"): a table from the hash of a combination of features to a number, made when the
/// model was trained.
///
/// Source: CatBoost `TStaticCtrProvider::CalcCtrs`, `TModelCtr::Calc`, `CalcHash`.
struct CatBoostStatistic {
    enum Element: Hashable {
        case category(Int)
        /// Whether a float is above a border.
        case above(float: Int, border: Float)
        /// Whether a category has a hash.
        case equals(category: Int, hash: Int64)

        /// Hashes combine categories first, then floats, then equalities.
        fileprivate var order: Int {
            switch self {
            case .category: 0
            case .above: 1
            case .equals: 2
            }
        }
    }

    let elements: [Element]
    private(set) var keys: [Int64] = []
    /// One per key.
    private(set) var values: [Float] = []
    /// Of a combination that was not seen.
    let otherwise: Float

    private static let emptyKey = UInt64.max
    private static let multiplier = Int64(bitPattern: 0x4906_ba49_4954_cb65)

    init(_ field: Field, _ features: CatBoostFeatures, tables: Field?) throws(MaxError) {
        var elements: [Element] = []
        for element in try field.member("elements").elements() { elements.append(try Self.element(element, features)) }
        self.elements = (0...2).flatMap { order in elements.filter { $0.order == order } }
        let formula = try Formula(field)
        let identifier = try field.member("identifier").text()
        guard case .object(let all)? = tables?.value, let table = all[identifier] else {
            throw MaxError(.malformed, "catboost: \(field.path).identifier: ctr_data has no \(identifier.quoted)")
        }
        let data = Field(library: "catboost", value: table, path: "ctr_data[\(identifier.quoted)]")
        let stride = try data.member("hash_stride").integer(2...1 << 16)
        let denominator = Float(try data.optional("counter_denominator")?.integer(0...Int64(Int32.max)) ?? 0)
        let rows = try data.member("hash_map")
        guard case .array(let cells) = rows.value, cells.count % stride == 0 else {
            throw rows.malformed("an array of rows of \(stride)")
        }
        guard cells.count / stride <= Limits.evaluatedElements else {
            throw MaxError(.limitExceeded, "catboost: \(rows.path): \(cells.count / stride) rows, at most \(Limits.evaluatedElements)")
        }
        otherwise = formula.value([], denominator)
        for start in Swift.stride(from: 0, to: cells.count, by: stride) {
            guard let hash = cells[start].text.flatMap({ UInt64($0.string) }) else {
                throw MaxError(.malformed, "catboost: \(rows.path)[\(start)]: found \(cells[start].kind), expected a hash as text")
            }
            guard hash != Self.emptyKey else { continue }
            var numbers: [Double] = []
            for cell in cells[start + 1..<start + stride] {
                guard case .number(let number) = cell, let value = number.double else {
                    throw MaxError(.malformed, "catboost: \(rows.path)[\(start)]: found \(cell.kind), expected numbers after the hash")
                }
                numbers.append(value)
            }
            try formula.check(numbers.count, rows.path)
            keys.append(Int64(bitPattern: hash))
            values.append(formula.value(numbers, denominator))
        }
    }

    /// Refuses models whose file does not tell which table a statistic has: tables are found by combination and kind, so
    /// those of another target, or of another binarization of the target, were written over each other.
    ///
    /// Source: CatBoost `model_export/json_model_helpers.cpp`, whose identifier lacks the target's classifier.
    static func checkTables(of features: CatBoostFeatures, severalTargets: Bool) throws(MaxError) {
        var seen = Set<[Text]>()
        for statistic in features.statistics {
            let field = statistic.field
            let kind = try field.member("ctr_type").text()
            var key = [try field.member("identifier").text()]
            for name in ["prior_numerator", "prior_denomerator", "shift", "scale", "target_border_idx"] {
                key.append(Text("\(try field.member(name).number())"))
            }
            let isOfTarget = kind != "Counter" && kind != "FeatureFreq"
            guard seen.insert(key).inserted, !(severalTargets && isOfTarget) else {
                throw MaxError(
                    .unsupported,
                    "catboost: \(field.path): CatBoost's JSON keeps one table of '\(kind)' where there were several: "
                        + "train with one target and one TargetBorderCount per kind, or with one_hot_max_size above the number of categories"
                )
            }
        }
    }

    private static func element(_ field: Field, _ features: CatBoostFeatures) throws(MaxError) -> Element {
        func category() throws(MaxError) -> Int {
            try field.member("cat_feature_index").integer(0...Int64(max(features.categories.count - 1, 0)))
        }
        let kind = try field.member("combination_element").text().string
        switch kind {
        case "cat_feature_value": return .category(try category())
        case "cat_feature_exact_value":
            return .equals(category: try category(), hash: Int64(try field.member("value").integer(Int64(Int32.min)...Int64(Int32.max))))
        case "float_feature":
            let index = try field.member("float_feature_index").integer(0...Int64(max(features.floats.count - 1, 0)))
            return .above(float: index, border: Float(try field.member("border").number()))
        default: throw MaxError(.unsupported, "catboost: \(field.path).combination_element: '\(kind)' is not known")
        }
    }

    /// The hash of a row's combination: `h = M × (h + M × v)` for every element's value v, modulo 2^64.
    func key(
        _ inputs: CatBoostColumns.Inputs, _ features: CatBoostFeatures, _ builder: inout GraphBuilder
    ) throws(MaxError) -> ValueID {
        let multiplier = try builder.constant(Tensor(scalar: Self.multiplier))
        var key: ValueID?
        for element in elements {
            let value: ValueID
            switch element {
            case .category(let index): value = try inputs.hash(index)
            case .equals(let index, let hash):
                let equal = try builder.add(Ops.equal, [try inputs.hash(index), try builder.constant(Tensor(scalar: hash))])
                value = try builder.add(Ops.cast, [equal], ["to": .type(.i64)])
            case .above(let index, let border):
                let limit = try builder.constant(Tensor(scalar: border))
                let x = try inputs.float(index)
                let above: ValueID
                if features.floats[index].isTrueWhenMissing {
                    above = try builder.add(Ops.not, [try builder.add(Ops.lessOrEqual, [x, limit])])
                } else {
                    above = try builder.add(Ops.greater, [x, limit])
                }
                value = try builder.add(Ops.cast, [above], ["to": .type(.i64)])
            }
            var term = try builder.add(Ops.mul, [value, multiplier])
            if let before = key { term = try builder.add(Ops.add, [before, term]) }
            key = try builder.add(Ops.mul, [term, multiplier])
        }
        guard let key else { throw MaxError(.malformed, "catboost: features_info.ctrs: a statistic of nothing") }
        return key
    }

    /// What a row of a table means.
    private struct Formula {
        private enum Kind: String {
            case borders = "Borders"
            case buckets = "Buckets"
            case binarizedMean = "BinarizedTargetMeanValue"
            case floatMean = "FloatTargetMeanValue"
            case counter = "Counter"
            case frequency = "FeatureFreq"
        }

        private let kind: Kind
        private let border: Int
        private let priorNumerator, priorDenominator, shift, scale: Float
        private let path: String

        init(_ field: Field) throws(MaxError) {
            let name = try field.member("ctr_type").text().string
            guard let kind = Kind(rawValue: name) else {
                throw MaxError(.unsupported, "catboost: \(field.path).ctr_type: '\(name)' is not known")
            }
            self.kind = kind
            path = field.path
            border = try field.member("target_border_idx").integer(0...1 << 16)
            priorNumerator = Float(try field.member("prior_numerator").number())
            priorDenominator = Float(try field.member("prior_denomerator").number())
            shift = Float(try field.member("shift").number())
            scale = Float(try field.member("scale").number())
        }

        func check(_ count: Int, _ table: String) throws(MaxError) {
            let isRight =
                switch kind {
                case .borders: count >= 2 && border + 1 < max(count, 2)
                case .buckets: border < count
                case .binarizedMean, .floatMean: count == 2
                case .counter, .frequency: count == 1
                }
            guard isRight else {
                throw MaxError(.malformed, "catboost: \(table): rows of \(count) numbers do not fit '\(kind.rawValue)' of \(path)")
            }
        }

        /// - Parameter row: empty for a combination that was not seen.
        func value(_ row: [Double], _ denominator: Float) -> Float {
            let (good, total): (Float, Float)
            switch kind {
            case .counter, .frequency: (good, total) = (row.first.map { Float($0) } ?? 0, denominator)
            case .binarizedMean, .floatMean: (good, total) = row.isEmpty ? (0, 0) : (Float(row[0]), Float(row[1]))
            case .buckets: (good, total) = row.isEmpty ? (0, 0) : (Float(row[border]), Float(row.reduce(0, +)))
            case .borders: (good, total) = row.isEmpty ? (0, 0) : (Float(row[(border + 1)...].reduce(0, +)), Float(row.reduce(0, +)))
            }
            return ((good + priorNumerator) / (total + priorDenominator) + shift) * scale
        }
    }
}
