import Glibc
import MaxIR
import MaxRuntime
import Synchronization

/// What a server offers, shared by its event loops: the models and whether it takes requests.
public final class Service: Sendable {
    private let held: Mutex<[ServedModel]>
    /// Counts the changes of `models`.
    private let changes = Atomic<Int>(0)
    public let limits: ServingLimits
    public let version: String
    /// Seconds since 1970.
    let startTime: Double
    private let ready = Atomic<Bool>(true)

    /// - Throws: `.conflict` when two bundles have one name and version.
    public convenience init(_ models: [Model], limits: ServingLimits = ServingLimits(), version: String) throws(MaxError) {
        try self.init(serving: models.map { ServedModel($0) }, limits: limits, version: version)
    }

    /// - Throws: `.conflict` when two bundles have one name and version.
    public init(serving models: [ServedModel], limits: ServingLimits = ServingLimits(), version: String) throws(MaxError) {
        held = Mutex(models)
        self.limits = limits
        self.version = version
        var now = timespec()
        clock_gettime(CLOCK_REALTIME, &now)
        startTime = Double(now.tv_sec) + Double(now.tv_nsec) * 1e-9
        for (index, model) in models.enumerated() {
            if models[..<index].contains(where: { $0.name == model.name && $0.version == model.version }) {
                throw MaxError(.conflict, "model \(model.name)@\(model.version): given twice")
            }
        }
    }

    /// What is offered now. Whoever answers a request takes its model once, and keeps it to the end.
    public var models: [ServedModel] { held.withLock { $0 } }

    var generation: Int { changes.load(ordering: .acquiring) }

    /// Offers `new` in the place of `old` from the next request on; requests under way end with what they began with.
    ///
    /// - Parameters:
    ///   - old: nil adds.
    ///   - new: nil takes `old` away.
    public func replace(_ old: ServedModel?, with new: ServedModel?) {
        held.withLock { models in
            if let old, let index = models.firstIndex(where: { $0 === old }) {
                if let new { models[index] = new } else { models.remove(at: index) }
            } else if let new {
                models.append(new)
            }
        }
        changes.add(1, ordering: .releasing)
    }

    /// What is known of the registry that is followed; nil when there is none.
    let following = Mutex<FollowingStatus?>(nil)

    public var isReady: Bool { ready.load(ordering: .relaxed) }
    public func startDraining() { ready.store(false, ordering: .relaxed) }

    /// The model of this name; of several versions, the one asked for or the last given.
    func find(_ name: String, version: String?) -> ServedModel? {
        models.last { $0.name == name && (version == nil || $0.version == version) }
    }
}

/// Bounds on what a client may ask for.
public struct ServingLimits: Sendable {
    /// Bytes of one request body.
    public var bodyBytes = 64 << 20
    /// Rows of one request.
    public var rows = 1 << 16
    /// Bytes of a request's path and query.
    public var pathBytes = 4096
    /// Open connections; further ones are closed at once.
    public var connections = 10_000
    /// Seconds without a byte from the client after which a connection is closed.
    public var idleSeconds: Int64 = 60

    public init() {}
}
