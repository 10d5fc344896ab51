import MaxIR

/// A loaded model: immutable, shared by every thread that scores with it.
public final class Model: Sendable {
    /// Who the model says it is.
    public let info: ModelInfo
    public let graph: Graph
    public let schema: Schema
    /// Rows that explanations compare with, one tensor per graph input.
    public let background: [Tensor]?
    /// Its kernels on this machine.
    public let plan: Plan

    /// - Throws: `.unsupported` when an input or output is not rows of fixed width; `.usage` or `.unsupported` when
    ///   `MAXAI_KERNELS` asks for kernels that there are not.
    public init(graph: Graph, info: ModelInfo, background: [Tensor]? = nil) throws(MaxError) {
        self.graph = graph
        self.info = info
        self.background = background
        try KernelChoice.check()
        schema = try Schema(of: graph)
        plan = Plan(graph, schema)
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
