import CMaxHTTP
import Glibc
import MaxIR
import MaxRuntime

/// What libcurl's callbacks fill during one exchange.
final class HTTPExchange {
    private let sink: HTTPRequest.Sink
    private let onBytes: ((Int) -> Void)?
    private let resumesAt: UInt64
    private(set) var headers: [HTTPHeader] = []
    private(set) var status = 0
    private(set) var body: [UInt8] = []
    private(set) var count: UInt64 = 0
    private(set) var failure: MaxError?
    private var hash: SHA256? = SHA256()

    private static let failureBytes = 64 << 10
    private static let maximumHeaders = 256

    init(_ request: HTTPRequest) {
        sink = request.sink
        onBytes = request.onBytes
        resumesAt = request.resumesAt
    }

    /// Whether the body is what was asked for: with a Range, that and nothing else.
    private var isSuccess: Bool {
        guard resumesAt > 0 else { return (200..<300).contains(status) }
        return status == 206
            && headers.contains { ASCII.lowercased($0.name.utf8) == "content-range" && $0.value.hasPrefix("bytes \(resumesAt)-") }
    }

    /// The digest of what went to the file; nil for memory. Only once.
    func digest() -> ContentDigest? {
        guard case .file = sink, isSuccess, let hash = hash.take() else { return nil }
        return ContentDigest(hash: hash.finish())
    }

    func takeHeader(_ line: UnsafeBufferPointer<UInt8>) {
        if line.starts(with: "HTTP/".utf8) {
            headers = []
            let words = line.split(separator: 0x20, maxSplits: 2, omittingEmptySubsequences: true)
            status = words.count > 1 ? Int(String(decoding: words[1], as: UTF8.self)) ?? 0 : 0
            return
        }
        guard headers.count < Self.maximumHeaders, let colon = line.firstIndex(of: UInt8(ascii: ":")) else { return }
        let value = ASCII.trimmed(Array(line[(colon + 1)...])[...])
        headers.append(HTTPHeader(String(decoding: line[..<colon], as: UTF8.self), String(decoding: value, as: UTF8.self)))
    }

    /// - Returns: false to end the exchange.
    func takeBody(_ bytes: UnsafeRawBufferPointer) -> Bool {
        guard isSuccess else {
            body += bytes.prefix(max(0, Self.failureBytes - body.count))
            return body.count < Self.failureBytes
        }
        onBytes?(bytes.count)
        switch sink {
        case .memory(let limit):
            guard bytes.count <= limit - body.count else { return stop(.limitExceeded, "the answer has more than \(limit) bytes") }
            body += bytes
            count += UInt64(bytes.count)
            return true
        case .file(let descriptor, let limit):
            guard UInt64(bytes.count) <= limit - count else { return stop(.contentMismatch, "the answer has more than \(limit) bytes") }
            hash?.update(bytes)
            count += UInt64(bytes.count)
            return write(bytes, to: descriptor)
        }
    }

    func sent(_ count: Int) { onBytes?(count) }

    private func write(_ bytes: UnsafeRawBufferPointer, to descriptor: Int32) -> Bool {
        var rest = bytes[...]
        while !rest.isEmpty {
            let written = UnsafeRawBufferPointer(rebasing: rest).withMemoryRebound(to: UInt8.self) {
                Glibc.write(descriptor, $0.baseAddress, $0.count)
            }
            if written < 0, errno == EINTR { continue }
            guard written > 0 else { return stop(.io, "cannot write what is received: \(String(cString: strerror(errno)))") }
            rest = rest.dropFirst(written)
        }
        return true
    }

    private func stop(_ code: MaxError.Code, _ message: String) -> Bool {
        failure = MaxError(code, message)
        return false
    }
}
