import MaxIR

/// What a run of the rewrite driver gives.
public struct RewriteResult: Sendable {
    public var graph: Graph
    /// One entry per rule that ran, in the order of the pipeline.
    public var rules: [RuleStatistics]
    public var patches = 0
    /// Inputs of the given graph that no output depends on and that the result no longer has. Callers may
    /// still supply these columns; they are ignored.
    public var droppedInputs: [GraphInput] = []

    init(graph: Graph, rules: [RuleStatistics]) {
        self.graph = graph
        self.rules = rules
    }
}

/// What one rule did.
public struct RuleStatistics: Sendable, Hashable {
    public let name: String
    public private(set) var sweeps = 0
    public private(set) var patches = 0
    /// Patches that would have made a type less precise and were not applied.
    public private(set) var declined = 0
    public private(set) var duration = Duration.zero
    private(set) var patchesInLastSweep = 0

    init(name: String) { self.name = name }

    mutating func add(patches: Int, declined: Int, duration: Duration) {
        sweeps += 1
        self.patches += patches
        self.declined += declined
        self.duration += duration
        patchesInLastSweep = patches
    }
}

/// All that is needed to see a rewrite fail again.
public struct Reproducer: Sendable {
    /// The graph before the sweep that failed.
    public let graph: Graph
    public let pipeline: [String]
    public let rule: String
    /// Patches applied before that sweep.
    public let patchesBefore: Int
    public let message: String

    /// The graph in the text form under a head of comments, with its large constants.
    public var text: GraphText {
        let form = graph.text()
        let head = [
            "// rewrite '\(rule)' failed after \(patchesBefore) patches", "// \(message)",
            "// pipeline: \(pipeline.joined(separator: ","))",
        ]
        return GraphText((head + [form.text]).joined(separator: "\n"), constants: form.constants)
    }
}
