import MaxIR

extension ElementType {
    /// The type that a format string of the Arrow C data interface stands for; nil for what is not a plain column.
    /// <https://arrow.apache.org/docs/format/CDataInterface.html#data-type-description-format-strings>
    init?(arrowFormat format: String) {
        switch format {
        case "g": self = .f64
        case "f": self = .f32
        case "e": self = .f16
        case "l": self = .i64
        case "i": self = .i32
        case "s": self = .i16
        case "c": self = .i8
        case "L": self = .u64
        case "I": self = .u32
        case "S": self = .u16
        case "C": self = .u8
        case "b": self = .bool
        case "u", "U": self = .string
        case _ where format.hasPrefix("tsu:"): self = .timestamp
        default: return nil
        }
    }

    /// The format string for columns of this type; nil for `bf16`, which Arrow does not have.
    var arrowFormat: String? {
        switch self {
        case .f64: "g"
        case .f32: "f"
        case .f16: "e"
        case .bf16: nil
        case .i64: "l"
        case .i32: "i"
        case .i16: "s"
        case .i8: "c"
        case .u64: "L"
        case .u32: "I"
        case .u16: "S"
        case .u8: "C"
        case .bool: "b"
        case .string: "u"
        case .timestamp: "tsu:UTC"
        }
    }
}
