import MaxIR

/// The foreign formats that can be imported.
public enum ModelFormat: String, Sendable, CaseIterable {
    case onnx
    case xgboost
    case lightgbm
    case catboost

    /// The format that the first bytes show.
    public static func detect(_ bytes: [UInt8]) -> ModelFormat? {
        if LightGBM.detect(bytes) { return .lightgbm }
        if CatBoost.detect(bytes) { return .catboost }
        if XGBoost.detect(bytes) { return .xgboost }
        if ONNX.detect(bytes) { return .onnx }
        return nil
    }

    /// - Throws: what the format's reader throws.
    public func read(_ bytes: [UInt8], name: Text) throws(MaxError) -> Graph {
        switch self {
        case .onnx: try ONNX.read(bytes, name: name)
        case .xgboost: try XGBoost.read(bytes, name: name)
        case .lightgbm: try LightGBM.read(bytes, name: name)
        case .catboost: try CatBoost.read(bytes, name: name)
        }
    }
}
