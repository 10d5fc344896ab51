/// Constants as the text form writes them.
enum Literal {
    static func float(_ value: Double) -> String {
        value.isNaN ? nan(value.bitPattern, Double.nan.bitPattern) : value.description
    }
    static func float(_ value: Float) -> String {
        value.isNaN ? nan(value.bitPattern, Float.nan.bitPattern) : value.description
    }
    static func float(_ value: Float16) -> String {
        value.isNaN ? nan(value.bitPattern, Float16.nan.bitPattern) : value.description
    }
    static func float(_ value: BFloat16) -> String {
        value.float.isNaN ? nan(value.bits, BFloat16(Float.nan).bits) : value.float.description
    }

    /// A NaN by its bits, whatever they are.
    static func nanBits<Bits: FixedWidthInteger>(_ bits: Bits) -> String { "nan(0x" + String(bits, radix: 16) + ")" }

    private static func nan<Bits: FixedWidthInteger>(_ bits: Bits, _ plain: Bits) -> String {
        bits == plain ? "nan" : nanBits(bits)
    }

    static func list(_ texts: [Text]) -> String { "[" + texts.map(\.quoted).joined(separator: ", ") + "]" }

    /// A name as it stands after `%` or `@`, and as a symbol of a shape: bare where that is unmistakable.
    static func name(_ name: Text) -> String { isIdentifier(name.utf8) ? name.string : name.quoted }

    static func isIdentifier(_ bytes: [UInt8]) -> Bool {
        guard let first = bytes.first, isIdentifierStart(first) else { return false }
        return bytes.allSatisfy(isIdentifierByte)
    }

    static func isIdentifierStart(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte) || (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte)
            || byte == UInt8(ascii: "_")
    }

    static func isIdentifierByte(_ byte: UInt8) -> Bool {
        isIdentifierStart(byte) || isDigit(byte) || byte == UInt8(ascii: ".")
    }

    static func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }

    /// The elements, one text each, in order.
    static func elements(_ storage: TensorStorage) -> [String] {
        switch storage {
        case .f64(let a): a.map(float)
        case .f32(let a): a.map(float)
        case .f16(let a): a.map(float)
        case .bf16(let a): a.map(float)
        case .i64(let a), .timestamp(let a): a.map { String($0) }
        case .i32(let a): a.map { String($0) }
        case .i16(let a): a.map { String($0) }
        case .i8(let a): a.map { String($0) }
        case .u64(let a): a.map { String($0) }
        case .u32(let a): a.map { String($0) }
        case .u16(let a): a.map { String($0) }
        case .u8(let a): a.map { String($0) }
        case .bool(let a): a.map { $0 ? "true" : "false" }
        case .string(let a): a.map(\.quoted)
        }
    }
}
