import MaxIR

/// A request as the protocols see it: no sockets, no header objects.
public struct Request {
    public var method: String
    /// Without the query.
    public var path: String
    public var contentType: String
    /// `Inference-Header-Content-Length` of the binary tensor extension.
    public var jsonBytes: String?
    public var body: UnsafeRawBufferPointer

    public init(method: String, path: String, contentType: String = "", jsonBytes: String? = nil, body: UnsafeRawBufferPointer) {
        self.method = method
        self.path = path
        self.contentType = contentType
        self.jsonBytes = jsonBytes
        self.body = body
    }

    /// The content type in lower case, without parameters.
    var mediaType: String {
        contentType.split(separator: ";").first.map { $0.lowercased().filter { $0 != " " } } ?? ""
    }
}

/// What is sent back.
public struct Answer: Sendable {
    public var status: Int
    public var contentType: String
    public var headers: [(String, String)] = []
    public var body: [UInt8]

    public init(_ status: Int, contentType: String = "application/json", _ body: [UInt8] = []) {
        self.status = status
        self.contentType = contentType
        self.body = body
    }

    static func json(_ status: Int = 200, _ build: (inout JSONText) -> Void) -> Answer {
        var text = JSONText()
        build(&text)
        return Answer(status, text.bytes)
    }

    /// An error as every protocol here has it: `{"error": "…"}`.
    public static func failure(_ status: Int, _ message: String) -> Answer {
        json(status) { $0.object { $0.member("error", message) } }
    }

    /// The client's mistakes are 4xx, ours 5xx.
    static func failure(_ error: MaxError) -> Answer {
        let status =
            switch error.code {
            case .notFound: 404
            case .malformed, .usage, .unsupported: 400
            case .limitExceeded: 413
            default: 500
            }
        return failure(status, error.message)
    }
}
