import MaxIR
import MaxImport
import Testing

@Suite struct HostileLightGBMTests {
    static let faults: [(String, MaxError.Code, @Sendable (inout LightGBMModel) -> Void)] = [
        ("does not start", .malformed, { $0.head = "forest\nversion=v4\n" }),
        ("cut off", .malformed, { $0.end = "" }),
        ("max_feature_idx", .malformed, { $0.features = "-1" }),
        ("max_feature_idx", .malformed, { $0.features = "99999999999" }),
        ("feature_names", .malformed, { $0.names = "a" }),
        ("num_tree_per_iteration", .malformed, { $0.perIteration = "2" }),
        ("num_tree_per_iteration", .malformed, { $0.perIteration = "0" }),
        ("objective", .unsupported, { $0.objective = "objective=mystery\n" }),
        ("sigmoid", .malformed, { $0.objective = "objective=binary sigmoid:x\n" }),
        ("expected Tree=0", .malformed, { $0.title = "Tree=1" }),
        ("num_leaves", .malformed, { $0.leaves = "0" }),
        ("num_leaves", .malformed, { $0.leaves = "9223372036854775807" }),
        ("leaf_value", .malformed, { $0.leaves = "1000000" }),
        ("leaf_value", .malformed, { $0.values = "1 2" }),
        ("leaf_value", .malformed, { $0.values = "1 2 x" }),
        ("split_feature", .malformed, { $0.columns = "0" }),
        ("column", .malformed, { $0.columns = "0 2" }),
        ("column", .malformed, { $0.columns = "-1 1" }),
        ("decision_type", .malformed, { $0.decisions = "2 12" }),
        ("decision_type", .malformed, { $0.decisions = "-1 1" }),
        ("threshold", .malformed, { $0.thresholds = "nan 0" }),
        ("threshold", .malformed, { $0.thresholds = "0.5 1" }),
        ("threshold", .malformed, { $0.thresholds = "0.5 -1" }),
        ("threshold", .malformed, { $0.thresholds = "0.5 0.5" }),
        ("threshold", .malformed, { $0.thresholds = "0.5 1e300" }),
        ("left_child", .malformed, { $0.left = "2 -2" }),
        ("left_child", .malformed, { $0.left = "-4 -2" }),
        ("left_child", .malformed, { $0.left = "-9223372036854775808 -2" }),
        ("reached twice", .malformed, { $0.right = "1 0" }),
        ("num_cat", .malformed, { $0.sets = "9" }),
        ("cat_boundaries", .malformed, { $0.boundaries = "0" }),
        ("cat_boundaries", .malformed, { $0.boundaries = "0 9" }),
        ("cat_boundaries", .malformed, { $0.boundaries = "1 0" }),
        ("cat_threshold", .malformed, { $0.words = "4294967296" }),
        ("cat_threshold", .malformed, { $0.words = "-1" }),
        ("is_linear", .malformed, { $0.extra = "is_linear=2" }),
        ("leaf_const", .malformed, { $0.extra = "is_linear=1" }),
        ("leaf_const", .malformed, { $0.extra = LightGBMModel.linear(base: "1 2") }),
        ("leaf_const", .malformed, { $0.extra = LightGBMModel.linear(base: "1 2 x") }),
        ("num_features", .malformed, { $0.extra = LightGBMModel.linear(counts: "1 2") }),
        ("num_features", .malformed, { $0.extra = LightGBMModel.linear(counts: "1 -1 3") }),
        ("num_features", .malformed, { $0.extra = LightGBMModel.linear(counts: "1 0 9223372036854775807") }),
        ("leaf_features", .malformed, { $0.extra = LightGBMModel.linear(features: "1 1") }),
        ("leaf_features", .malformed, { $0.extra = LightGBMModel.linear(features: "1 1 -1") }),
        ("linear_columns", .malformed, { $0.extra = LightGBMModel.linear(features: "1 1 2") }),
        ("column 4294967296", .malformed, { $0.extra = LightGBMModel.linear(features: "1 1 4294967296") }),
        ("leaf_coeff", .malformed, { $0.extra = LightGBMModel.linear(coefficients: "1 2 3 4") }),
        ("leaf_coeff", .malformed, { $0.extra = LightGBMModel.linear(coefficients: "1 2 0x") }),
        ("stands twice", .malformed, { $0.extra = "num_leaves=3" }),
        ("pandas_categorical", .unsupported, { $0.pandas = "pandas_categorical:[[1, 2], [3]]" }),
        ("pandas_categorical", .unsupported, { $0.pandas = "pandas_categorical:[[0.5, 1.5]]" }),
        ("pandas_categorical", .unsupported, { $0.pandas = "pandas_categorical:[[true, null]]" }),
        ("pandas_categorical", .malformed, { $0.pandas = "pandas_categorical:[7]" }),
        ("twice", .malformed, { $0.pandas = "pandas_categorical:[[\"x\", \"x\"]]" }),
    ]

    @Test(arguments: faults.indices)
    func `is refused by name`(index: Int) throws {
        let (expected, code, spoil) = Self.faults[index]
        var model = LightGBMModel()
        _ = try LightGBM.read(model.bytes, name: "m")
        spoil(&model)
        let bytes = model.bytes
        let error = #expect(throws: MaxError.self) { try LightGBM.read(bytes, name: "m") }
        #expect(error?.code == code && error?.message.contains(expected) == true, "\(error.map { "\($0)" } ?? "accepted")")
    }
}
