import CMaxHTTP
import Glibc
import MaxIR

/// Bounds of time of every exchange.
package struct HTTPTimes: Sendable {
    package var connectMilliseconds = 10_000
    /// Slower than this for `stallSeconds` ends an exchange.
    package var slowBytesPerSecond = 1024
    package var stallSeconds = 60
    /// The whole of an exchange whose answer is kept in memory and that sends no file.
    package var shortMilliseconds = 120_000

    package init() {}

    /// All bounds for one that waits `seconds` for a server.
    package init(seconds: Int) {
        let seconds = min(max(seconds, 1), 86_400)
        connectMilliseconds = min(connectMilliseconds, seconds * 1000)
        stallSeconds = seconds
        shortMilliseconds = 2 * seconds * 1000
    }
}

/// HTTP and HTTPS by libcurl, for one thread at a time. Connections are kept.
package final class HTTPClient {
    private let handle: OpaquePointer
    private let times: HTTPTimes
    /// Whether http may be used with other machines.
    package let plainHTTP: Bool

    static let maximumRedirects = 5

    /// - Throws: `.unsupported` where libcurl is not installed.
    package init(times: HTTPTimes = HTTPTimes(), plainHTTP: Bool = false) throws(MaxError) {
        var message = [CChar](repeating: 0, count: 256)
        guard let handle = maxai_http_open(&message, message.count) else {
            throw MaxError(.unsupported, "http: \(Self.text(message))")
        }
        self.handle = handle
        self.times = times
        self.plainHTTP = plainHTTP
    }

    deinit { maxai_http_close(handle) }

    /// The answer, of whatever status, after at most five redirects.
    ///
    /// Redirects of GET and HEAD are followed, and 307 and 308 of the others; `AddressRules` says where to. What goes to
    /// another server goes without the authorization.
    ///
    /// - Throws: `.network`; `.limitExceeded` when the answer is longer than memory was allowed for; `.contentMismatch`
    ///   when it is longer than the file should be.
    package func send(_ request: HTTPRequest) throws(MaxError) -> HTTPResponse {
        var request = request
        for _ in 0...Self.maximumRedirects {
            try AddressRules.check(request.address, from: request.origin, plainHTTP: plainHTTP)
            let response = try repeated(request)
            guard request.followsRedirects, [301, 302, 303, 307, 308].contains(response.status), let location = response["location"]
            else { return response }
            let keepsMethod = response.status == 307 || response.status == 308 || ["GET", "HEAD"].contains(request.method)
            guard keepsMethod else { throw response.failure(request.method) }
            let next: WebAddress
            do { next = try request.address.resolving(location) } catch { throw error.inside("\(request.address.shown): redirect") }
            if !next.isSameOrigin(as: request.address) { request.authorization = nil }
            request.origin = request.origin ?? request.address
            try AddressRules.check(next, from: request.address, plainHTTP: plainHTTP)
            request.address = next
        }
        throw MaxError(.network, "\(request.method) \(request.address.shown): more than \(Self.maximumRedirects) redirects")
    }

    private func repeated(_ request: HTTPRequest) throws(MaxError) -> HTTPResponse {
        var attempt = 1
        while true {
            let delay: UInt32
            switch try exchange(request) {
            case .answered(let response):
                guard let wait = Retry.delay(after: response, to: request, attempt: attempt) else { return response }
                delay = wait
            case .unanswered(let error):
                guard let wait = Retry.delayAfterFailure(of: request, attempt: attempt) else { throw error }
                delay = wait
            }
            usleep(1000 * delay)
            attempt += 1
        }
    }

    private enum Outcome {
        case answered(HTTPResponse)
        /// No connection, or one that ended before an answer began.
        case unanswered(MaxError)
    }

    private func exchange(_ request: HTTPRequest) throws(MaxError) -> Outcome {
        let exchange = HTTPExchange(request)
        var message = [CChar](repeating: 0, count: 512)
        var status = 0
        let outcome = try CExchange.perform(handle, request, times, exchange, &status, &message)
        func failure(_ code: MaxError.Code, _ what: String) -> MaxError {
            MaxError(code, "\(request.method) \(request.address.shown): \(what)")
        }
        if let stopped = exchange.failure { throw failure(stopped.code, stopped.message) }
        switch outcome {
        case maxai_http_done: break
        // An error's body that is longer than is kept.
        case maxai_http_stopped: break
        case maxai_http_refused:
            throw failure(.network, "the name leads to an address of this machine or its link, which is refused")
        case maxai_http_timed_out: throw failure(.network, "the server is too slow: \(Self.text(message))")
        default:
            let error = failure(.network, Self.text(message))
            guard exchange.status == 0 else { throw error }
            return .unanswered(error)
        }
        return .answered(
            HTTPResponse(
                status: exchange.status, headers: exchange.headers, body: exchange.body, count: exchange.count, digest: exchange.digest(),
                address: request.address))
    }

    private static func text(_ message: [CChar]) -> String {
        String(decoding: message.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
