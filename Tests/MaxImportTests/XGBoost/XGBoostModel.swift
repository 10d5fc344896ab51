/// A small model as text, with every part that a test may want to spoil.
struct XGBoostModel {
    var objective = "reg:squarederror"
    var baseScore = "5E-1"
    var features = "2"
    var classes = "0"
    var booster = "gbtree"
    var left = "[1,-1,-1]"
    var right = "[2,-1,-1]"
    var columns = "[0,0,0]"
    var conditions = "[1.5E0,1E0,2E0]"
    var defaultLeft = "[1,0,0]"
    var nodes = "3"
    var treeInfo = "[0]"
    var extra = ""
    var modelExtra = ""
    var learnerExtra = ""
    var version = "[3,2,0]"

    var text: String {
        """
        {"learner":{"attributes":{},"feature_names":[],\(learnerExtra)"gradient_booster":{"name":"\(booster)","model":{
        "gbtree_model_param":{"num_trees":"1"},"tree_info":\(treeInfo),\(modelExtra)"trees":[{\(extra)
        "tree_param":{"num_nodes":"\(nodes)","size_leaf_vector":"1"},"left_children":\(left),"right_children":\(right),
        "split_indices":\(columns),"split_conditions":\(conditions),"default_left":\(defaultLeft)}]}},
        "learner_model_param":{"base_score":"\(baseScore)","num_class":"\(classes)","num_feature":"\(features)"},
        "objective":{"name":"\(objective)"}},"version":\(version)}
        """
    }

    var bytes: [UInt8] { Array(text.utf8) }

    /// The members that make the root's split categorical.
    static func categorical(segments: String, sizes: String, categories: String) -> String {
        """
        "split_type":[1,0,0],"categories_nodes":[0],"categories_segments":\(segments),
        "categories_sizes":\(sizes),"categories":\(categories),
        """
    }
}
