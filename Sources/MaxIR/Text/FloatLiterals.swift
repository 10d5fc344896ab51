/// Floats as the text form reads them: decimal digits, `inf`, `nan`, and a NaN by its bits `nan(0x…)`.
extension Double {
    init?(literal text: String) {
        if let bits = UInt64(nanBits: text) {
            self.init(bitPattern: bits)
            guard isNaN else { return nil }
        } else {
            guard text.isPlainFloat else { return nil }
            self.init(text)
            if isInfinite, !text.hasSuffix("inf") { return nil }
        }
    }
}

extension Float {
    init?(literal text: String) {
        if let bits = UInt32(nanBits: text) {
            self.init(bitPattern: bits)
            guard isNaN else { return nil }
        } else {
            guard text.isPlainFloat else { return nil }
            self.init(text)
            if isInfinite, !text.hasSuffix("inf") { return nil }
        }
    }
}

extension Float16 {
    init?(literal text: String) {
        if let bits = UInt16(nanBits: text) {
            self.init(bitPattern: bits)
            guard isNaN else { return nil }
        } else {
            guard text.isPlainFloat else { return nil }
            self.init(text)
            if isInfinite, !text.hasSuffix("inf") { return nil }
        }
    }
}

extension BFloat16 {
    init?(literal text: String) {
        if let bits = UInt16(nanBits: text) {
            self.init(bits: bits)
            guard float.isNaN else { return nil }
        } else {
            guard text.isPlainFloat, let value = Float(text) else { return nil }
            self.init(value)
            if float.isInfinite, !text.hasSuffix("inf") { return nil }
        }
    }
}

extension FixedWidthInteger {
    /// The number inside `nan(0x…)`.
    fileprivate init?(nanBits text: String) {
        guard text.hasPrefix("nan(0x"), text.hasSuffix(")") else { return nil }
        self.init(text.dropFirst(6).dropLast(), radix: 16)
    }
}

extension String {
    /// Decimal, `inf` or `nan`: what the printer writes, without the other forms that Swift reads.
    fileprivate var isPlainFloat: Bool {
        self == "nan" || self == "inf" || self == "-inf"
            || utf8.allSatisfy { Literal.isDigit($0) || ".eE+-".utf8.contains($0) }
    }
}
