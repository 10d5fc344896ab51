import MaxFormats
import MaxIR

/// Answers a registry's challenges: Basic, or Bearer with a token of the service that the challenge names
/// (Docker Registry v2 token authentication).
final class RegistryAuthorization {
    private let client: HTTPClient
    private let registry: WebAddress
    private let credentials: Credentials?
    /// What the last challenge was answered with.
    private(set) var header: String?

    private static let answerBytes = 1 << 20

    init(client: HTTPClient, registry: WebAddress, credentials: Credentials?) {
        self.client = client
        self.registry = registry
        self.credentials = credentials
    }

    /// - Parameter scope: what is asked for when the challenge does not say.
    /// - Returns: false when there is nothing to answer with.
    func answer(_ challenges: [Challenge], scope: String) throws(MaxError) -> Bool {
        if let bearer = challenges.first(where: { Text($0.scheme) == "bearer" }), let realm = bearer.parameters["realm"] {
            header = "Bearer \(try token(realm, bearer, scope))"
            return true
        }
        if challenges.contains(where: { Text($0.scheme) == "basic" }), case .basic(let pair)? = credentials {
            let basic = "Basic \(pair)"
            guard header.map({ Text($0) }) != Text(basic) else { return false }
            header = basic
            return true
        }
        return false
    }

    private func token(_ realm: String, _ challenge: Challenge, _ scope: String) throws(MaxError) -> String {
        var address = try WebAddress(realm)
        let service = challenge.parameters["service"].map { ASCII.percentEncoded($0.utf8) }
        let scope = ASCII.percentEncoded((challenge.parameters["scope"] ?? scope).utf8)
        var request: HTTPRequest
        if case .identityToken(let secret)? = credentials {
            request = HTTPRequest("POST", address)
            request.headers = [HTTPHeader("Content-Type", "application/x-www-form-urlencoded")]
            let form =
                "grant_type=refresh_token&client_id=maxai&scope=\(scope)&service=\(service ?? "")"
                + "&refresh_token=\(ASCII.percentEncoded(secret.utf8))"
            request.body = .bytes(Array(form.utf8))
        } else {
            let query = (service.map { "service=\($0)&" } ?? "") + "scope=\(scope)"
            address.target += (address.target.utf8.contains(UInt8(ascii: "?")) ? "&" : "?") + query
            request = HTTPRequest("GET", address)
            if case .basic(let pair)? = credentials { request.authorization = "Basic \(pair)" }
        }
        request.origin = registry
        request.sink = .memory(limit: Self.answerBytes)
        let response = try client.send(request)
        guard response.isSuccess else { throw response.failure(request.method, code: .network) }
        let answer = try JSONReader.read(response.body)
        guard let token = (answer["token"] ?? answer["access_token"])?.text, !token.isEmpty,
            token.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7f })
        else { throw MaxError(.malformed, "\(address.shown): the answer has no token") }
        return token.string
    }
}
