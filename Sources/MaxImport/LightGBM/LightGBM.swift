import MaxFormats
import MaxIR

/// Models that LightGBM saved as text (`save_model`, `model_to_string`), releases 2 to 4.
///
/// The graph's inputs are the model's columns, f64; its outputs are `raw`, the raw score `[N, K]` bit for bit as
/// `predict(raw_score=True)` computes it from a dense matrix, and what `predict` gives: `probability` and `label`, or
/// `prediction`.
public enum LightGBM {
    /// Whether `bytes` start as a model of LightGBM does: `tree`, then lines of `key=value`.
    public static func detect(_ bytes: [UInt8]) -> Bool {
        let head = bytes.prefix(64)
        return head.starts(with: "tree\nversion=".utf8) || head.starts(with: "tree\r\nversion=".utf8)
    }

    /// Reads a model.
    ///
    /// - Throws: `.malformed` naming the tree and the key that is wrong; `.unsupported` for an objective that
    ///   is not known, or categories whose columns the file does not tell; `.limitExceeded` for too many columns.
    public static func read(_ bytes: [UInt8], name: Text) throws(MaxError) -> Graph {
        let file = try LightGBMFile(bytes)
        let header = file.header
        let features = try header.integer("max_feature_idx", 0...Limits.ports - 1) + 1
        let names = try header.list("feature_names").map { Text(utf8: Array($0)) }
        guard names.count == features else {
            throw header.malformed("feature_names", "\(names.count) names, expected \(features), one more than max_feature_idx")
        }
        let outputs = try header.integer("num_tree_per_iteration", 1...Limits.ports)
        guard file.trees.count % outputs == 0 else {
            throw header.malformed("num_tree_per_iteration", "found \(outputs), which does not divide the \(file.trees.count) trees")
        }
        var builder = TreeEnsembleBuilder(outputs: outputs)
        for (index, section) in file.trees.enumerated() {
            let tree = try LightGBMTree(section)
            do throws(MaxError) {
                try builder.addTree(count: tree.nodeCount + tree.leafCount, output: index % outputs) { position throws(MaxError) in
                    try tree.node(position)
                }
            } catch {
                throw error.message.hasPrefix("lightgbm") ? error : error.inside("lightgbm: \(section.place)")
            }
        }
        let zeros = [Double](repeating: 0, count: outputs)
        let ensemble = try builder.finish(threshold: .f64, base: .f64(zeros), setRule: .truncated, columns: features)
        let objective = try LightGBMObjective(header, outputs: outputs)
        var graph = GraphBuilder(name: name)
        let columns = FeatureColumns(names: names, categories: try file.categories(features), element: .f64)
        let raw = try graph.add(Ops.trees, [try columns.matrix(&graph)], ensemble.attributes)
        graph.output("raw", raw)
        let iterations = header.words.contains("average_output") ? file.trees.count / outputs : 1
        try objective.addOutputs(of: raw, dividedBy: max(iterations, 1), &graph)
        return try graph.finish()
    }
}
