import MaxIR

/// Brings a tree ensemble to what ONNX's tree operators can say, keeping every bit:
///
/// - comparisons, leaves and sums in one type, which is the type of the operand;
/// - start values as trees of a lone leaf, before the others (ONNX adds its own base values last);
/// - NaN compared as 0 sends NaN where 0 goes;
/// - categories cut to integers by a column of their own, so that sets hold exactly their members;
/// - one value per leaf in ai.onnx.ml 5, which has no more;
/// - an average that ONNX would take over other trees as a sum that is divided.
///
/// Does not fire for what has no such form (`Expressible` names it): sums rounded to f32 after comparisons in f64,
/// zero as missing, linear leaves, a negative zero as start value, an extremum with a start value.
struct LegalizeTrees: RewriteRule {
    let name = "legalize-trees"
    let equation = "trees = trees as ai.onnx.ml has them"
    let mlOpset: Int

    func rewrite(_ node: Node, in graph: GraphView) throws(MaxError) -> Patch? {
        guard node.op == Ops.trees, let x = node.operands[0], let type = graph.tensorType(of: x) else { return nil }
        let given = try TreeEnsemble(attributesOf: node)
        guard given.linear == nil else { return nil }
        var patch = Patch(in: graph)
        var operand = x
        func cast(_ type: ElementType) { operand = patch.add(Ops.cast, [operand], ["to": .type(type)]) }

        var out = given
        // ONNX has no place for either.
        (out.leafIDs, out.nodeCover, out.leafCover) = ([], [], [])
        if given.threshold.elementType == .f32, type.element == .f64 { cast(.f32) }
        let isWide = given.leafValues.elementType == .f64
        if isWide, given.threshold.elementType == .f32 { out.threshold = given.threshold.widened }
        if out.threshold.elementType == .f64, given.threshold.elementType == .f32 || type.element == .f32 { cast(.f64) }
        let divisor = out.sumInsteadOfAverage(splitsLeaves: mlOpset >= 5)
        try out.moveBase()
        out.resolveMissing()
        out.clearMemberThresholds()
        if out.setRule != .exact, out.comparison.contains(TreeEnsemble.Comparison.member.rawValue) {
            guard let width = type.shape?.last?.fixed else { return nil }
            operand = out.cutCategories(operand, width: width, &patch)
        }
        out.setRule = .exact
        if mlOpset >= 5 { try out.splitLeaves() }
        guard out.attributes != given.attributes || operand != x else { return nil }
        var scores = patch.add(Ops.trees, [operand], out.attributes, label: node.label)
        if let divisor { scores = patch.add(Ops.div, [scores, patch.constant(divisor)]) }
        patch.replace(node.results[0], with: scores)
        return patch
    }
}

extension TreeEnsemble {
    /// Whether every output starts at +0.0.
    var startsAtZero: Bool {
        switch base {
        case .f32(let a): a.allSatisfy { $0 == 0 && $0.sign == .plus }
        case .f64(let a): a.allSatisfy { $0 == 0 && $0.sign == .plus }
        default: false
        }
    }

    var hasNegativeZeroBase: Bool {
        switch base {
        case .f32(let a): a.contains { $0 == 0 && $0.sign == .minus }
        case .f64(let a): a.contains { $0 == 0 && $0.sign == .minus }
        default: false
        }
    }

    private var zeroBase: TensorStorage {
        base.elementType == .f64
            ? .f64(Array(repeating: 0, count: outputCount)) : .f32(Array(repeating: 0, count: outputCount))
    }

    /// Where ONNX's average would be another one (of start values, of a tree per value), the sum to divide by what
    /// is returned: the number of trees, in the type of the sums.
    fileprivate mutating func sumInsteadOfAverage(splitsLeaves: Bool) -> Tensor? {
        guard aggregate == .average, !startsAtZero || (splitsLeaves && leafStride > 1) || treeCount == 0 else { return nil }
        aggregate = .sum
        guard treeCount > 0 else { return nil }
        return leafValues.elementType == .f64
            ? Tensor(scalar: Double(treeCount)) : Tensor(scalar: Float(treeCount))
    }

