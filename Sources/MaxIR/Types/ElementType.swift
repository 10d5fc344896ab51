/// What one element of a tensor or column is.
///
/// The raw value is the name in the text form; `code` is the number in the bundle, fixed for ever.
public enum ElementType: String, Sendable, Hashable, CaseIterable {
    case f64, f32, f16, bf16
    case i64, i32, i16, i8
    case u64, u32, u16, u8
    case bool
    case string
    /// Microseconds since 1970-01-01T00:00:00Z, as i64.
    case timestamp

    /// The number that stands for this type in a bundle.
    public var code: UInt8 {
        switch self {
        case .f64: 1
        case .f32: 2
        case .f16: 3
        case .bf16: 4
        case .i64: 5
        case .i32: 6
        case .i16: 7
        case .i8: 8
        case .u64: 9
        case .u32: 10
        case .u16: 11
        case .u8: 12
        case .bool: 13
        case .string: 14
        case .timestamp: 15
        }
    }

    public init?(code: UInt8) {
        guard let found = Self.allCases.first(where: { $0.code == code }) else { return nil }
        self = found
    }

    /// Bytes of one element; nil for strings, whose length varies.
    public var byteCount: Int? {
        switch self {
        case .f64, .i64, .u64, .timestamp: 8
        case .f32, .i32, .u32: 4
        case .f16, .bf16, .i16, .u16: 2
        case .i8, .u8, .bool: 1
        case .string: nil
        }
    }

    public var isFloat: Bool { self == .f64 || self == .f32 || self == .f16 || self == .bf16 }
    public var isInteger: Bool { isSignedInteger || isUnsignedInteger }
    public var isSignedInteger: Bool { self == .i64 || self == .i32 || self == .i16 || self == .i8 }
    public var isUnsignedInteger: Bool { self == .u64 || self == .u32 || self == .u16 || self == .u8 }
    public var isNumeric: Bool { isFloat || isInteger }
}

extension Set where Element == ElementType {
    public static let all = Set(ElementType.allCases)
    public static let floats: Set = [.f64, .f32, .f16, .bf16]
    public static let integers: Set = [.i64, .i32, .i16, .i8, .u64, .u32, .u16, .u8]
    public static let numeric: Set = floats.union(integers)
    public static let numericOrBool: Set = numeric.union([.bool])
}
