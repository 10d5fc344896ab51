import MaxIR

/// Takes away a scaler in front of trees by moving every threshold to where the scaled column crosses it.
///
/// Scaling by (x - offset)·scale in f32 is monotone, so a test of the scaled value is a test of the value itself;
/// its threshold is found by exact search over the f32 numbers. A negative scale turns the comparison round.
///
/// Does not fire when a column that is tested has an offset or scale that is not finite, or a scale of 0 (the result
/// need not be a number); when a node tests for equality or membership, or takes zero for missing; when leaves are
/// linear in the scaled columns; or when the scaled matrix has another reader.
struct FoldScalerIntoTrees: RewriteRule {
    let name = "fold-scaler-into-trees"
    let equation = "trees((x - o)·s) = trees(x) with thresholds found by search"

    func rewrite(_ node: Node, in graph: GraphView) throws(MaxError) -> Patch? {
        guard node.op == Ops.trees, let operand = node.operands[0], graph.hasOneUse(operand),
            let scaler = graph.producer(of: operand, as: Ops.scaler), let x = scaler.operands[0],
            let type = graph.tensorType(of: x), type.rank == 2,
            case .floats(let offsets)? = scaler.attributes["offset"], case .floats(let scales)? = scaler.attributes["scale"],
            offsets.count == scales.count, offsets.count == 1 || offsets.count == type.shape?.last?.fixed
        else { return nil }
        var out = try TreeEnsemble(attributesOf: node)
        guard out.linear == nil else { return nil }
        var thresholds: [Double] = []
        for place in 0..<out.nodeCount {
            let column = offsets.count == 1 ? 0 : Int(out.column[place])
            let scaling = Scaling(offset: Float(offsets[column]), scale: Float(scales[column]))
            guard scaling.isMonotone, let moved = moved(out, place, scaling) else { return nil }
            let policy = out.policy(of: place)
            switch policy.missing {
            case .none, .nan: break
            case .zero: return nil
            case .nanIsZero:
                let goesTrue = out.isTrue(place, for: 0)
                out.missing[place] = TreeEnsemble.Missing.nan.rawValue | (goesTrue ? TreeEnsemble.missingGoesTrue : 0)
            }
            out.comparison[place] = moved.comparison.rawValue
            thresholds.append(moved.threshold)
        }
        out.threshold = out.threshold.elementType == .f64 ? .f64(thresholds) : .f32(thresholds.map { Float($0) })
        var patch = Patch(in: graph)
        let value = type.element == .f32 ? x : patch.add(Ops.cast, [x], ["to": .type(.f32)])
        patch.replace(node.results[0], with: patch.add(Ops.trees, [value], out.attributes, label: node.label))
        return patch
    }

    /// The test of the unscaled value; nil for a test that is not of one side.
    private func moved(
        _ trees: TreeEnsemble, _ node: Int, _ scaling: Scaling
    ) -> (comparison: TreeEnsemble.Comparison, threshold: Double)? {
        let t = trees.limit(node)
        let holds: (Double) -> Bool
        let isBelow: Bool
        switch TreeEnsemble.Comparison(rawValue: trees.comparison[node]) {
        case .lessOrEqual: (holds, isBelow) = ({ $0 <= t }, true)
        case .less: (holds, isBelow) = ({ $0 < t }, true)
        case .greaterOrEqual: (holds, isBelow) = ({ $0 >= t }, false)
        case .greater: (holds, isBelow) = ({ $0 > t }, false)
        default: return nil
        }
        // Below the boundary of x when exactly one of comparison and scale points up.
        if isBelow == (scaling.scale > 0) {
            guard let last = OrderedFloat.last(where: { holds(Double(scaling($0))) }) else { return (.less, -.infinity) }
            return (.lessOrEqual, Double(last))
        }
        guard let first = OrderedFloat.first(where: { holds(Double(scaling($0))) }) else { return (.greater, .infinity) }
        return (.greaterOrEqual, Double(first))
    }
}

/// (x - offset)·scale in f32, as `scaler` computes it.
private struct Scaling {
    let offset: Float
    let scale: Float

    /// Whether a number gives a number and the order is kept or reversed.
    var isMonotone: Bool { offset.isFinite && scale.isFinite && scale != 0 }

    func callAsFunction(_ x: Float) -> Float { (x - offset) * scale }
}

/// The f32 numbers without NaN, in order, as consecutive integers.
package enum OrderedFloat {
    package static let bounds = key(-.infinity)...key(.infinity)

    /// The position of x; -0.0 stands before 0.0.
    package static func key(_ x: Float) -> Int64 {
        let bits = Int64(x.bitPattern & 0x7fff_ffff)
        return x.sign == .minus ? -bits - 1 : bits
    }

    package static func float(_ key: Int64) -> Float {
        key < 0 ? Float(bitPattern: UInt32(-key - 1) | 0x8000_0000) : Float(bitPattern: UInt32(key))
    }

    /// The largest x that `holds`, which is true up to some number and false from there on.
    package static func last(where holds: (Float) -> Bool) -> Float? {
        var (low, high) = (bounds.lowerBound - 1, bounds.upperBound)
        while low < high {
            let middle = low + (high - low + 1) / 2
            if holds(float(middle)) { low = middle } else { high = middle - 1 }
        }
        return low < bounds.lowerBound ? nil : float(low)
    }

    /// The smallest x that `holds`, which is false up to some number and true from there on.
    package static func first(where holds: (Float) -> Bool) -> Float? {
        guard let last = last(where: { !holds($0) }) else { return float(bounds.lowerBound) }
        return key(last) == bounds.upperBound ? nil : float(key(last) + 1)
    }
}
