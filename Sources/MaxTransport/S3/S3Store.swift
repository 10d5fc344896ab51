import Glibc
import MaxIR
import MaxRuntime

/// Blobs and references in a bucket of an S3-compatible store. For one thread.
///
///     <prefix>/blobs/sha256/<hex>    as in a layout, manifests too
///     <prefix>/refs/<tag>.json       an S3Reference
///
/// Both are written only when they are not there, so no writer can change a blob; a reference is replaced only by who
/// has read it (compare-and-set by its ETag).
package final class S3Store {
    package let address: S3Address
    /// The store, with the path of the bucket and prefix and a slash.
    let base: WebAddress
    private let bucketTarget: String
    private let client: HTTPClient
    private let signer: SignatureV4
    private let sessionToken: String?

    package struct Keys: Sendable {
        var accessKey: String
        var secretKey: String
        var sessionToken: String?

        package init(accessKey: String, secretKey: String, sessionToken: String? = nil) {
            (self.accessKey, self.secretKey, self.sessionToken) = (accessKey, secretKey, sessionToken)
        }
    }

    /// Largest object that is sent in one request.
    static let maximumBytes = UInt64(5) << 30

    package init(_ address: S3Address, endpoint: WebAddress, region: String, keys: Keys, client: HTTPClient) {
        self.address = address
        self.client = client
        signer = SignatureV4(accessKey: keys.accessKey, secretKey: keys.secretKey, region: region)
        sessionToken = keys.sessionToken
        var root = endpoint.target.prefix { $0 != "?" }
        while root.last == "/" { root.removeLast() }
        bucketTarget = "\(root)/\(address.bucket)"
        var base = endpoint
        base.target = address.prefix.isEmpty ? "\(bucketTarget)/" : "\(bucketTarget)/\(address.prefix)/"
        self.base = base
    }

    /// With keys, region and endpoint as AWS's own tools take them from the environment.
    ///
    /// - Throws: `.usage` when there are no keys.
    package convenience init(environmentFor address: S3Address, client: HTTPClient) throws(MaxError) {
        func variable(_ names: String...) -> String? {
            names.lazy.compactMap { getenv($0).map { String(cString: $0) } }.first { !$0.isEmpty }
        }
        guard let accessKey = variable("AWS_ACCESS_KEY_ID"), let secretKey = variable("AWS_SECRET_ACCESS_KEY") else {
            throw MaxError(.usage, "\(address.text): AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are not set")
        }
        let region = variable("AWS_REGION", "AWS_DEFAULT_REGION") ?? "us-east-1"
        guard region.utf8.allSatisfy({ ASCII.isAlphanumeric($0) || $0 == UInt8(ascii: "-") }) else {
            throw MaxError(.usage, "AWS_REGION: \(Text(region).quoted) is no region")
        }
        let endpoint = variable("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL") ?? "https://s3.\(region).amazonaws.com"
        let keys = Keys(accessKey: accessKey, secretKey: secretKey, sessionToken: variable("AWS_SESSION_TOKEN"))
        self.init(address, endpoint: try WebAddress(endpoint), region: region, keys: keys, client: client)
    }

    /// A request for an object below the prefix; `key` holds only what needs no encoding.
    func request(_ method: String, _ key: String) -> HTTPRequest {
        var address = base
        address.target += key
        return HTTPRequest(method, address)
    }

    /// A request for a list of the bucket; `query` is encoded.
    func listRequest(_ query: String) -> HTTPRequest {
        var address = base
        address.target = "\(bucketTarget)?\(query)"
        return HTTPRequest("GET", address)
    }

    /// Signs and sends.
    ///
    /// - Parameter payloadHash: hexadecimal SHA-256 of the body; the store holds the body against it.
    func send(_ request: HTTPRequest, payloadHash: String = emptyHash) throws(MaxError) -> HTTPResponse {
        var request = request
        let time = SignatureV4.now()
        request.headers += [HTTPHeader("x-amz-content-sha256", payloadHash), HTTPHeader("x-amz-date", time)]
        if let sessionToken { request.headers.append(HTTPHeader("x-amz-security-token", sessionToken)) }
        request.authorization = signer.authorization(
            request.method, target: request.address.target, headers: request.headers + [HTTPHeader("host", request.address.authority)],
            payloadHash: payloadHash, time: time)
        // A signature is good for one host.
        request.followsRedirects = false
        return try client.send(request)
    }

    static let emptyHash = ContentDigest(of: []).hex

    /// What the store says went wrong, from its XML.
    func failure(_ response: HTTPResponse, _ method: String) -> MaxError {
        var response = response
        if let code = XMLValues.first("Code", in: response.body) {
            let message = XMLValues.first("Message", in: response.body) ?? ""
            response.body = Array("\(code): \(message)".utf8)
        }
        return response.failure(method)
    }
}
