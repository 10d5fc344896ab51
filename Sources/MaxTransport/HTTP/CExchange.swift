import CMaxHTTP
import Glibc
import MaxIR

/// The crossing to C: copies a request into what the shim takes, and brings its callbacks back.
enum CExchange {
    static func perform(
        _ handle: OpaquePointer, _ request: HTTPRequest, _ times: HTTPTimes, _ exchange: HTTPExchange, _ status: inout Int,
        _ message: inout [CChar]
    ) throws(MaxError) -> maxai_http_outcome {
        // libcurl would ask first and wait for an answer that many servers do not give.
        var lines = request.headers.map { "\($0.name): \($0.value)" } + ["Expect:"]
        if let authorization = request.authorization { lines.append("Authorization: \(authorization)") }
        for line in lines where line.utf8.contains(where: { $0 < 0x20 || $0 == 0x7f }) {
            throw MaxError(.malformed, "\(request.method) \(request.address.shown): a header with control characters")
        }
        var pointers = lines.map { UnsafePointer(strdup($0)) } + [nil]
        defer { for pointer in pointers { free(UnsafeMutablePointer(mutating: pointer)) } }
        let authorities = getenv("SSL_CERT_FILE").map { String(cString: $0) } ?? ""
        var out = maxai_http_request()
        fill(&out, request, times)
        out.context = Unmanaged.passUnretained(exchange).toOpaque()
        let outcome = withExtendedLifetime(exchange) {
            request.method.withCString { method in
                request.address.text.withCString { url in
                    authorities.withCString { authorities in
                        pointers.withUnsafeMutableBufferPointer { headers in
                            bytes(of: request.body).withUnsafeBufferPointer { body in
                                out.method = method
                                out.url = url
                                out.headers = UnsafePointer(headers.baseAddress)
                                out.authorities = authorities[0] == 0 ? nil : authorities
                                if case .bytes = request.body { out.body = body.baseAddress }
                                return maxai_http_perform(handle, &out, &status, &message, message.count)
                            }
                        }
                    }
                }
            }
        }
        return outcome
    }

    private static func bytes(of body: HTTPRequest.Body) -> [UInt8] { if case .bytes(let bytes) = body { bytes } else { [] } }

    private static func fill(_ out: inout maxai_http_request, _ request: HTTPRequest, _ times: HTTPTimes) {
        out.body_descriptor = -1
        var isShort = if case .memory = request.sink { true } else { false }
        switch request.body {
        case .none: out.body_bytes = -1
        case .bytes(let bytes): out.body_bytes = Int64(bytes.count)
        case .file(let descriptor, let offset, let count):
            (out.body_descriptor, out.body_offset, out.body_bytes) = (descriptor, offset, count)
            isShort = false
        }
        out.refused = AddressRules.refusals(for: request.address, from: request.origin)
        out.direct = request.address.isLoopback ? 1 : 0
        out.connect_milliseconds = times.connectMilliseconds
        out.low_speed_bytes = times.slowBytesPerSecond
        out.low_speed_seconds = request.isPatient ? 5 * times.stallSeconds : times.stallSeconds
        out.total_milliseconds = isShort && !request.isPatient ? times.shortMilliseconds : 0
        out.on_header = { context, line, count in
            guard let context else { return }
            Unmanaged<HTTPExchange>.fromOpaque(context).takeUnretainedValue().takeHeader(UnsafeBufferPointer(start: line, count: count))
        }
        out.on_body = { context, bytes, count in
            guard let context else { return 1 }
            let exchange = Unmanaged<HTTPExchange>.fromOpaque(context).takeUnretainedValue()
            return exchange.takeBody(UnsafeRawBufferPointer(start: bytes, count: count)) ? 0 : 1
        }
        out.on_sent = { context, count in
            guard let context else { return }
            Unmanaged<HTTPExchange>.fromOpaque(context).takeUnretainedValue().sent(count)
        }
    }
}
