import MaxIR

/// How close the results after a rewrite are to those before it.
public enum Exactness: Sendable, Hashable, CustomStringConvertible {
    /// The same bits, for every input.
    case exact
    /// At most this many units in the last place away.
    case ulp(Int)
    /// Bounded as the text says.
    case approximate(String)

    public var description: String {
        switch self {
        case .exact: "exact"
        case .ulp(let n): "\(n) ulp"
        case .approximate(let bound): "approximate (\(bound))"
        }
    }
}

/// One rewrite: an equation between graphs, and when it does not apply.
public protocol RewriteRule: Sendable {
    /// The name under which it is listed and switched off: kebab case, after its effect.
    var name: String { get }
    /// The equation, one line.
    var equation: String { get }
    var exactness: Exactness { get }

    /// What to do about `node`, nil for nothing.
    ///
    /// - Throws: only what is a mistake of the rule; the driver reports it under the rule's name.
    func rewrite(_ node: Node, in graph: GraphView) throws(MaxError) -> Patch?

    /// The positions of inputs to take away.
    func droppedInputs(in graph: GraphView) -> [Int]
}

extension RewriteRule {
    public var exactness: Exactness { .exact }
    public func rewrite(_ node: Node, in graph: GraphView) throws(MaxError) -> Patch? { nil }
    public func droppedInputs(in graph: GraphView) -> [Int] { [] }
}
