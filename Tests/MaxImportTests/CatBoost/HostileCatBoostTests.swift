import MaxIR
import MaxImport
import Testing

@Suite struct HostileCatBoostTests {
    static let faults: [(String, MaxError.Code, @Sendable (inout CatBoostModel) -> Void)] = [
        ("nan_value_treatment", .unsupported, { $0.nan = "\"AsMaybe\"" }),
        ("nan_value_treatment", .malformed, { $0.nan = "7" }),
        ("feature_index", .malformed, { $0.floatIndex = "1" }),
        ("feature_index", .malformed, { $0.floatIndex = "-1" }),
        ("borders", .malformed, { $0.borders = "\"x\"" }),
        ("values", .malformed, { $0.values = "[\"x\"]" }),
        ("do not have -9", .malformed, { $0.values = "[7]" }),
        ("ctr_type", .unsupported, { $0.statistic = $0.statistic.replacing("Borders", with: "Mystery") }),
        ("identifier", .malformed, { $0.statistic = $0.statistic.replacing("\"key\"", with: "\"lock\"") }),
        ("target_border_idx", .malformed, { $0.statistic = $0.statistic.replacing("_idx\":0", with: "_idx\":-1") }),
        ("do not fit", .malformed, { $0.statistic = $0.statistic.replacing("_idx\":0", with: "_idx\":1") }),
        ("do not fit", .malformed, { $0.statistic = $0.statistic.replacing("Borders", with: "Counter") }),
        ("one table", .unsupported, { $0.more = ",{\"elements\":\($0.elements),\($0.statistic)}" }),
        ("one table", .unsupported, { $0.loss = "MultiRMSE" }),
        ("combination_element", .unsupported, { $0.elements = $0.elements.replacing("cat_feature_value", with: "mystery") }),
        (
            "cat_feature_index", .malformed,
            { $0.elements = $0.elements.replacing("\"cat_feature_index\":0", with: "\"cat_feature_index\":1") }
        ),
        ("a statistic of nothing", .malformed, { $0.elements = "[]" }),
        ("text_features", .unsupported, { $0.extra = ",\"text_features\":[{}]" }),
        ("embedding_features", .unsupported, { $0.extra = ",\"embedding_features\":[{}]" }),
        ("hash_stride", .malformed, { $0.stride = "0" }),
        ("hash_stride", .malformed, { $0.stride = "9223372036854775807" }),
        ("hash_map", .malformed, { $0.stride = "2" }),
        ("hash_map", .malformed, { $0.table = "[1,2,3]" }),
        ("hash_map", .malformed, { $0.table = "[\"x\",2,3]" }),
        ("hash_map", .malformed, { $0.table = "[\"5\",\"2\",3]" }),
        ("split_type", .unsupported, { $0.splits = $0.splits.replacing("OneHotFeature", with: "Mystery") }),
        ("split_index", .malformed, { $0.splits = $0.splits.replacing("\"split_index\":4", with: "\"split_index\":5") }),
        ("split_index", .malformed, { $0.splits = $0.splits.replacing("\"split_index\":4", with: "\"split_index\":3") }),
        (
            "float_feature_index", .malformed,
            { $0.splits = $0.splits.replacing("feature_index\":0,\"split_index\":1", with: "feature_index\":1,\"split_index\":1") }
        ),
        ("leaf_values", .malformed, { $0.leaves = "[1,2,3]" }),
        ("leaf_weights", .malformed, { $0.weights = "[1,2,3]" }),
        (
            "splits", .limitExceeded,
            {
                $0.splits =
                    "["
                    + [String](repeating: "{\"border\":1.5,\"float_feature_index\":0,\"split_type\":\"FloatFeature\"}", count: 40).joined(
                        separator: ",") + "]"
            }
        ),
        ("scale_and_bias", .malformed, { $0.bias = "[1]" }),
        ("scale_and_bias", .malformed, { $0.bias = "[1,[]]" }),
        ("scale_and_bias", .malformed, { $0.bias = "[NaN,[0]]" }),
        ("leaf_values", .malformed, { $0.bias = "[1,[0,0]]" }),
        ("is not known", .unsupported, { $0.loss = "Mystery" }),
        ("expected 2", .malformed, { $0.loss = "RMSEWithUncertainty" }),
        ("class_names", .malformed, { ($0.loss, $0.names) = ("Logloss", "[0,1,2]") }),
        ("'trees' is missing", .malformed, { $0.trees = "\"wood\":[]" }),
        (
            "value", .malformed,
            {
                $0.trees =
                    "\"trees\":[{\"left\":{\"value\":1},\"right\":{},\"split\":{\"border\":1.5,\"float_feature_index\":0,\"split_type\":\"FloatFeature\"}}]"
            }
        ),
        (
            "right", .malformed,
            {
                $0.trees =
                    "\"trees\":[{\"left\":{\"value\":1},\"split\":{\"border\":1.5,\"float_feature_index\":0,\"split_type\":\"FloatFeature\"}}]"
            }
        ),
    ]

    @Test(arguments: faults.indices) func `a damaged model is refused, and the message names the part`(index: Int) throws {
        let (part, code, damage) = Self.faults[index]
        var model = CatBoostModel()
        damage(&model)
        let error = #expect(throws: MaxError.self) { try CatBoost.read(model.bytes, name: "m") }
        #expect(error?.code == code, "\(error?.message ?? "")")
        #expect(error?.message.contains(part) == true, "\(error?.message ?? "") lacks \(part)")
    }

    @Test func `splits answer the bits of a leaf's number, and what is missing goes where the column says`() throws {
        let graph = try CatBoost.read(CatBoostModel().bytes, name: "m")
        #expect(graph.inputs.map(\.name) == ["kind", "1"])
        // green hashes to neither value; NaN is above both borders.
        let found = try graph.evaluate([.tensor(Tensor([Text("green"), "green"])), .tensor(Tensor([Float(0), .nan]))])
        let raw: [Double] = try #require(found[0].tensor?.values())
        #expect(raw == [5.25, 6.25])
    }

    @Test func `nested trees send what is true to the right`() throws {
        var model = CatBoostModel()
        model.trees =
            "\"trees\":[{\"left\":{\"value\":1,\"weight\":2},\"right\":{\"value\":2,\"weight\":3},\"split\":{\"border\":1.5,\"float_feature_index\":0,\"split_type\":\"FloatFeature\"}}]"
        let graph = try CatBoost.read(model.bytes, name: "m")
        let found = try graph.evaluate([.tensor(Tensor([Text("a"), "a", "a"])), .tensor(Tensor([Float(1.5), 2, .nan]))])
        let raw: [Double] = try #require(found[0].tensor?.values())
        #expect(raw == [1.25, 2.25, 2.25])
    }
}
