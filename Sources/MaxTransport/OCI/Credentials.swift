import Glibc
import MaxFormats
import MaxIR
import MaxRegistry
import MaxRuntime

/// What a registry is told of who we are. Never part of a message.
package enum Credentials: Sendable {
    /// Base64 of `user:password`, as HTTP Basic has it.
    case basic(String)
    /// A token that the token service takes instead of a password.
    case identityToken(String)

    package static func basic(user: String, password: String) -> Credentials { .basic(Base64.encode(Array("\(user):\(password)".utf8))) }

    /// From `MAXAI_REGISTRY_USER` and `MAXAI_REGISTRY_PASSWORD`, or from `auths` in Docker's `config.json`; nil when
    /// neither knows the host. Credential helpers are not asked.
    package static func find(host: String) throws(MaxError) -> Credentials? {
        if let user = variable("MAXAI_REGISTRY_USER"), let password = variable("MAXAI_REGISTRY_PASSWORD") {
            return .basic(user: user, password: password)
        }
        guard let folder = variable("DOCKER_CONFIG") ?? variable("HOME").map({ "\($0)/.docker" }) else { return nil }
        let path = "\(folder)/config.json"
        guard access(path, R_OK) == 0 else { return nil }
        let bytes = try FileBytes(path: path, limit: 4 << 20).array
        do { return try inConfiguration(bytes, host: host) } catch { throw error.inside(path) }
    }

    package static func inConfiguration(_ bytes: [UInt8], host: String) throws(MaxError) -> Credentials? {
        guard case .object(let entries)? = try JSONReader.read(bytes)["auths"] else { return nil }
        let wanted =
            host.utf8.elementsEqual("registry-1.docker.io".utf8) ? ["registry-1.docker.io", "index.docker.io", "docker.io"] : [host]
        for (key, entry) in entries.members where wanted.contains(where: { server(of: key).utf8.elementsEqual($0.utf8) }) {
            if let token = entry["identitytoken"]?.text, !token.isEmpty { return .identityToken(token.string) }
            if let pair = entry["auth"]?.text, !pair.isEmpty {
                guard let decoded = Base64.decode(pair.utf8), decoded.contains(UInt8(ascii: ":")) else {
                    throw MaxError(.malformed, "auths \(key.quoted): auth is not base64 of user:password")
                }
                return .basic(Base64.encode(decoded))
            }
            if let user = entry["username"]?.text, let password = entry["password"]?.text {
                return .basic(user: user.string, password: password.string)
            }
        }
        return nil
    }

    /// `https://index.docker.io/v1/` names `index.docker.io`.
    private static func server(of key: Text) -> String {
        var bytes = key.utf8[...]
        for scheme in ["https://", "http://"] where bytes.starts(with: scheme.utf8) { bytes = bytes.dropFirst(scheme.utf8.count) }
        return ASCII.lowercased(bytes.prefix { $0 != UInt8(ascii: "/") })
    }

    private static func variable(_ name: String) -> String? {
        getenv(name).map { String(cString: $0) }.flatMap { $0.isEmpty ? nil : $0 }
    }
}
