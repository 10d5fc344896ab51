import MaxIR

/// The kernels of every operator that has some.
enum KernelTable {
    /// Gives the step that does exactly what the node asks, or nil when it asks for something else.
    typealias Choice = @Sendable (inout KernelRequest) throws -> (any Step)?

    private static let choices: [String: Choice] = {
        let families = [elementwise, comparisons, columns, rowwise, dense, encoding, scaling, ensembles, explanations]
        return families.reduce(into: [:]) { all, family in all.merge(family) { first, _ in first } }
    }()

    /// - Returns: nil when no kernel does what the node asks.
    static func step(_ request: inout KernelRequest) throws -> (any Step)? {
        if let choose = choices[request.node.op.name], let step = try choose(&request) { return step }
        request.preparations = []
        if let step = try scalarMap(request) { return step }
        return nil
    }
}
