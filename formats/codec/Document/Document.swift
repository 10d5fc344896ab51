import MaxIR

/// A parsed JSON or UBJSON document.
///
/// Arrays of numbers stay packed (`numbers`): a model file is mostly those, and their element type is known only
/// to whoever asks.
public indirect enum Document: Sendable {
    case null
    case bool(Bool)
    case number(Number)
    case string(Text)
    /// A non-empty array of which every element is a number.
    case numbers(NumberArray)
    /// Any other array; an empty one too.
    case array([Document])
    case object(DocumentObject)

    public enum Number: Sendable {
        case integer(Int64)
        case float(Float)
        case double(Double)
        /// As JSON wrote it.
        case decimal([UInt8])
    }

    public var kind: String {
        switch self {
        case .null: "null"
        case .bool: "a boolean"
        case .number: "a number"
        case .string: "a string"
        case .numbers: "an array of numbers"
        case .array: "an array"
        case .object: "an object"
        }
    }
}

/// Members in the order of the file; keys are unique.
public struct DocumentObject: Sendable {
    public private(set) var members: [(key: Text, value: Document)] = []
    private var positions: [Text: Int] = [:]

    public init() {}

    /// - Returns: false when the key stands already.
    mutating func add(_ key: Text, _ value: Document) -> Bool {
        guard positions.updateValue(members.count, forKey: key) == nil else { return false }
        members.append((key, value))
        return true
    }

    public subscript(key: Text) -> Document? { positions[key].map { members[$0].value } }
}

/// Bounds of every document that is read.
public enum DocumentLimits {
    /// Nested arrays and objects.
    public static let depth = 64
}

extension Document.Number {
    /// The number rounded once to f32; nil when it is no number text.
    public var float: Float? {
        switch self {
        case .integer(let value): Float(value)
        case .float(let value): value
        case .double(let value): Float(value)
        case .decimal(let text): Decimal.float(text[...])
        }
    }

    public var double: Double? {
        switch self {
        case .integer(let value): Double(value)
        case .float(let value): Double(value)
        case .double(let value): value
        case .decimal(let text): Decimal.double(text[...])
        }
    }

    /// The number, if it is an integer that fits.
    public var integer: Int64? {
        switch self {
        case .integer(let value): value
        case .float(let value): Int64(exactly: value)
        case .double(let value): Int64(exactly: value)
        case .decimal(let text): Decimal.integer(text[...])
        }
    }
}
