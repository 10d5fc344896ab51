/// A small model as text, with every part that a test may want to spoil: node 0 sends to leaf 0 or node 1, which has a
/// set, node 1 to leaf 1 or leaf 2.
struct LightGBMModel {
    var head = "tree\nversion=v4\n"
    var features = "1"
    var names = "a b"
    var infos = "[0:1] 3:5"
    var perIteration = "1"
    var objective = "objective=regression\n"
    var title = "Tree=0"
    var leaves = "3"
    var sets = "1"
    var columns = "0 1"
    var thresholds = "0.5 0"
    var decisions = "2 1"
    var left = "-1 -2"
    var right = "1 -3"
    var values = "1 2 3"
    var boundaries = "0 1"
    var words = "40"
    var extra = ""
    var end = "end of trees\n"
    var pandas = "pandas_categorical:null\n"

    /// The lines that give leaves a linear model: leaf 0 one of b, leaf 1 none, leaf 2 one of b and a.
    static func linear(
        base: String = "0.1 2 -3", counts: String = "1 0 2", features: String = "1   1 0 ", coefficients: String = "0.3   -2.7 1e300 "
    ) -> String {
        "is_linear=1\nleaf_const=\(base)\nnum_features=\(counts)\nleaf_features=\(features)\nleaf_coeff=\(coefficients)"
    }

    var bytes: [UInt8] {
        Array(
            """
            \(head)num_class=1
            num_tree_per_iteration=\(perIteration)
            max_feature_idx=\(features)
            \(objective)feature_names=\(names)
            feature_infos=\(infos)

            \(title)
            num_leaves=\(leaves)
            num_cat=\(sets)
            split_feature=\(columns)
            threshold=\(thresholds)
            decision_type=\(decisions)
            left_child=\(left)
            right_child=\(right)
            leaf_value=\(values)
            leaf_count=20 30 10
            internal_count=60 40
            cat_boundaries=\(boundaries)
            cat_threshold=\(words)
            \(extra)
            \(end)
            \(pandas)
            """.utf8)
    }
}
