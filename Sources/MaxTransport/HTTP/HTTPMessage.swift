import MaxIR

package struct HTTPHeader: Sendable {
    package var name: String
    package var value: String

    package init(_ name: String, _ value: String) {
        self.name = name
        self.value = value
    }
}

package struct HTTPRequest {
    package enum Body {
        case none
        case bytes([UInt8])
        /// `count` bytes of an open file from `offset` on.
        case file(descriptor: Int32, offset: Int64, count: Int64)
    }

    /// Where the body of a 2xx answer goes; that of any other is kept in memory, up to 64 KiB.
    package enum Sink {
        case memory(limit: Int)
        /// Written from the file's position on, and hashed.
        case file(descriptor: Int32, limit: UInt64)
    }

    package var method: String
    package var address: WebAddress
    package var headers: [HTTPHeader] = []
    /// The header `Authorization`: leaves with a redirect to another server.
    package var authorization: String?
    package var body = Body.none
    package var sink = Sink.memory(limit: 1 << 20)
    /// The position in the body that was asked for with a Range; 0 for all of it.
    package var resumesAt: UInt64 = 0
    package var followsRedirects = true
    /// Whether a busy server may be sent the same file again.
    package var repeatsFile = false
    /// Whether the server may be silent for long, as when it puts together what it was sent.
    package var isPatient = false
    /// The server whose answer named `address`; nil when the person did.
    package var origin: WebAddress?
    /// Told of the bytes of a body, sent or received, as they pass.
    package var onBytes: ((Int) -> Void)?

    package init(_ method: String, _ address: WebAddress) {
        self.method = method
        self.address = address
    }
}

package struct HTTPResponse {
    package var status: Int
    package var headers: [HTTPHeader]
    /// Empty when the body went to a file.
    package var body: [UInt8]
    /// Bytes received into the sink, and their digest when it is a file.
    package var count: UInt64
    package var digest: ContentDigest?
    /// Where the answer came from after redirects.
    package var address: WebAddress

    package var isSuccess: Bool { (200..<300).contains(status) }

    /// Whether the answer is what follows `position` in the body.
    func resumes(at position: UInt64) -> Bool { status == 206 && self["content-range"]?.hasPrefix("bytes \(position)-") == true }

    /// The value of the first header of that name; the name in lower case.
    package subscript(name: String) -> String? {
        headers.first { ASCII.lowercased($0.name.utf8).utf8.elementsEqual(name.utf8) }?.value
    }

    /// All values of the headers of that name; the name in lower case.
    package func values(of name: String) -> [String] {
        headers.filter { ASCII.lowercased($0.name.utf8).utf8.elementsEqual(name.utf8) }.map(\.value)
    }

    /// The media type without parameters, in lower case.
    package var mediaType: String? {
        self["content-type"].map { ASCII.lowercased(ASCII.trimmed(Array($0.utf8.prefix { $0 != UInt8(ascii: ";") })[...])) }
    }

    /// What the answer says went wrong: method, address without query, status, the first line of the body.
    package func failure(_ method: String, code: MaxError.Code? = nil) -> MaxError {
        let line = body.drop { $0 <= 0x20 }.prefix { $0 != 0x0a && $0 != 0x0d }.prefix(300)
        let printable = line.map { $0 < 0x20 || $0 == 0x7f ? UInt8(ascii: "?") : $0 }
        let said = String(decoding: printable, as: UTF8.self)
        return MaxError(code ?? defaultCode, "\(method) \(address.shown): status \(status)\(said.isEmpty ? "" : ": \(said)")")
    }

    private var defaultCode: MaxError.Code {
        switch status {
        case 404: .notFound
        case 409, 412: .conflict
        default: .network
        }
    }
}
