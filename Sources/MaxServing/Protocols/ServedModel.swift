import MaxExpectations
import MaxFormats
import MaxIR
import MaxRuntime
import Synchronization

typealias JSONText = JSONWriter

/// A model under its name and version, shared by all event loops.
public final class ServedModel: Sendable {
    public let model: Model
    public let name: String
    public let version: String
    let metrics: ModelMetrics
    /// nil where nothing is expected of its rows.
    let expectations: ExpectationMonitor?
    private let explanation = Mutex<Result<Model, MaxError>?>(nil)

    /// - Parameter version: as a registry calls it, instead of the bundle's own.
    public init(_ model: Model, version: String? = nil, expectations: ExpectationMonitor? = nil) {
        self.model = model
        self.expectations = expectations
        name = model.info.name.string
        self.version = version ?? model.info.version.string
        metrics = ModelMetrics()
    }

    var schema: Schema { model.schema }

    /// The model with its contributions, made when first asked for and shared by all event loops.
    ///
    /// - Throws: what stands in the way, the same every time.
    func explained() throws(MaxError) -> Model {
        let made = explanation.withLock { known in
            if let known { return known }
            let made: Result<Model, MaxError>
            do throws(MaxError) {
                made = .success(try model.explained(contributions: true, leaves: false))
            } catch {
                made = .failure(error)
            }
            known = made
            return made
        }
        return try made.get()
    }

    /// Whether every column is a number of one type, so that a packed tensor can feed all of them.
    var packedElement: ElementType? {
        guard let first = schema.columns.first?.element, first.isNumeric else { return nil }
        return schema.columns.allSatisfy { $0.element == first } ? first : nil
    }
}

/// The names of the Open Inference Protocol for element types.
extension ElementType {
    var v2Name: String {
        switch self {
        case .f64: "FP64"
        case .f32: "FP32"
        case .f16: "FP16"
        case .bf16: "BF16"
        case .i64, .timestamp: "INT64"
        case .i32: "INT32"
        case .i16: "INT16"
        case .i8: "INT8"
        case .u64: "UINT64"
        case .u32: "UINT32"
        case .u16: "UINT16"
        case .u8: "UINT8"
        case .bool: "BOOL"
        case .string: "BYTES"
        }
    }

    init?(v2Name: Text) {
        switch v2Name.string {
        case "FP32": self = .f32
        case "BYTES": self = .string
        case "INT64": self = .i64
        case "FP64": self = .f64
        case "BOOL": self = .bool
        case "INT32": self = .i32
        case "INT16": self = .i16
        case "INT8": self = .i8
        case "UINT64": self = .u64
        case "UINT32": self = .u32
        case "UINT16": self = .u16
        case "UINT8": self = .u8
        case "FP16": self = .f16
        case "BF16": self = .bf16
        default: return nil
        }
    }
}
