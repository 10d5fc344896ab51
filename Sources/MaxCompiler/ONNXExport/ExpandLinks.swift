import MaxIR

/// Writes link functions that ONNX does not have by their formulas, in the operations and the order in which the
/// reference evaluates them:
///
///     logistic clamped(x)  = 1 / (e^(88.7 < -x ? 88.7 : -x) + 1), in f64 without the limit
///     logistic mirrored(x) = x < 0 ? 1 - s : s, where s = 1 / (1 + e^-|x|)
///     softmax_wide(x)      = e^(x - max) / f32(Σ f64(e^(x - max)))
///     softmax_zero, probit = see ai.onnx.ml
///
/// Does not fire for `expectiles`, which needs log(1 + x).
struct ExpandLinks: RewriteRule {
    let name = "expand-links"
    let equation = "logistic, softmax_wide, softmax_zero, probit = their formulas"

    func rewrite(_ node: Node, in graph: GraphView) throws(MaxError) -> Patch? {
        let bodies: [Operator: (inout Formula, ValueID, Node) throws(MaxError) -> ValueID] = [
            Ops.logistic: logistic, Ops.softmaxWide: softmaxWide, Ops.softmaxZero: softmaxZero, Ops.probit: probit,
        ]
        guard let body = bodies[node.op], let x = node.operands[0], let type = graph.tensorType(of: x) else { return nil }
        var formula = Formula(in: graph, type.element)
        let value = try body(&formula, x, node)
        formula.patch.replace(node.results[0], with: value)
        return formula.patch
    }

    private func logistic(_ f: inout Formula, _ x: ValueID, _ node: Node) throws(MaxError) -> ValueID {
        let one = f.scalar(1)
        if case .string("clamped")? = node.attributes["form"] {
            let minus = try f.apply("neg", x)
            var clamped = minus
            if f.element == .f32 {
                let limit = f.scalar(88.7)
                clamped = try f.apply("where", try f.apply("less", limit, minus), limit, minus)
            }
            return try f.apply("div", one, try f.apply("add", try f.apply("exp", clamped), one), label: node.label)
        }
        let power = try f.apply("exp", try f.apply("neg", try f.apply("abs", x)))
        let s = try f.apply("div", one, try f.apply("add", one, power))
        let isNegative = try f.apply("less", x, f.scalar(0))
        return try f.apply("where", isNegative, try f.apply("sub", one, s), s, label: node.label)
    }

    private func softmaxWide(_ f: inout Formula, _ x: ValueID, _ node: Node) throws(MaxError) -> ValueID {
        let axes = f.integers([-1])
        let powers = try f.apply("exp", try f.apply("sub", x, try f.apply("reduce_max", x, axes)))
        let wide = try f.apply("cast", powers, attributes: ["to": .type(.f64)])
        let total = try f.apply("cast", try f.apply("reduce_sum", wide, axes), attributes: ["to": .type(.f32)])
        return try f.apply("div", powers, total, label: node.label)
    }

    /// The largest value is that of a comparison which NaN never wins, unless it comes first.
    private func softmaxZero(_ f: inout Formula, _ x: ValueID, _ node: Node) throws(MaxError) -> ValueID {
        let axes = f.integers([-1])
        let known = try f.apply("where", try f.apply("is_nan", x), f.scalar(-.infinity), x)
        let first = try f.apply("gather", x, f.integers([0]), attributes: ["axis": .int(-1)])
        let top = try f.apply(
            "where", try f.apply("is_nan", first), first, try f.apply("reduce_max", known, axes))
        let edge = f.scalar(Double(Float(0.0000001)))
        let isLarge = try f.apply("greater", try f.apply("abs", x), edge)
        let power = try f.apply("exp", try f.apply("sub", x, top))
        let small = try f.apply("mul", x, try f.apply("exp", try f.apply("neg", top)))
        let powers = try f.apply("where", isLarge, power, small)
        let counted = try f.apply("where", isLarge, powers, f.scalar(0))
        return try f.apply("div", powers, try f.apply("reduce_sum", counted, axes), label: node.label)
    }

    private func probit(_ f: inout Formula, _ p: ValueID, _ node: Node) throws(MaxError) -> ValueID {
        let (zero, one) = (f.scalar(0), f.scalar(1))
        let x = try f.apply("sub", try f.apply("mul", f.scalar(2), p), one)
        let sign = try f.apply("where", try f.apply("less", x, zero), f.scalar(-1), one)
        let log = try f.apply("log", try f.apply("mul", try f.apply("sub", one, x), try f.apply("add", one, x)))
        let head = f.scalar(Double(2 / (Float(Double.pi) * 0.147)))
        let v = try f.apply("add", head, try f.apply("mul", f.scalar(0.5), log))
        let v2 = try f.apply("mul", f.scalar(Double(1 / Float(0.147))), log)
        let root = try f.apply("sqrt", try f.apply("sub", try f.apply("mul", v, v), v2))
        let inverse = try f.apply("mul", sign, try f.apply("sqrt", try f.apply("add", try f.apply("neg", v), root)))
        return try f.apply("mul", f.scalar(Double(Float(1.41421356))), inverse, label: node.label)
    }
}

/// Writes `expectiles` with softplus(x) = log(1 + e^-|x|) + max(x, 0) in place of log1p, which ONNX does not have.
struct ApproximateExpectiles: RewriteRule {
    let name = "approximate-expectiles"
    let equation = "expectiles with log1p(x) = log(1 + x)"
    let exactness = Exactness.approximate("one rounding of 1 + e^-|x| per term")

    func rewrite(_ node: Node, in graph: GraphView) throws(MaxError) -> Patch? {
        guard node.op == Ops.expectiles, let x = node.operands[0], let width = graph.tensorType(of: x)?.shape?.last?.fixed,
            width >= 1, width <= 1 << 12
        else { return nil }
        var f = Formula(in: graph, .f32)
        let power = try f.apply("exp", try f.apply("neg", try f.apply("abs", x)))
        let log = try f.apply("log", try f.apply("add", f.scalar(1), power))
        let rise = try f.apply("add", f.scalar(1e-6), try f.apply("add", log, try f.apply("relu", x)))
        var last = try f.apply("gather", x, f.integers([0]), attributes: ["axis": .int(-1)])
        var parts = [last]
        for column in 1..<max(width, 1) {
            let step = try f.apply("gather", rise, f.integers([Int64(column)]), attributes: ["axis": .int(-1)])
            last = try f.apply("add", last, step)
            parts.append(last)
        }
        f.patch.replace(node.results[0], with: f.patch.add(Ops.concat, parts, ["axis": .int(-1)], label: node.label))
        return f.patch
    }
}
