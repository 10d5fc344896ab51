import Glibc

/// Numbers as people read them.
enum Shown {
    /// Four significant digits, without zeros at the end; `–` for NaN.
    static func number(_ value: Double, digits: Int = 4) -> String {
        guard !value.isNaN else { return "–" }
        guard value.isFinite else { return value < 0 ? "−∞" : "∞" }
        guard value != 0 else { return "0" }
        let size = log10(abs(value)).rounded(.down)
        if size >= 9 || size < -5 { return scientific(value, digits) }
        let decimals = min(max(Int(Double(digits) - 1 - size), 0), 12)
        var text = fixed(value, decimals)
        if text.contains(".") {
            while text.hasSuffix("0") { text.removeLast() }
            if text.hasSuffix(".") { text.removeLast() }
        }
        return text == "-0" ? "0" : text.replacingMinus
    }

    private static func scientific(_ value: Double, _ digits: Int) -> String {
        let size = log10(abs(value)).rounded(.down)
        let mantissa = value / pow(10, size)
        return "\(number(mantissa, digits: digits))e\(Int(size))"
    }

    /// `value` with so many decimals, rounded half away from zero; |value| below 1e15.
    static func fixed(_ value: Double, _ decimals: Int) -> String {
        let scale = pow(10, Double(decimals))
        let scaled = (abs(value) * scale).rounded()
        guard scaled.isFinite, scaled < 9e15 else { return "\(value)" }
        let whole = Int(scaled)
        let divisor = Int(scale)
        let sign = value < 0 && whole != 0 ? "-" : ""
        guard decimals > 0 else { return "\(sign)\(whole)" }
        let fraction = String(whole % divisor)
        return "\(sign)\(whole / divisor)." + String(repeating: "0", count: decimals - fraction.count) + fraction
    }

    /// Decimals as the standard error justifies: two digits of it.
    static func measured(_ value: Measured) -> (value: String, error: String) {
        guard let error = value.standardError, error > 0, value.value.isFinite else { return (number(value.value), "") }
        let size = log10(error).rounded(.down)
        guard size > -9, abs(value.value) < 1e9 else { return (number(value.value), number(error, digits: 2)) }
        let decimals = min(max(Int(1 - size), 0), 9)
        return (fixed(value.value, decimals).replacingMinus, fixed(error, decimals))
    }

    /// 1234567 as 1 234 567, with thin spaces.
    static func count(_ value: Int) -> String {
        let digits = String(value.magnitude)
        guard digits.count > 4 else { return "\(value)" }
        var out = ""
        for (place, digit) in digits.enumerated() {
            if place > 0, (digits.count - place).isMultiple(of: 3) { out += "\u{202f}" }
            out.append(digit)
        }
        return value < 0 ? "−" + out : out
    }

    static func percent(_ share: Double) -> String { share.isFinite ? "\(fixed(share * 100, 1).replacingMinus) %" : "–" }
}

extension String {
    fileprivate var replacingMinus: String { hasPrefix("-") ? "−" + dropFirst() : self }
}
