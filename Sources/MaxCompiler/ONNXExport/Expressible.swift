import MaxIR

/// What of a legalized graph an operator set of ONNX cannot say.
struct Expressible {
    let options: ONNXExport.Options

    /// One sentence per obstacle, in the order of the graph; empty when there is none.
    func refusals(_ graph: Graph) throws(MaxError) -> [String] {
        let view = GraphView(graph)
        var out: [String] = []
        for input in graph.inputs where input.type.holdsTimestamps {
            out.append("input \(input.name.quoted): ONNX has no timestamps")
        }
        for (index, node) in graph.nodes.enumerated() {
            guard let reason = try refusal(node, view) else { continue }
            out.append("node \(index) '\(node.op.name)'" + (node.label.isEmpty ? "" : " \(node.label.quoted)") + ": \(reason)")
        }
        return out
    }

    private func refusal(_ node: Node, _ view: GraphView) throws(MaxError) -> String? {
        if node.results.contains(where: { view.type(of: $0).holdsTimestamps }) { return "ONNX has no timestamps" }
        if node.op == Ops.trees { return try trees(node, view) }
        guard let mapping = node.op.onnx else { return "ONNX has no such operator" }
        for spec in node.op.attributes {
            switch node.attributes[spec.name] {
            case .float(let x)? where !x.isSingle: return "attribute '\(spec.name)' is \(x), which f32 does not hold"
            case .floats(let list)?:
                if let x = list.first(where: { !$0.isSingle }) { return "attribute '\(spec.name)' holds \(x), which f32 does not hold" }
            default: continue
            }
        }
        if let reason = Downgrade(node, view, options).refusal { return reason }
        let (version, domain) = mapping.domain.isEmpty ? (options.opset, "") : (options.mlOpset, " of \(mapping.domain)")
        if mapping.since > version, !Downgrade.knows(node.op) {
            return "needs operator set \(mapping.since)\(domain), and \(version) is asked for"
        }
        return nil
    }

    private func trees(_ node: Node, _ view: GraphView) throws(MaxError) -> String? {
        let ensemble = try TreeEnsemble(attributesOf: node)
        let (threshold, leaves) = (ensemble.threshold.elementType, ensemble.leafValues.elementType)
        if ensemble.linear != nil { return "leaves are linear in the columns, which ONNX cannot say" }
        if threshold != leaves { return "thresholds are \(threshold) and leaves \(leaves); ONNX has one type for both" }
        if options.mlOpset < 5, leaves == .f64, !view.isOnlyRounded(node.results[0]) {
            return "leaf values are f64, and TreeEnsembleRegressor gives f32 (ai.onnx.ml 5 has f64)"
        }
        if (0..<ensemble.nodeCount).contains(where: { ensemble.policy(of: $0).missing == .zero }) {
            return "missing policy: zero counts as missing, which ONNX cannot say"
        }
        if (0..<ensemble.nodeCount).contains(where: {
            ensemble.policy(of: $0).missing == .nan && !ensemble.policy(of: $0).goesTrue
        }) {
            return "missing policy: NaN goes to the false child of a test for inequality, which ONNX cannot say"
        }
        if ensemble.hasNegativeZeroBase { return "the start value is -0.0, and ONNX starts at 0.0" }
        if !ensemble.startsAtZero { return "aggregate \(ensemble.aggregate.rawValue) with start values, which ONNX adds at the end" }
        if ensemble.setRule != .exact, !ensemble.set.isEmpty { return "category sets over an unknown number of columns" }
        return nil
    }
}

extension Double {
    /// Whether f32 holds this value; any NaN counts.
    var isSingle: Bool { isNaN || Double(Float(self)) == self }
}

extension ValueType {
    fileprivate var holdsTimestamps: Bool {
        switch self {
        case .tensor(let type): type.element == .timestamp
        case .map(let key, let value): key == .timestamp || value == .timestamp
        case .sequence(let element): element.holdsTimestamps
        }
    }
}
