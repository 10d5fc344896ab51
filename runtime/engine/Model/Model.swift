import MaxIR
import Synchronization

/// A loaded model: immutable, shared by every thread that scores with it.
public final class Model: Sendable {
    /// Who the model says it is.
    public let info: ModelInfo
    public let schema: Schema
    /// Rows that explanations compare with, one tensor per graph input.
    public let background: [Tensor]?
    /// Its kernels on this machine.
    public let plan: Plan
    /// The portable graph, once it is there, and where it comes from until then.
    private let portable: Mutex<Graph?>
    private let bundle: Bundle?

    /// - Throws: `.unsupported` when an input or output is not rows of fixed width; `.usage` or `.unsupported` when
    ///   `MAXAI_KERNELS` asks for kernels that there are not.
    public init(graph: Graph, info: ModelInfo, background: [Tensor]? = nil) throws(MaxError) {
        self.info = info
        self.background = background
        try KernelChoice.check()
        schema = try Schema(of: graph)
        plan = Plan(graph, schema)
        portable = Mutex(graph)
        bundle = nil
    }

    /// The model of a packed graph; nil when it does not run on kernels alone.
    init?(packed graph: Graph, _ arrays: PackedArrays, of bundle: Bundle) throws(MaxError) {
        try KernelChoice.check()
        let schema = try Schema(of: graph)
        let plan = Plan(graph, schema, packed: arrays)
        guard plan.isPlanned else { return nil }
        info = bundle.info
        background = try bundle.background(for: graph)
        self.schema = schema
        self.plan = plan
        portable = Mutex(nil)
        self.bundle = bundle
    }

    /// What the model computes, operator by operator. A large model is loaded without it, by what its kernels hold, and
    /// reads it when it is first asked for.
    ///
    /// - Throws: what reading the bundle's graph throws; `.contentMismatch` when its columns or outputs are not those of the
    ///   packed graph.
    public var graph: Graph {
        get throws(MaxError) {
            if let graph = portable.withLock({ $0 }) { return graph }
            guard let bundle else { throw MaxError(.internal, "a model without a graph") }
            let graph = try bundle.graph()
            guard try Schema(of: graph) == schema else {
                throw MaxError(.contentMismatch, "bundle: the packed graph has other columns or outputs than the graph")
            }
            portable.withLock { $0 = graph }
            return graph
        }
    }

    /// What one thread needs to score up to `maximumRows` rows per call; allocates all of it now.
    public func makeContext(maximumRows: Int) throws(MaxError) -> Context {
        try Context(model: self, maximumRows: maximumRows)
    }
}

/// Identity and provenance, from the bundle's manifest.
public struct ModelInfo: Sendable, Hashable {
    public var name: Text
    public var version: Text
    /// SHA-256 of the bundle's content, lowercase hex; empty for a model that was never stored.
    public var digest: String
    /// Where the model came from: format, library, version, as the compiler recorded them.
    public var source: Text

    public init(name: Text, version: Text = "1", digest: String = "", source: Text = "") {
        self.name = name
        self.version = version
        self.digest = digest
        self.source = source
    }
}
