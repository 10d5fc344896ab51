/// A small model as JSON, with every part that a test may want to spoil: a float, a category with one-hot values, and a
/// statistic of the category and a border of the float.
struct CatBoostModel {
    var nan = "\"AsTrue\""
    var floatIndex = "0"
    var borders = "[0.5,1.5]"
    var values = "[7,-9]"
    var statistic = """
        "borders":[2.5],"ctr_type":"Borders","identifier":"key","prior_denomerator":1,"prior_numerator":0.5,"scale":15,"shift":0,\
        "target_border_idx":0
        """
    var elements = """
        [{"cat_feature_index":0,"combination_element":"cat_feature_value"},\
        {"border":0.5,"combination_element":"float_feature","float_feature_index":0}]
        """
    var more = ""
    var extra = ""
    var table = "[\"18446744073709551615\",0,0,\"5\",1,3,\"12397218947374946856\",2,2]"
    var stride = "3"
    var splits = """
        [{"border":1.5,"float_feature_index":0,"split_index":1,"split_type":"FloatFeature"},\
        {"cat_feature_index":0,"split_index":3,"split_type":"OneHotFeature","value":-9},\
        {"border":2.5,"ctr_target_border_idx":0,"split_index":4,"split_type":"OnlineCtr"}]
        """
    var leaves = "[1,2,3,4,5,6,7,8]"
    var weights = "[1,1,1,1,1,1,1,1]"
    var bias = "[1,[0.25]]"
    var loss = "RMSE"
    var names = "null"
    var trees: String?

    var bytes: [UInt8] {
        let trees = trees ?? "\"oblivious_trees\":[{\"leaf_values\":\(leaves),\"leaf_weights\":\(weights),\"splits\":\(splits)}]"
        return Array(
            """
            {"ctr_data":{"key":{"counter_denominator":0,"hash_map":\(table),"hash_stride":\(stride)}},
            "features_info":{"categorical_features":[{"feature_id":"kind","feature_index":0,"flat_feature_index":0,"values":\(values)}],
            "ctrs":[{"elements":\(elements),\(statistic)}\(more)],
            "float_features":[{"borders":\(borders),"feature_id":"","feature_index":\(floatIndex),"flat_feature_index":1,
            "has_nans":true,"nan_value_treatment":\(nan)}]\(extra)},
            "model_info":{"class_params":{"class_names":\(names)},"params":{"loss_function":{"params":{},"type":"\(loss)"}}},
            \(trees),"scale_and_bias":\(bias)}
            """.utf8)
    }
}
