import MaxIR

/// Where a key is in a PKCS #11 token: `pkcs11:token=…;object=…?module-path=…&pin-source=file:…`.
///
/// Source: RFC 7512, of which `token`, `object`, `id`, `serial` and `type=private` are read. A PIN in the address is refused:
/// every process can read a command line.
struct TokenURI: Equatable {
    var token: [UInt8]?
    var serial: [UInt8]?
    /// The label of the key.
    var object: [UInt8]?
    var id: [UInt8]?
    var modulePath = ""
    /// The file whose first line is the PIN.
    var pinPath: String?

    static let scheme = "pkcs11:"

    /// - Throws: `.usage`.
    init(_ text: String) throws(MaxError) {
        func wrong(_ reason: String) -> MaxError { MaxError(.usage, "--key \(Self.scheme)…: \(reason)") }
        guard text.hasPrefix(Self.scheme) else { throw wrong("not an address of a token") }
        let rest = text.utf8.dropFirst(Self.scheme.utf8.count)
        let halves = rest.split(separator: UInt8(ascii: "?"), maxSplits: 1, omittingEmptySubsequences: false)
        var seen = Set<String>()
        func pairs(_ part: Substring.UTF8View, _ separator: UInt8) throws(MaxError) -> [(String, [UInt8])] {
            var found: [(String, [UInt8])] = []
            for pair in part.split(separator: separator) {
                let sides = pair.split(separator: UInt8(ascii: "="), maxSplits: 1, omittingEmptySubsequences: false)
                guard sides.count == 2, let name = String(sides[0]), let value = Self.decoded(Array(sides[1])) else {
                    throw wrong("expected name=value with %XX")
                }
                guard seen.insert(name).inserted else { throw wrong("\(Text(name).quoted) stands twice") }
                found.append((name, value))
            }
            return found
        }
        for (name, value) in try pairs(Substring(halves[0]).utf8, UInt8(ascii: ";")) {
            switch name {
            case "token": token = value
            case "serial": serial = value
            case "object": object = value
            case "id": id = value
            case "type":
                guard value.elementsEqual("private".utf8) else { throw wrong("type: expected private") }
            default: throw wrong("\(Text(name).quoted) is not read; token, serial, object and id are")
            }
        }
        if halves.count == 2 {
            for (name, value) in try pairs(Substring(halves[1]).utf8, UInt8(ascii: "&")) {
                switch name {
                case "module-path": modulePath = String(decoding: value, as: UTF8.self)
                case "pin-source":
                    let source = String(decoding: value, as: UTF8.self)
                    pinPath = source.hasPrefix("file:") ? String(source.dropFirst(5)) : source
                case "pin-value": throw wrong("pin-value: every process can read it: put the PIN in a file and name that with pin-source")
                default: throw wrong("\(Text(name).quoted) is not read; module-path and pin-source are")
                }
            }
        }
        guard modulePath.hasPrefix("/") else { throw wrong("module-path: the absolute path of the token's library is missing") }
        guard object != nil || id != nil else { throw wrong("object or id: one must say which key") }
    }

    private static func decoded(_ text: [UInt8]) -> [UInt8]? {
        var out: [UInt8] = []
        var index = 0
        while index < text.count {
            if text[index] == UInt8(ascii: "%") {
                guard index + 2 < text.count, let byte = UInt8(String(decoding: text[index + 1...index + 2], as: UTF8.self), radix: 16)
                else {
                    return nil
                }
                out.append(byte)
                index += 3
            } else {
                out.append(text[index])
                index += 1
            }
        }
        return out
    }
}