    /// Start values become trees of a lone leaf that come first.
    fileprivate mutating func moveBase() throws(MaxError) {
        if aggregate == .min || aggregate == .max {
            // Outputs that have a tree do not read their start value.
            var isSet = [Bool](repeating: false, count: outputCount)
            for output in treeOutput { for k in 0..<leafStride { isSet[Int(output) + k] = true } }
            if isSet.allSatisfy({ $0 }) { base = zeroBase }
            return
        }
        guard aggregate == .sum, !hasNegativeZeroBase, !startsAtZero || treeCount == 0 else { return }
        var values: TensorStorage = base.picking([])
        var leaves = leafCount
        var (newRoots, newOutputs): ([Int32], [Int32]) = ([], [])
        var next = 0
        while next < outputCount {
            let start = min(next, outputCount - leafStride)
            for k in start..<(start + leafStride) {
                let value = k < next ? zeroBase.picking([0]) : base.picking([k])
                guard let joined = values.appending([value]) else { throw MaxError(.internal, "base of another type") }
                values = joined
            }
            guard let root = Int32(exactly: ~leaves) else { throw MaxError(.limitExceeded, "trees: too many leaves") }
            newRoots.append(root)
            newOutputs.append(Int32(start))
            leaves += 1
            next = start + leafStride
        }
        guard let all = leafValues.appending([values]) else { throw MaxError(.internal, "base of another type") }
        leafValues = all
        roots = newRoots + roots
        treeOutput = newOutputs + treeOutput
        base = zeroBase
    }

    /// Member nodes compare with nothing.
    fileprivate mutating func clearMemberThresholds() {
        let isMember = comparison.map { $0 == Comparison.member.rawValue }
        switch threshold {
        case .f64(let a): threshold = .f64(zip(a, isMember).map { $1 ? 0 : $0 })
        case .f32(let a): threshold = .f32(zip(a, isMember).map { $1 ? 0 : $0 })
        default: break
        }
    }

    /// What NaN does, as a plain direction where the comparison alone does not give it.
    fileprivate mutating func resolveMissing() {
        for node in 0..<nodeCount {
            let policy = policy(of: node)
            switch policy.missing {
            case .nanIsZero:
                let goesTrue = isTrue(node, for: 0)
                missing[node] = goesTrue ? Missing.nan.rawValue | Self.missingGoesTrue : nanGoesFalse(node)
            case .nan where !policy.goesTrue: missing[node] = nanGoesFalse(node)
            case .none where comparison[node] == Comparison.notEqual.rawValue: break
            case .none: missing[node] = 0
            case .nan, .zero: break
            }
        }
    }

    /// A comparison with NaN is false of itself, except `!=`.
    private func nanGoesFalse(_ node: Int) -> UInt8 {
        comparison[node] == Comparison.notEqual.rawValue ? Missing.nan.rawValue : 0
    }

    /// Columns that member nodes read are read from new columns behind the others, cut to integers.
    fileprivate mutating func cutCategories(_ x: ValueID, width: Int, _ patch: inout Patch) -> ValueID {
        func apply(_ name: String, _ operands: [ValueID], _ attributes: [String: Attribute] = [:]) -> ValueID {
            patch.add(Ops.named[name] ?? Ops.identity, operands, attributes)
        }
        var places: [Int32: Int32] = [:]
        var parts = [x]
        for node in 0..<nodeCount where comparison[node] == Comparison.member.rawValue {
            let old = column[node]
            if let place = places[old] { column[node] = place; continue }
            let index = patch.constant(Tensor([Int64(old)]))
            let value = apply("gather", [x, index], ["axis": .int(1)])
            let cut: ValueID
            if setRule == .truncated {
                cut = apply("mul", [apply("sign", [value]), apply("floor", [apply("abs", [value])])])
            } else {
                cut = apply("floor", [value])
            }
            let place = Int32(width + parts.count - 1)
            parts.append(cut)
            places[old] = place
            column[node] = place
        }
        return parts.count == 1 ? x : apply("concat", parts, ["axis": .int(1)])
    }

