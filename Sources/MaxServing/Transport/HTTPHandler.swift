import NIOCore
import NIOHTTP1

/// One connection: gathers a request, answers it on the event loop, writes the answer.
final class HTTPHandler: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    private let worker: Worker
    private var head: HTTPRequestHead?
    private var body: ByteBuffer?
    /// An answer decided before the body was read; the body is then ignored and the connection closed.
    private var refusal: Answer?
    /// Whether an answer has said that the connection ends: what was sent after its request is not answered.
    private var isClosing = false

    init(_ worker: Worker) { self.worker = worker }

    /// Whether a request is under way; an idle connection may be closed while draining.
    var isBusy: Bool { head != nil }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !isClosing else { return }
        switch unwrapInboundIn(data) {
        case .head(let head):
            self.head = head
            body = nil
            refusal = refuse(head)
        case .body(var part):
            guard refusal == nil else { return }
            let limit = worker.service.limits.bodyBytes
            if (body?.readableBytes ?? 0) + part.readableBytes > limit {
                refusal = .failure(413, "the body is larger than \(limit) bytes")
                body = nil
            } else if body == nil {
                body = part
            } else {
                body?.writeBuffer(&part)
            }
        case .end: finish(context)
        }
    }

    private func refuse(_ head: HTTPRequestHead) -> Answer? {
        let limits = worker.service.limits
        if head.uri.utf8.count > limits.pathBytes { return .failure(414, "the path is longer than \(limits.pathBytes) bytes") }
        if let length = head.headers.first(name: "content-length").flatMap({ Int($0) }), length > limits.bodyBytes {
            return .failure(413, "the body has \(length) bytes, at most \(limits.bodyBytes) are taken")
        }
        if let encoding = head.headers.first(name: "content-encoding"), encoding != "identity" {
            var answer = Answer.failure(415, "content encoding is not supported, send the body as it is")
            answer.headers.append(("Accept-Encoding", "identity"))
            return answer
        }
        return nil
    }

    private func finish(_ context: ChannelHandlerContext) {
        guard let head else { return }
        let wasRefused = refusal != nil
        let answer = refusal ?? answered(head)
        let keepsAlive = head.isKeepAlive && !wasRefused && worker.service.isReady
        isClosing = !keepsAlive
        write(answer, context, version: head.version, isHead: head.method == .HEAD, keepsAlive: keepsAlive)
        self.head = nil
        body = nil
        refusal = nil
    }

    private func answered(_ head: HTTPRequestHead) -> Answer {
        let path = head.uri.prefix { $0 != "?" }
        func run(_ bytes: UnsafeRawBufferPointer) -> Answer {
            worker.answer(
                Request(
                    method: head.method.rawValue, path: String(path), contentType: head.headers.first(name: "content-type") ?? "",
                    jsonBytes: head.headers.first(name: "inference-header-content-length"), body: bytes))
        }
        guard let body else { return run(UnsafeRawBufferPointer(start: nil, count: 0)) }
        return body.withUnsafeReadableBytes(run)
    }

    private func write(_ answer: Answer, _ context: ChannelHandlerContext, version: HTTPVersion, isHead: Bool, keepsAlive: Bool) {
        var headers = HTTPHeaders()
        headers.add(name: "Content-Type", value: answer.contentType)
        headers.add(name: "Content-Length", value: "\(answer.body.count)")
        for (name, value) in answer.headers { headers.add(name: name, value: value) }
        if !keepsAlive { headers.add(name: "Connection", value: "close") }
        context.write(
            wrapOutboundOut(
                .head(HTTPResponseHead(version: .http1_1, status: HTTPResponseStatus(statusCode: answer.status), headers: headers))),
            promise: nil)
        if !isHead {
            var buffer = context.channel.allocator.buffer(capacity: answer.body.count)
            buffer.writeBytes(answer.body)
            context.write(wrapOutboundOut(.body(.byteBuffer(buffer))), promise: nil)
        }
        if keepsAlive {
            context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
        } else {
            let channel = context.channel
            context.writeAndFlush(wrapOutboundOut(.end(nil))).whenComplete { _ in channel.close(promise: nil) }
        }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if event is IdleStateHandler.IdleStateEvent { context.close(promise: nil) } else { context.fireUserInboundEventTriggered(event) }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
}
