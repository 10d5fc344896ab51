/// Decimal text to binary numbers, each rounded once, to nearest, ties to even.
///
/// Short decimals take an exact path; the rest goes to the standard library, which rounds correctly.
public enum Decimal {
    public static func float(_ text: ArraySlice<UInt8>) -> Float? {
        if let parts = Parts(text), let wide = parts.exactDouble {
            // Rounding twice equals rounding once unless the double lies next to the middle of two floats.
            let low = wide.bitPattern & 0x1fff_ffff
            if low < 0x0fff_fff0 || low > 0x1000_0010, wide == 0 || wide.magnitude > 1.2e-38, wide.magnitude < 3.4e38 {
                return Float(parts.isNegative ? -wide : wide)
            }
        }
        return special(text).map { Float($0) } ?? Float(String(decoding: text, as: UTF8.self))
    }

    public static func double(_ text: ArraySlice<UInt8>) -> Double? {
        if let parts = Parts(text), let wide = parts.exactDouble { return parts.isNegative ? -wide : wide }
        return special(text) ?? Double(String(decoding: text, as: UTF8.self))
    }

    public static func integer(_ text: ArraySlice<UInt8>) -> Int64? {
        if let value = Int64(String(decoding: text, as: UTF8.self)) { return value }
        // From 2^53 on a double may be a neighbour of the number that was written.
        return double(text).flatMap { abs($0) < 0x1p53 ? Int64(exactly: $0) : nil }
    }

    private static func special(_ text: ArraySlice<UInt8>) -> Double? {
        if text.elementsEqual("NaN".utf8) { return .nan }
        if text.elementsEqual("Infinity".utf8) { return .infinity }
        if text.elementsEqual("-Infinity".utf8) { return -.infinity }
        return nil
    }

    /// `±digits · 10^exponent` with at most 15 digits.
    private struct Parts {
        var isNegative = false
        var digits: UInt64 = 0
        var exponent = 0

        init?(_ text: ArraySlice<UInt8>) {
            var i = text.startIndex
            if i < text.endIndex, text[i] == UInt8(ascii: "-") {
                isNegative = true
                i += 1
            }
            var count = 0
            var isFraction = false
            while i < text.endIndex {
                let byte = text[i]
                if byte >= 0x30, byte <= 0x39 {
                    count += digits == 0 && byte == 0x30 ? 0 : 1
                    guard count <= 15 else { return nil }
                    digits = digits * 10 + UInt64(byte - 0x30)
                    if isFraction { exponent -= 1 }
                } else if byte == UInt8(ascii: "."), !isFraction {
                    isFraction = true
                } else {
                    break
                }
                i += 1
            }
            guard i < text.endIndex else { return }
            guard text[i] | 0x20 == UInt8(ascii: "e") else { return nil }
            guard let written = Int(String(decoding: text[(i + 1)...], as: UTF8.self)), (-999...999).contains(written) else {
                return nil
            }
            exponent += written
        }

        /// The magnitude when one exact operand and one correctly rounded operation give it.
        var exactDouble: Double? {
            if digits == 0 { return 0 }
            guard abs(exponent) <= 22 else { return nil }
            let power = Self.powers[abs(exponent)]
            return exponent < 0 ? Double(digits) / power : Double(digits) * power
        }

        private static let powers: [Double] = [
            1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18,
            1e19,
            1e20, 1e21, 1e22,
        ]
    }
}
