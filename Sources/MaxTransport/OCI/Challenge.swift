/// One challenge of `WWW-Authenticate` (RFC 9110, section 11.6.1).
package struct Challenge: Equatable {
    /// Lower case.
    package var scheme: String
    /// Names in lower case.
    package var parameters: [String: String]

    package init(scheme: String, parameters: [String: String]) {
        (self.scheme, self.parameters) = (scheme, parameters)
    }

    /// Every challenge of a header's value; what does not follow the grammar is left out.
    package static func list(_ header: String) -> [Challenge] {
        var out: [Challenge] = []
        var scanner = Scanner(bytes: Array(header.utf8.prefix(8192)))
        while let word = scanner.token() {
            if scanner.skip("="), let index = out.indices.last, let value = scanner.value() {
                out[index].parameters[word] = value
                scanner.skipCommas()
            } else {
                out.append(Challenge(scheme: word, parameters: [:]))
                scanner.skipCommas()
            }
        }
        return out
    }

    private struct Scanner {
        let bytes: [UInt8]
        var position = 0

        init(bytes: [UInt8]) { self.bytes = bytes }

        private mutating func skipBlanks() {
            while position < bytes.count, bytes[position] == 0x20 || bytes[position] == 0x09 { position += 1 }
        }

        mutating func skipCommas() {
            skipBlanks()
            while position < bytes.count, bytes[position] == UInt8(ascii: ",") {
                position += 1
                skipBlanks()
            }
        }

        mutating func skip(_ sign: Unicode.Scalar) -> Bool {
            skipBlanks()
            guard position < bytes.count, bytes[position] == UInt8(ascii: sign) else { return false }
            position += 1
            return true
        }

        mutating func token() -> String? {
            skipBlanks()
            let start = position
            while position < bytes.count, ASCII.isAlphanumeric(bytes[position]) || "!#$%&'*+-.^_`|~".utf8.contains(bytes[position]) {
                position += 1
            }
            return position > start ? ASCII.lowercased(bytes[start..<position]) : nil
        }

        mutating func value() -> String? {
            guard skip("\"") else {
                let start = position
                while position < bytes.count, bytes[position] != UInt8(ascii: ","), bytes[position] > 0x20 { position += 1 }
                return String(decoding: bytes[start..<position], as: UTF8.self)
            }
            var out: [UInt8] = []
            while position < bytes.count {
                let byte = bytes[position]
                position += 1
                if byte == UInt8(ascii: "\"") { return String(decoding: out, as: UTF8.self) }
                if byte == UInt8(ascii: "\\"), position < bytes.count {
                    out.append(bytes[position])
                    position += 1
                } else {
                    out.append(byte)
                }
            }
            return nil
        }
    }
}
