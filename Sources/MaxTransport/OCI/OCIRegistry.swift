import MaxIR

/// One repository of a registry (OCI distribution 1.1). For one thread.
package final class OCIRegistry {
    package let repository: String
    /// The registry, with the path of the repository: `/v2/<repository>/`.
    let base: WebAddress
    let client: HTTPClient
    private let authorization: RegistryAuthorization
    /// Longest wait between two looks at a fallback tag, beside what the network takes.
    let settleMilliseconds: Int64 = 400
    /// Blobs above this size are sent in pieces of it.
    package var chunkBytes: Int64 = 64 << 20

    /// - Parameter encrypted: nil for https, except with this machine and where the client allows plain http.
    package init(_ reference: OCIReference, client: HTTPClient, encrypted: Bool? = nil, credentials: Credentials?) {
        let host = Text(reference.host) == "docker.io" ? "registry-1.docker.io" : reference.host
        let isLoopback = WebAddress(scheme: .http, host: host).isLoopback
        let scheme: WebAddress.Scheme = encrypted ?? !(client.plainHTTP || isLoopback) ? .https : .http
        repository = reference.repository
        base = WebAddress(scheme: scheme, host: host, port: reference.port, target: "/v2/\(reference.repository)/")
        self.client = client
        authorization = RegistryAuthorization(client: client, registry: base, credentials: credentials)
    }

    /// With the credentials that `Credentials.find` has for the host.
    package convenience init(environmentFor reference: OCIReference, client: HTTPClient, encrypted: Bool? = nil) throws(MaxError) {
        let host = Text(reference.host) == "docker.io" ? "registry-1.docker.io" : reference.host
        let credentials = try Credentials.find(host: reference.port.map { "\(host):\($0)" } ?? host)
        self.init(reference, client: client, encrypted: encrypted, credentials: credentials)
    }

    /// A request to this repository; `path` is relative to it and holds only what needs no encoding.
    func request(_ method: String, _ path: String) -> HTTPRequest {
        var address = base
        address.target += path
        return HTTPRequest(method, address)
    }

    /// Sends, and once more with an answer to the challenge if there is one.
    func send(_ request: HTTPRequest) throws(MaxError) -> HTTPResponse {
        var request = request
        request.authorization = request.address.isSameOrigin(as: base) ? authorization.header : nil
        let first = try client.send(request)
        guard first.status == 401, request.address.isSameOrigin(as: base) else { return first }
        let challenges = first.values(of: "www-authenticate").flatMap { Challenge.list($0) }
        let actions = ["GET", "HEAD"].contains(request.method) ? "pull" : "pull,push"
        guard try authorization.answer(challenges, scope: "repository:\(repository):\(actions)") else { return first }
        request.authorization = authorization.header
        return try client.send(request)
    }

    /// Where a `Location` or `Link` leads: the same server only, since what is sent there are our blobs.
    func followed(_ location: String, from response: HTTPResponse, _ what: String) throws(MaxError) -> WebAddress {
        let address = try response.address.resolving(location)
        guard address.isSameOrigin(as: base) else {
            throw MaxError(.network, "\(what): \(base.authority) names \(address.shown): another server is refused")
        }
        return address
    }
}
