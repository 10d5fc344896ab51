import Glibc
import MaxFormats
import MaxIR
import MaxRegistry

/// Tells an MLflow server of models: a version whose source is our address, with the digest as a tag.
///
/// MLflow keeps no digest of its own and lets bytes be overwritten; what it is told here can be held against the
/// registry that has the bytes. Source: MLflow REST API 2.0.
package final class MLflowBridge {
    private let base: WebAddress
    private let client: HTTPClient
    private let authorization: String?

    private static let answerBytes = 4 << 20

    /// One version of a model as MLflow is to show it.
    package struct Version: Sendable {
        package var model: String
        /// Where the bytes are: `oci://…@sha256:…`, `s3://…` or a path.
        package var source: String
        package var digest: ContentDigest
        /// Our name of the version.
        package var version: String
        /// What a policy said, if one was asked.
        package var verdict: String?

        package init(model: String, source: String, digest: ContentDigest, version: String, verdict: String? = nil) {
            (self.model, self.source, self.digest, self.version, self.verdict) = (model, source, digest, version, verdict)
        }
    }

    /// - Parameter url: the server, as in `http://127.0.0.1:5000`. Credentials are those of MLflow's own variables,
    ///   `MLFLOW_TRACKING_TOKEN`, or `MLFLOW_TRACKING_USERNAME` and `MLFLOW_TRACKING_PASSWORD`.
    package init(url: String, client: HTTPClient) throws(MaxError) {
        var base = try WebAddress(url)
        while base.target.utf8.last == UInt8(ascii: "/") { base.target.removeLast() }
        base.target += "/api/2.0/mlflow/"
        self.base = base
        self.client = client
        func variable(_ name: String) -> String? { getenv(name).map { String(cString: $0) }.flatMap { $0.isEmpty ? nil : $0 } }
        if let token = variable("MLFLOW_TRACKING_TOKEN") {
            authorization = "Bearer \(token)"
        } else if let user = variable("MLFLOW_TRACKING_USERNAME"), let password = variable("MLFLOW_TRACKING_PASSWORD") {
            authorization = "Basic \(Base64.encode(Array("\(user):\(password)".utf8)))"
        } else {
            authorization = nil
        }
    }

    /// Makes model and version unless they are there, and sets the version's tags `maxai.digest`, `maxai.version` and
    /// `maxai.verdict`.
    ///
    /// - Returns: the number that MLflow gave the version.
    package func register(_ version: Version) throws(MaxError) -> String {
        try Self.checkName(version.model)
        try createModel(version.model)
        let found = try existing(version)
        let number = if let found { found } else { try createVersion(version) }
        var tags = [("maxai.digest", version.digest.text), ("maxai.version", version.version)]
        if let verdict = version.verdict { tags.append(("maxai.verdict", verdict)) }
        for (key, value) in tags { try setTag(version.model, number, key, value) }
        return number
    }

    package func setTag(_ model: String, _ number: String, _ key: String, _ value: String) throws(MaxError) {
        try Self.checkName(model)
        try post("model-versions/set-tag", [("name", model), ("version", number), ("key", key), ("value", value)])
    }

    /// Points an alias of the model to a version.
    package func setAlias(_ model: String, _ alias: String, _ number: String) throws(MaxError) {
        try Self.checkName(model)
        try post("registered-models/alias", [("name", model), ("alias", alias), ("version", number)])
    }

    /// The name becomes part of a filter: letters, digits, blanks and `._-` only.
    private static func checkName(_ name: String) throws(MaxError) {
        guard (1...200).contains(name.utf8.count), name.utf8.allSatisfy({ ASCII.isAlphanumeric($0) || "._- ".utf8.contains($0) }) else {
            throw MaxError(.usage, "model name \(Text(name).quoted): MLflow is told letters, digits, blanks and ._- only")
        }
    }

    private func createModel(_ name: String) throws(MaxError) {
        let response = try send("POST", "registered-models/create", [("name", name)])
        if response.isSuccess { return }
        let code = (try? JSONReader.read(response.body))?["error_code"]?.text
        guard code == "RESOURCE_ALREADY_EXISTS" else { throw response.failure("POST", code: .network) }
    }

    private func createVersion(_ version: Version) throws(MaxError) -> String {
        let answer = try post("model-versions/create", [("name", version.model), ("source", version.source)])
        guard let number = answer["model_version"]?["version"]?.text, Self.isNumber(number) else {
            throw MaxError(.malformed, "\(base.authority): the answer to model-versions/create has no version")
        }
        return number.string
    }

    /// The version that already has our digest and source.
    private func existing(_ version: Version) throws(MaxError) -> String? {
        var token: String?
        for _ in 0..<1000 {
            let page = token.map { "&page_token=\(ASCII.percentEncoded($0.utf8))" } ?? ""
            let filter = ASCII.percentEncoded("name='\(version.model)'".utf8)
            let response = try send("GET", "model-versions/search?max_results=200&filter=\(filter)\(page)", nil)
            guard response.isSuccess else { throw response.failure("GET", code: .network) }
            let answer = try JSONReader.read(response.body)
            for found in answer["model_versions"]?.elements ?? [] where found["source"]?.text == Text(version.source) {
                let digest = found["tags"]?.elements.first { $0["key"]?.text == "maxai.digest" }?["value"]?.text
                if let number = found["version"]?.text, Self.isNumber(number), digest == nil || digest == Text(version.digest.text) {
                    return number.string
                }
            }
            guard let next = answer["next_page_token"]?.text, !next.isEmpty else { return nil }
            token = next.string
        }
        return nil
    }

    private static func isNumber(_ text: Text) -> Bool { (1...18).contains(text.utf8.count) && text.utf8.allSatisfy(ASCII.isDigit) }

    @discardableResult
    private func post(_ path: String, _ members: [(String, String)]) throws(MaxError) -> Document {
        let response = try send("POST", path, members)
        guard response.isSuccess else { throw response.failure("POST", code: response.status == 404 ? .notFound : .network) }
        do { return try JSONReader.read(response.body) } catch { throw error.inside(response.address.shown) }
    }

    private func send(_ method: String, _ path: String, _ members: [(String, String)]?) throws(MaxError) -> HTTPResponse {
        var address = base
        address.target += path
        var request = HTTPRequest(method, address)
        request.authorization = authorization
        request.sink = .memory(limit: Self.answerBytes)
        if let members {
            var json = JSONWriter()
            json.object { json in for (name, value) in members { json.member(name, value) } }
            request.headers = [HTTPHeader("Content-Type", "application/json")]
            request.body = .bytes(json.bytes)
        }
        return try client.send(request)
    }
}
