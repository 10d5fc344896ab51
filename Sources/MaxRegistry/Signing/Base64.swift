/// Base64 (RFC 4648): written with the standard alphabet and padding, read with either alphabet; no white space.
package enum Base64 {
    private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

    package static func encode(_ bytes: [UInt8]) -> String {
        var out: [UInt8] = []
        out.reserveCapacity((bytes.count + 2) / 3 * 4)
        for start in stride(from: 0, to: bytes.count, by: 3) {
            let chunk = bytes[start..<min(start + 3, bytes.count)]
            var word: UInt32 = 0
            for (index, byte) in chunk.enumerated() { word |= UInt32(byte) << UInt32(16 - 8 * index) }
            for index in 0..<4 {
                out.append(index <= chunk.count ? alphabet[Int(word >> UInt32(18 - 6 * index)) & 63] : UInt8(ascii: "="))
            }
        }
        return String(decoding: out, as: UTF8.self)
    }

    /// nil for text that is not base64; padding may be left out, but not be wrong.
    package static func decode(_ text: [UInt8]) -> [UInt8]? {
        var symbols = text[...]
        var padding = 0
        while symbols.last == UInt8(ascii: "="), padding < 2 {
            symbols = symbols.dropLast()
            padding += 1
        }
        guard symbols.count % 4 != 1, padding == 0 || (symbols.count + padding) % 4 == 0 else { return nil }
        var out: [UInt8] = []
        var (word, bits): (UInt32, UInt32) = (0, 0)
        for symbol in symbols {
            let value: UInt8
            switch symbol {
            case UInt8(ascii: "A")...UInt8(ascii: "Z"): value = symbol - 65
            case UInt8(ascii: "a")...UInt8(ascii: "z"): value = symbol - 71
            case UInt8(ascii: "0")...UInt8(ascii: "9"): value = symbol + 4
            case UInt8(ascii: "+"), UInt8(ascii: "-"): value = 62
            case UInt8(ascii: "/"), UInt8(ascii: "_"): value = 63
            default: return nil
            }
            word = word << 6 | UInt32(value)
            bits += 6
            if bits >= 8 {
                bits -= 8
                out.append(UInt8(truncatingIfNeeded: word >> bits))
                word &= (1 << bits) - 1
            }
        }
        // Bits left over must be zero, or one text would stand for two.
        return word == 0 ? out : nil
    }
}
