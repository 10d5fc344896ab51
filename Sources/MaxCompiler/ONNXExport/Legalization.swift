import MaxIR

/// Brings a graph to operators that ONNX has, by rewrites.
struct Legalization {
    let options: ONNXExport.Options

    /// The rewrites; those that are not exact only on request.
    func rules(approximate: Bool) -> [any RewriteRule] {
        let exact: [any RewriteRule] = [
            ExpandLinks(), ExpandOrderedLinear(), LegalizeTrees(mlOpset: options.mlOpset),
            SeparateNaNKeys(mlOpset: options.mlOpset), DeadNodes(),
        ]
        return approximate ? exact + [ApproximateTrees(mlOpset: options.mlOpset), ApproximateExpectiles()] : exact
    }

    /// - Returns: the graph, and the approximations that were made, one line each.
    func run(_ graph: Graph, approximate: Bool) throws(MaxError) -> (Graph, [String]) {
        let rules = rules(approximate: approximate)
        var driver = RewriteDriver(rules: rules)
        driver.allowsInexact = approximate
        let result = try driver.run(graph)
        var made: [String] = []
        for (rule, statistics) in zip(rules, result.rules) where rule.exactness != .exact && statistics.patches > 0 {
            made.append("\(rule.name) (\(statistics.patches)×): \(rule.equation)")
        }
        return (result.graph, made)
    }
}

/// A patch under construction that writes arithmetic shortly.
struct Formula {
    var patch: Patch
    let element: ElementType

    init(in graph: GraphView, _ element: ElementType) {
        patch = Patch(in: graph)
        self.element = element
    }

    mutating func apply(
        _ name: String, _ operands: ValueID..., attributes: [String: Attribute] = [:], label: Text = ""
    ) throws(MaxError) -> ValueID {
        guard let op = Ops.named[name] else { throw MaxError(.internal, "no operator '\(name)'") }
        return patch.add(op, operands, attributes, label: label)
    }

    /// A scalar of the element type. The value must be one of it.
    mutating func scalar(_ value: Double) -> ValueID {
        patch.constant(element == .f64 ? Tensor(scalar: value) : Tensor(scalar: Float(value)))
    }

    mutating func integers(_ values: [Int64]) -> ValueID { patch.constant(Tensor(values)) }
}
