import Glibc

/// When a request is sent again: what changes nothing when it is done twice, and a server that says it is busy or broken.
enum Retry {
    static let attempts = 4
    private static let longestSeconds = 20

    /// Milliseconds to wait before the next attempt; nil when there is none.
    static func delay(after response: HTTPResponse, to request: HTTPRequest, attempt: Int) -> UInt32? {
        guard attempt < attempts, isRepeatable(request), [429, 500, 502, 503, 504].contains(response.status) else { return nil }
        if let asked = response["retry-after"].flatMap({ Int($0) }), asked > 0 {
            return asked <= longestSeconds ? UInt32(asked) * 1000 : nil
        }
        return backoff(attempt)
    }

    /// The same, after a connection that failed before an answer began.
    static func delayAfterFailure(of request: HTTPRequest, attempt: Int) -> UInt32? {
        attempt < 2 && isRepeatable(request) ? backoff(attempt) : nil
    }

    private static func isRepeatable(_ request: HTTPRequest) -> Bool {
        switch (request.method, request.body) {
        case ("GET", .none), ("HEAD", .none), ("PUT", .bytes): true
        case ("PUT", .file): request.repeatsFile
        default: false
        }
    }

    /// Of random length, so that those who were turned away together do not come back together.
    private static func backoff(_ attempt: Int) -> UInt32 {
        let longest = UInt32(150) << UInt32(2 * min(attempt - 1, 4))
        return UInt32.random(in: longest / 2...longest)
    }
}
