import CMaxHTTP
import Glibc
import MaxIR

/// Which addresses are asked, and which ones a server may send us to.
///
/// A redirect, an upload's Location and a token service are chosen by the server: they must not lead from https to
/// http, to link-local addresses (where clouds keep their machines' secrets), or from elsewhere to this machine.
package enum AddressRules {
    /// What the connection refuses after a name has been resolved: `maxai_http_refuse_*`.
    package static func refusals(for address: WebAddress, from origin: WebAddress?) -> Int32 {
        guard let origin, !address.isSameOrigin(as: origin) else { return 0 }
        let linkLocal = Int32(maxai_http_refuse_link_local)
        return origin.isLoopback ? linkLocal : linkLocal | Int32(maxai_http_refuse_loopback)
    }

    /// - Parameter origin: the server whose answer named `address`; nil when the person did.
    /// - Throws: `.network`.
    package static func check(_ address: WebAddress, from origin: WebAddress?, plainHTTP: Bool) throws(MaxError) {
        if address.scheme == .http, !plainHTTP, !address.isLoopback {
            throw MaxError(.network, "\(address.shown): http is not encrypted: use https, or allow plain http")
        }
        guard let origin, !address.isSameOrigin(as: origin) else { return }
        if origin.scheme == .https, address.scheme == .http {
            throw MaxError(.network, "\(origin.authority) sends us to \(address.shown): from https to http is refused")
        }
        if address.isLinkLocal {
            throw MaxError(.network, "\(origin.authority) sends us to \(address.shown): link-local addresses are refused")
        }
        if address.isLoopback, !origin.isLoopback {
            throw MaxError(.network, "\(origin.authority) sends us to \(address.shown): this machine is refused")
        }
    }
}

extension WebAddress {
    /// Whether the host is this machine by its name or number; no name is looked up.
    package var isLoopback: Bool {
        if Text(host) == "localhost" || host.utf8.suffix(10).elementsEqual(".localhost".utf8) { return true }
        return isNumber(in: Int32(maxai_http_refuse_loopback))
    }

    package var isLinkLocal: Bool { isNumber(in: Int32(maxai_http_refuse_link_local)) }

    private func isNumber(in range: Int32) -> Bool {
        if host.utf8.first == UInt8(ascii: "[") {
            var address = sockaddr_in6()
            address.sin6_family = sa_family_t(AF_INET6)
            guard inet_pton(AF_INET6, String(host.dropFirst().dropLast()), &address.sin6_addr) == 1 else { return false }
            return maxai_http_number_refused(&address, range) != 0
        }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        // Not inet_pton: the resolver reads 127.1 and 0x7f000001 too.
        guard inet_aton(host, &address.sin_addr) == 1 else { return false }
        return maxai_http_number_refused(&address, range) != 0
    }
}
