import Glibc
import MaxIR
import NIOCore
import NIOHTTP1
import NIOPosix
import Synchronization

/// Listens, and answers on its event loops: inference runs where the bytes arrive, without a hop.
public final class HTTPServer: Sendable {
    private let group: MultiThreadedEventLoopGroup
    private let service: Service
    private let loops: [LoopState]
    private let listeners = Mutex<[any Channel]>([])
    private let connections = Atomic<Int>(0)

    /// What belongs to one event loop and is touched only on it.
    private final class LoopState: Sendable {
        let eventLoop: any EventLoop
        let worker: NIOLoopBound<Worker>
        let open: NIOLoopBoundBox<[ObjectIdentifier: (channel: any Channel, handler: HTTPHandler)]>

        init(_ eventLoop: any EventLoop, _ service: Service) throws {
            self.eventLoop = eventLoop
            (worker, open) = try eventLoop.submit {
                (NIOLoopBound(Worker(service), eventLoop: eventLoop), NIOLoopBoundBox([:], eventLoop: eventLoop))
            }.wait()
        }
    }

    public init(_ service: Service, threads: Int) throws {
        self.service = service
        let group = MultiThreadedEventLoopGroup(numberOfThreads: max(threads, 1))
        self.group = group
        loops = try group.makeIterator().map { try LoopState($0, service) }
    }

    /// Starts to listen.
    ///
    /// - Returns: the port, which is another than asked for when that was 0.
    /// - Throws: `.io` when the address cannot be had.
    public func listen(host: String, port: Int) throws(MaxError) -> Int {
        let (loops, connections, limits) = (loops, ConnectionCount(self), service.limits)
        do {
            let channel = try ServerBootstrap(group: group)
                .serverChannelOption(.backlog, value: 1024)
                .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
                .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
                .childChannelInitializer { channel in
                    channel.eventLoop.makeCompletedFuture {
                        guard let state = loops.first(where: { $0.eventLoop === channel.eventLoop }),
                            connections.add(limit: limits.connections)
                        else {
                            channel.close(promise: nil)
                            return
                        }
                        let handler = HTTPHandler(state.worker.value)
                        let pipeline = channel.pipeline.syncOperations
                        try pipeline.addHandler(IdleStateHandler(allTimeout: .seconds(limits.idleSeconds)))
                        // Answers are written before the next request is read, in names and values that are our own.
                        try pipeline.configureHTTPServerPipeline(
                            withPipeliningAssistance: false, withErrorHandling: true, withOutboundHeaderValidation: false)
                        try pipeline.addHandler(handler)
                        let key = ObjectIdentifier(handler)
                        state.open.value[key] = (channel, handler)
                        channel.closeFuture.assumeIsolated().whenComplete { _ in
                            state.open.value[key] = nil
                            connections.remove()
                        }
                    }
                }
                .bind(host: host, port: port).wait()
            listeners.withLock { $0.append(channel) }
            return channel.localAddress?.port ?? port
        } catch {
            throw MaxError(.io, "cannot listen on \(host):\(port): \(error)")
        }
    }

    /// Takes no more connections, lets requests under way finish, closes what is idle, then stops.
    ///
    /// - Parameter seconds: how long requests under way may take.
    public func drain(seconds: Double) {
        service.startDraining()
        for channel in listeners.withLock({ $0 }) { try? channel.close().wait() }
        var waited = 0.0
        while connections.load(ordering: .relaxed) > 0, waited < seconds {
            for state in loops {
                state.eventLoop.execute {
                    for (channel, handler) in state.open.value.values where !handler.isBusy { channel.close(promise: nil) }
                }
            }
            usleep(10_000)
            waited += 0.01
        }
        try? group.syncShutdownGracefully()
    }

    /// Counts open connections without keeping the server alive.
    private struct ConnectionCount: Sendable {
        let server: HTTPServer
        init(_ server: HTTPServer) { self.server = server }

        func add(limit: Int) -> Bool {
            guard server.connections.wrappingAdd(1, ordering: .relaxed).newValue <= limit else {
                remove()
                return false
            }
            return true
        }

        func remove() { server.connections.wrappingSubtract(1, ordering: .relaxed) }
    }
}
