import MaxIR

/// Runs a pipeline of rewrites to a fixpoint: each rule sweeps the graph in turn until a whole round changes
/// nothing. The graph is verified before the first sweep and after every one that changed it.
public struct RewriteDriver: Sendable {
    /// The rules, in the order of a round.
    public var rules: [any RewriteRule]
    /// Names of rules that do not run.
    public var disabled: Set<String> = []
    /// Stop after this many patches, to find the one that does harm.
    public var stopAfter: Int?
    /// Rules that are not exact run only with this.
    public var allowsInexact = false
    /// Called with the rule's name and the graph after every sweep that changed it.
    public var printAfter: (@Sendable (String, Graph) -> Void)?
    /// Called before the error is thrown when a rule breaks the graph.
    public var onFailure: (@Sendable (Reproducer) -> Void)?
    /// Rounds after which the rules count as not settling.
    public var roundLimit = 64

    public init(rules: [any RewriteRule]) { self.rules = rules }

    /// - Throws: `.usage` for an unknown name in `disabled`; `.malformed` for a graph that does not verify;
    ///   `.internal` naming the rule that broke the graph, or that does not settle.
    public func run(_ graph: Graph) throws(MaxError) -> RewriteResult {
        try checkNames()
        try graph.verify()
        let active = rules.filter { !disabled.contains($0.name) && (allowsInexact || $0.exactness == .exact) }
        var result = RewriteResult(graph: graph, rules: active.map { RuleStatistics(name: $0.name) })
        for _ in 0..<roundLimit {
            let before = result.patches
            for (index, rule) in active.enumerated() {
                let allowance = (stopAfter ?? .max) - result.patches
                guard allowance > 0 else { return result }
                try sweep(rule, index, allowance, active, &result)
            }
            if result.patches == before { return result }
        }
        let last = result.rules.filter { $0.patchesInLastSweep > 0 }.map(\.name).joined(separator: ", ")
        throw MaxError(.internal, "rewrites do not settle in \(roundLimit) rounds: \(last) still change the graph")
    }

    private func sweep(
        _ rule: any RewriteRule, _ index: Int, _ allowance: Int, _ active: [any RewriteRule],
        _ result: inout RewriteResult
    ) throws(MaxError) {
        let clock = ContinuousClock()
        let start = clock.now
        var sweep = Sweep(result.graph, allowance: allowance)
        do throws(MaxError) {
            if let (graph, dropped) = try sweep.run(rule) {
                result.graph = graph
                result.droppedInputs += dropped
            }
        } catch {
            let failure = MaxError(.internal, "rewrite '\(rule.name)': at \(sweep.place): \(error.message)")
            onFailure?(
                Reproducer(
                    graph: result.graph, pipeline: active.map(\.name), rule: rule.name, patchesBefore: result.patches,
                    message: failure.message))
            throw failure
        }
        result.patches += sweep.patches
        result.rules[index].add(patches: sweep.patches, declined: sweep.declined, duration: clock.now - start)
        if sweep.patches > 0 { printAfter?(rule.name, result.graph) }
    }

    private func checkNames() throws(MaxError) {
        var known = Set<String>()
        for rule in rules where !known.insert(rule.name).inserted {
            throw MaxError(.internal, "rewrite '\(rule.name)' stands twice in the pipeline")
        }
        for name in disabled.sorted() where !known.contains(name) {
            let list = rules.map(\.name).joined(separator: ", ")
            throw MaxError(.usage, "no rewrite is named '\(name)': expected one of \(list)")
        }
    }
}
