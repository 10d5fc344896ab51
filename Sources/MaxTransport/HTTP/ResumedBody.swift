import Glibc
import MaxIR

/// A body that is received into a file, and gone on with where a connection broke (RFC 9110, section 14).
enum ResumedBody {
    private static let attempts = 4

    /// - Parameters:
    ///   - file: open for reading and writing, empty.
    ///   - limit: how many bytes there may be.
    ///   - send: sends the request and throws what its answer fails with.
    /// - Returns: how many bytes came, and the digest of all of them.
    /// - Throws: what the first failure was when the server cannot go on; `.contentMismatch` above `limit`.
    static func receive(
        _ request: HTTPRequest, into file: Int32, limit: UInt64, send: (HTTPRequest) throws(MaxError) -> HTTPResponse
    ) throws(MaxError) -> (UInt64, ContentDigest?) {
        var received: UInt64 = 0
        var failure: MaxError?
        for _ in 0..<attempts {
            var request = request
            request.sink = .file(descriptor: file, limit: limit - received)
            request.resumesAt = received
            if received > 0 { request.headers.append(HTTPHeader("Range", "bytes=\(received)-")) }
            do throws(MaxError) {
                let response = try send(request)
                if received == 0 { return (response.count, response.digest) }
                guard response.resumes(at: received) else { break }
                return (received + response.count, try OpenFile.digest(of: file, place: request.address.shown))
            } catch {
                failure = failure ?? error
                guard error.code == .network, let size = size(of: file), size > received, size < limit else { break }
                received = size
            }
        }
        throw failure ?? MaxError(.network, "\(request.method) \(request.address.shown): the body ends early")
    }

    private static func size(of file: Int32) -> UInt64? {
        var status = stat()
        return fstat(file, &status) == 0 ? UInt64(max(status.st_size, 0)) : nil
    }
}
