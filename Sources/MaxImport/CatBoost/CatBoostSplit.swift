import MaxFormats
import MaxIR

/// A split as a test of the matrix that `CatBoostColumns` makes.
enum CatBoostSplit {
    /// - Returns: without children and cover.
    static func read(_ field: Field, _ features: CatBoostFeatures) throws(MaxError) -> SourceNode.Split {
        let (floats, categories) = (features.floats.count, features.categories.count)
        let kind = try field.member("split_type").text().string
        switch kind {
        case "FloatFeature":
            let index = try field.member("float_feature_index").integer(0...Int64(max(floats - 1, 0)))
            guard index < floats else { throw MaxError(.malformed, "catboost: \(field.path): the model has no float features") }
            let isTrue = features.floats[index].isTrueWhenMissing
            return SourceNode.Split(
                column: index, comparison: .greater, threshold: Double(Float(try field.member("border").number())),
                missing: isTrue ? .nan : .none, missingGoesTrue: isTrue, ifTrue: 0, ifFalse: 0)
        case "OneHotFeature":
            let index = try field.member("cat_feature_index").integer(0...Int64(max(categories - 1, 0)))
            let value = Int64(try field.member("value").integer(Int64(Int32.min)...Int64(Int32.max)))
            guard index < categories, let code = features.categories[index].values.firstIndex(of: value) else {
                throw MaxError(.malformed, "catboost: \(field.path): the values of categorical feature \(index) do not have \(value)")
            }
            return SourceNode.Split(
                column: floats + index, comparison: .equal, threshold: Double(code), missing: .none, missingGoesTrue: false, ifTrue: 0,
                ifFalse: 0)
        case "OnlineCtr":
            let index = try field.member("split_index").integer(0...Int64(Int32.max))
            guard let (position, border) = features.statistic(ofSplit: index) else {
                throw MaxError(.malformed, "catboost: \(field.path).split_index: found \(index), which is no border of features_info.ctrs")
            }
            return SourceNode.Split(
                column: floats + categories + position, comparison: .greater, threshold: Double(border), missing: .none,
                missingGoesTrue: false, ifTrue: 0, ifFalse: 0)
        default: throw MaxError(.unsupported, "catboost: \(field.path).split_type: '\(kind)' cannot be represented")
        }
    }
}
