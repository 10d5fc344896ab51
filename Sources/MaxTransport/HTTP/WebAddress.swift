import MaxIR

/// An absolute http or https address in ASCII, without user, password and fragment.
///
///     https://registry.example:5000/v2/churn/tags/list?n=100
///     scheme  host             port target
package struct WebAddress: Hashable, Sendable {
    package enum Scheme: String, Sendable {
        case http, https

        var defaultPort: UInt16 { self == .https ? 443 : 80 }
    }

    package var scheme: Scheme
    /// Lower case; an IPv6 address in its brackets.
    package var host: String
    package var port: UInt16
    /// Path and query as they are sent; begins with a slash.
    package var target: String

    package init(scheme: Scheme, host: String, port: UInt16? = nil, target: String = "/") {
        self.scheme = scheme
        self.host = host
        self.port = port ?? scheme.defaultPort
        self.target = target
    }

    /// - Throws: `.network` for other schemes, for a user or password and for bytes that an address cannot have.
    package init(_ text: String) throws(MaxError) {
        let bytes = Array(text.utf8)
        guard bytes.count <= 8192, bytes.allSatisfy({ $0 > 0x20 && $0 < 0x7f && $0 != UInt8(ascii: "\\") }) else {
            throw Self.refused(text, "expected printable ASCII, at most 8192 bytes")
        }
        guard let colon = bytes.firstIndex(of: UInt8(ascii: ":")),
            let scheme = Scheme(rawValue: ASCII.lowercased(bytes[..<colon])),
            bytes[(colon + 1)...].starts(with: "//".utf8)
        else { throw Self.refused(text, "expected http:// or https://") }
        let rest = bytes[(colon + 3)...]
        let end = rest.firstIndex { $0 == UInt8(ascii: "/") || $0 == UInt8(ascii: "?") || $0 == UInt8(ascii: "#") } ?? rest.endIndex
        guard let (host, port) = Self.authority(rest[..<end]) else { throw Self.refused(text, "expected host or host:port") }
        var target = rest[end...].prefix { $0 != UInt8(ascii: "#") }
        if target.first != UInt8(ascii: "/") { target = [UInt8(ascii: "/")] + target }
        self.init(scheme: scheme, host: host, port: port, target: String(decoding: target, as: UTF8.self))
    }

    /// Host and port of `host[:port]`; nil when it is neither.
    package static func authority(_ bytes: ArraySlice<UInt8>) -> (host: String, port: UInt16?)? {
        var (host, port): (ArraySlice<UInt8>, ArraySlice<UInt8>?) = (bytes, nil)
        if bytes.first == UInt8(ascii: "[") {
            guard let close = bytes.firstIndex(of: UInt8(ascii: "]")) else { return nil }
            host = bytes[...close]
            guard host.dropFirst().dropLast().allSatisfy({ ASCII.isHexadecimal($0) || $0 == UInt8(ascii: ":") || $0 == UInt8(ascii: ".") }),
                host.contains(UInt8(ascii: ":"))
            else { return nil }
            let rest = bytes[(close + 1)...]
            if !rest.isEmpty {
                guard rest.first == UInt8(ascii: ":") else { return nil }
                port = rest.dropFirst()
            }
        } else {
            if let colon = bytes.firstIndex(of: UInt8(ascii: ":")) { (host, port) = (bytes[..<colon], bytes[(colon + 1)...]) }
            guard (1...253).contains(host.count),
                host.allSatisfy({
                    ASCII.isAlphanumeric($0) || $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: ".") || $0 == UInt8(ascii: "_")
                }),
                host.first.map(ASCII.isAlphanumeric) == true
            else { return nil }
        }
        guard let port else { return (ASCII.lowercased(host), nil) }
        guard (1...5).contains(port.count), port.allSatisfy(ASCII.isDigit), let number = UInt16(String(decoding: port, as: UTF8.self)),
            number > 0
        else { return nil }
        return (ASCII.lowercased(host), number)
    }

    /// Host, and the port unless it is the scheme's own: what the header `Host` has.
    package var authority: String { port == scheme.defaultPort ? host : "\(host):\(port)" }
    package var text: String { "\(scheme.rawValue)://\(authority)\(target)" }
    /// For messages: a query can hold a secret.
    package var shown: String { "\(scheme.rawValue)://\(authority)\(target.prefix { $0 != "?" })" }

    /// Whether both are one server: the same scheme, host and port.
    package func isSameOrigin(as other: WebAddress) -> Bool {
        scheme == other.scheme && port == other.port && host.utf8.elementsEqual(other.host.utf8)
    }

    /// What `location`, from a response to this address, names (RFC 3986, section 5).
    package func resolving(_ location: String) throws(MaxError) -> WebAddress {
        let bytes = Array(location.utf8)
        let head = bytes.prefix { $0 != UInt8(ascii: "/") && $0 != UInt8(ascii: "?") && $0 != UInt8(ascii: "#") }
        if head.contains(UInt8(ascii: ":")) { return try WebAddress(location) }
        if bytes.starts(with: "//".utf8) { return try WebAddress("\(scheme.rawValue):\(location)") }
        let path = target.prefix { $0 != "?" }
        let base = "\(scheme.rawValue)://\(authority)"
        switch bytes.first {
        case UInt8(ascii: "/"): return try WebAddress(base + location)
        case UInt8(ascii: "?"): return try WebAddress(base + path + location)
        case nil: throw Self.refused(location, "expected an address")
        default:
            let folder = path.lastIndex(of: "/").map { path[...$0] } ?? "/"
            return try WebAddress(base + folder + location)
        }
    }

    private static func refused(_ text: String, _ expected: String) -> MaxError {
        MaxError(.network, "address \(Text(String(text.prefix(200))).quoted): \(expected)")
    }
}
