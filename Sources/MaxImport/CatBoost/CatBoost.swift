import MaxFormats
import MaxIR

/// Models that CatBoost saved as JSON (`save_model(path, format="json")`), releases 0.25 and later.
///
/// The graph's inputs are the model's columns in their order: numbers as f32, categories as texts, of which CatBoost's
/// hash is taken. Its outputs are `raw`, `RawFormulaVal` `[N, K]` bit for bit, and what `predict` gives: `probability`
/// and `label`, or `prediction`.
public enum CatBoost {
    /// Whether `bytes` start as a model of CatBoost does: an object whose first member is one of its own.
    public static func detect(_ bytes: [UInt8]) -> Bool {
        let head = bytes.prefix(1 << 10).filter { !JSONReader.isSpace($0) }
        return ["ctr_data", "features_info"].contains { head.starts(with: "{\"\($0)\":".utf8) }
    }

    /// Reads a model.
    ///
    /// - Throws: `.malformed` naming the member that is wrong; `.unsupported` for text and embedding features, for a loss
    ///   that is not known, and for statistics of several targets, whose tables the format mixes up; `.limitExceeded` for
    ///   too many columns, or symmetric trees that do not fit when their leaves are written out.
    public static func read(_ bytes: [UInt8], name: Text) throws(MaxError) -> Graph {
        let root = Field(library: "catboost", value: try JSONReader.read(bytes), path: "")
        let features = try CatBoostFeatures(try root.member("features_info"))
        let bias = try CatBoostBias(root)
        let loss = try CatBoostLoss(try root.member("model_info"), outputs: bias.outputs)
        try CatBoostStatistic.checkTables(of: features, severalTargets: loss.hasSeveralTargets)
        var builder = GraphBuilder(name: name)
        let columns = try CatBoostColumns(features, tables: try root.optional("ctr_data"), &builder)
        let trees = try CatBoostTrees(root, features, outputs: bias.outputs)
        let ensemble = try trees.ensemble(columns: columns.count)
        let sum = try builder.add(Ops.trees, [columns.matrix], ensemble.attributes)
        let raw = try bias.apply(to: sum, &builder)
        builder.output("raw", raw)
        try loss.addOutputs(of: raw, &builder)
        return try builder.finish()
    }
}

/// `scale_and_bias`: what is made of the sum of leaves.
struct CatBoostBias {
    let outputs: Int
    private let scale: Double
    private let bias: [Double]

    init(_ root: Field) throws(MaxError) {
        let field = try root.member("scale_and_bias")
        let parts = try field.elements()
        guard parts.count == 2 else { throw MaxError(.malformed, "catboost: scale_and_bias: \(parts.count) elements, expected 2") }
        scale = try parts[0].number()
        bias = try parts[1].doubles()
        outputs = bias.count
        guard (1...Limits.ports).contains(outputs), scale.isFinite, bias.allSatisfy(\.isFinite) else {
            throw MaxError(.malformed, "catboost: scale_and_bias: expected a finite factor and 1 to \(Limits.ports) finite numbers")
        }
    }

    /// `scale × sum + bias`, rounded twice; nothing where that is the identity.
    func apply(to sum: ValueID, _ builder: inout GraphBuilder) throws(MaxError) -> ValueID {
        guard scale != 1 || bias.contains(where: { $0 != 0 }) else { return sum }
        var value = sum
        if scale != 1 { value = try builder.add(Ops.mul, [value, try builder.constant(Tensor(scalar: scale))]) }
        return try builder.add(Ops.add, [value, try builder.constant(Tensor(bias))])
    }
}
