import Glibc
import MaxIR
import MaxRuntime
import MaxServing
import Testing

@Suite struct SocketTests {
    @Test func requestsShareAConnectionAndDrainingEndsIt() throws {
        var builder = GraphBuilder(name: "twice")
        let a = try builder.input("a", TensorType(.f32, [.rows]), missing: .nan)
        builder.output("twice", try builder.add(Ops.add, [a, a]))
        var limits = ServingLimits()
        limits.bodyBytes = 1000
        let service = try Service([try Model(graph: try builder.finish(), info: ModelInfo(name: "twice"))], limits: limits, version: "test")
        let server = try HTTPServer(service, threads: 1)
        let port = try server.listen(host: "127.0.0.1", port: 0)

        let connection = try Connection(port)
        let body = #"{"inputs":[{"name":"a","shape":[1],"datatype":"FP32","data":[21]}]}"#
        let request = "POST /v2/models/twice/infer HTTP/1.1\r\nHost: x\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)"
        // Two at once, then one in chunks.
        connection.send(request + request)
        #expect(connection.read(until: "42.0", times: 2).contains("HTTP/1.1 200 OK"))
        connection.send("POST /v2/models/twice/infer HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n")
        for byte in body.utf8 { connection.send("1\r\n\(Character(Unicode.Scalar(byte)))\r\n") }
        connection.send("0\r\n\r\n")
        #expect(connection.read(until: "42.0", times: 1).contains("200"))

        // What follows a request that ends the connection is not answered.
        let last = try Connection(port)
        last.send(request.replacing("Host: x", with: "Host: x\r\nConnection: close") + request)
        #expect(last.read(until: "no such text", times: 1).split(separator: "42.0", omittingEmptySubsequences: false).count == 2)

        let large = try Connection(port)
        large.send("POST /v2/models/twice/infer HTTP/1.1\r\nHost: x\r\nContent-Length: 5000\r\n\r\n" + String(repeating: " ", count: 5000))
        #expect(large.read(until: "\"}", times: 1).contains("413"))

        let broken = try Connection(port)
        broken.send("NONSENSE\r\n\r\n")
        #expect(broken.read(until: "\r\n\r\n", times: 1).contains("400"))

        server.drain(seconds: 5)
        connection.send(request)
        #expect(!connection.read(until: "42.0", times: 1).contains("200"))
    }
}

/// A blocking client.
private final class Connection {
    private let descriptor: Int32

    init(_ port: Int) throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = UInt16(port).bigEndian
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        let size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let status = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { connect(descriptor, $0, size) }
        }
        try #require(status == 0)
        var timeout = timeval(tv_sec: 5, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &timeout, socklen_t(MemoryLayout<timeval>.size))
    }

    deinit { close(descriptor) }

    func send(_ text: String) {
        _ = Array(text.utf8).withUnsafeBytes { Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
    }

    func read(until mark: String, times: Int) -> String {
        var text = ""
        var buffer = [UInt8](repeating: 0, count: 4096)
        while text.split(separator: mark, omittingEmptySubsequences: false).count <= times {
            let count = recv(descriptor, &buffer, buffer.count, 0)
            guard count > 0 else { break }
            text += String(decoding: buffer.prefix(count), as: UTF8.self)
        }
        return text
    }
}
