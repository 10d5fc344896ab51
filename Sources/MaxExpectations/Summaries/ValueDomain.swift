import MaxIR

/// How the values of a column become 64-bit keys: equal values have equal keys.
enum ValueDomain {
    /// Keys are the bits of f64; -0 is 0. NaN has none: it counts as missing.
    case float
    /// Keys are i64: signed integers, booleans and times.
    case signed
    /// Keys are u64.
    case unsigned
    /// Keys are hashes: the bytes are compared besides.
    case text

    init(_ element: ElementType) {
        switch element {
        case .f64, .f32, .f16, .bf16: self = .float
        case .u64, .u32, .u16, .u8: self = .unsigned
        case .i64, .i32, .i16, .i8, .bool, .timestamp: self = .signed
        case .string: self = .text
        }
    }

    /// The number that a key stands for, rounded to nearest.
    @inline(__always) func number(_ key: UInt64) -> Double {
        switch self {
        case .float: Double(bitPattern: key)
        case .signed: Double(Int64(bitPattern: key))
        case .unsigned: Double(key)
        case .text: .nan
        }
    }

    /// Unsigned numbers in the order of the values.
    @inline(__always) func ordered(_ key: UInt64) -> UInt64 {
        switch self {
        case .float: key ^ (key >> 63 == 1 ? .max : 1 << 63)
        case .signed: key ^ (1 << 63)
        case .unsigned, .text: key
        }
    }

    /// The key that `ordered` was made of.
    @inline(__always) func key(ordered: UInt64) -> UInt64 {
        switch self {
        case .float: ordered ^ (ordered >> 63 == 1 ? 1 << 63 : .max)
        case .signed: ordered ^ (1 << 63)
        case .unsigned, .text: ordered
        }
    }
}