    /// Trees of several values per leaf become a tree per value, in the order of the outputs.
    fileprivate mutating func splitLeaves() throws(MaxError) {
        guard leafStride > 1 else { return }
        guard nodeCount <= Limits.evaluatedElements / leafStride else {
            throw MaxError(.limitExceeded, "trees: \(nodeCount) nodes for each of \(leafStride) values")
        }
        var builder = TreeEnsembleBuilder(outputs: outputCount)
        let source = self
        for tree in 0..<treeCount {
            for k in 0..<leafStride {
                try builder.addTree(
                    root: source.position(roots[tree]), count: nodeCount + leafCount, output: Int(treeOutput[tree]) + k
                ) { position throws(MaxError) in
                    position < source.nodeCount ? .split(source.split(position)) : .leaf([source.leaf(position - source.nodeCount, k)])
                }
            }
        }
        self = try builder.finish(
            threshold: threshold.elementType, base: base, aggregate: aggregate, setRule: setRule)
    }
}

extension TensorStorage {
    /// f32 as f64.
    var widened: TensorStorage { if case .f32(let a) = self { .f64(a.map(Double.init)) } else { self } }
}

/// Replaces what ONNX's tree operators cannot say: sums in f32 after comparisons in f64 are made in f64 and rounded;
/// before ai.onnx.ml 5 sums in f64 are rounded to f32; zero as missing becomes NaN as missing; a start value of -0.0
/// becomes 0.0.
struct ApproximateTrees: RewriteRule {
    let name = "approximate-trees"
    let equation = "trees(f64) = f64(f32(trees)); zero as missing = NaN as missing; base -0.0 = 0.0"
    let exactness = Exactness.approximate("measured on adversarial rows")
    let mlOpset: Int

    func rewrite(_ node: Node, in graph: GraphView) throws(MaxError) -> Patch? {
        guard node.op == Ops.trees else { return nil }
        let given = try TreeEnsemble(attributesOf: node)
        var out = given
        for index in 0..<out.nodeCount where out.policy(of: index).missing == .zero {
            out.missing[index] = out.missing[index] & TreeEnsemble.missingGoesTrue | TreeEnsemble.Missing.nan.rawValue
        }
        switch out.base {
        case .f64(let a): out.base = .f64(a.map { $0 == 0 ? 0 : $0 })
        case .f32(let a): out.base = .f32(a.map { $0 == 0 ? 0 : $0 })
        default: break
        }
        var patch = Patch(in: graph)
        if out.threshold.elementType == .f64, out.leafValues.elementType == .f32 {
            out.leafValues = out.leafValues.widened
            out.base = out.base.widened
            let sums = patch.add(Ops.trees, node.operands, out.attributes, label: node.label)
            patch.replace(node.results[0], with: patch.add(Ops.cast, [sums], ["to": .type(.f32)]))
            return patch
        }
        if mlOpset < 5, out.leafValues.elementType == .f64, !graph.isOnlyRounded(node.results[0]) {
            let sums = patch.add(Ops.trees, node.operands, out.attributes, label: node.label)
            let rounded = patch.add(Ops.cast, [sums], ["to": .type(.f32)])
            patch.replace(node.results[0], with: patch.add(Ops.cast, [rounded], ["to": .type(.f64)]))
            return patch
        }
        guard out.attributes != given.attributes else { return nil }
        patch.replace(node.results[0], with: patch.add(Ops.trees, node.operands, out.attributes, label: node.label))
        return patch
    }
}

extension GraphView {
    /// Whether all that reads an f64 value are casts to f32.
    func isOnlyRounded(_ value: ValueID) -> Bool {
        !graph.outputs.contains { $0.value == value }
            && graph.nodes.allSatisfy { node in
                !node.operands.contains(value) || (node.op == Ops.cast && node.attributes["to"] == .type(.f32))
            }
    }
}
