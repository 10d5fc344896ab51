import MaxFormats
import MaxIR

/// Models that XGBoost saved as JSON or UBJSON (`save_model`, `save_raw`), releases 1.0 and later.
///
/// The graph's inputs are the model's columns; its outputs are `raw`, the margin `[N, K]` bit for bit as XGBoost
/// computes it on a CPU, and what `predict` gives: `probability` and `label`, or `prediction`.
public enum XGBoost {
    /// Whether `bytes` start as a model of XGBoost does.
    public static func detect(_ bytes: [UInt8]) -> Bool {
        guard let format = Format(bytes) else { return false }
        let keys: [StaticString] = ["learner", "Config"]
        let head = bytes.prefix(1 << 12)
        return keys.contains { key in
            let name = Array(Text(key.description).utf8)
            let pattern: [UInt8]
            switch format {
            case .json: pattern = [0x22] + name + [0x22]
            case .ubjson: pattern = [UInt8(name.count)] + name
            }
            return head.indices.contains { head[$0...].starts(with: pattern) }
        }
    }

    /// Reads a model.
    ///
    /// - Throws: `.malformed` naming the member that is wrong; `.unsupported` for an objective, booster or category
    ///   type that this version does not know; `.limitExceeded` for too many columns.
    public static func read(_ bytes: [UInt8], name: Text) throws(MaxError) -> Graph {
        let document: Document
        switch Format(bytes) {
        case .json: document = try JSONReader.read(bytes)
        case .ubjson: document = try UBJSONReader.read(bytes)
        case nil:
            throw MaxError(
                .malformed, "xgboost: the file does not start as JSON or UBJSON: save the model as .json or .ubj")
        }
        var root = Field(library: "xgboost", value: document, path: "")
        // A memory snapshot (pickle) holds the model beside its training configuration.
        if let model = try root.optional("Model") { root = model }
        return try build(try Learner(root), name: name)
    }

    private enum Format {
        case json, ubjson

        init?(_ bytes: [UInt8]) {
            let significant = bytes.lazy.filter { $0 != 0x20 && $0 != 0x0a && $0 != 0x0d && $0 != 0x09 }.prefix(2)
            guard significant.first == UInt8(ascii: "{"), let second = significant.dropFirst().first else { return nil }
            switch Character(Unicode.Scalar(second)) {
            case "\"", "}": self = .json
            case "L", "l", "I", "i", "U": self = .ubjson
            default: return nil
            }
        }
    }

    private static func build(_ learner: Learner, name: Text) throws(MaxError) -> Graph {
        let booster = try Booster(learner)
        var builder = GraphBuilder(name: name)
        let x = try columns(learner, booster.categories, &builder)
        let raw: ValueID
        switch booster.kind {
        case .trees(let ensemble):
            raw = try builder.add(Ops.trees, [x], ensemble.attributes)
        case .linear(let weights, let base):
            raw = try builder.add(Ops.orderedLinear, [x], ["weights": .tensor(weights), "base": .tensor(base)])
        }
        builder.output("raw", raw)
        try learner.objective.addOutputs(of: raw, learner, &builder)
        return try builder.finish()
    }
}
