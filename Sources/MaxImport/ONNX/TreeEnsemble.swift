import MaxIR

/// Lowers the tree operators of ai.onnx.ml to `trees` and what follows it.
///
/// The meaning is ONNX Runtime's: sums run tree by tree from zero in the type of the thresholds, base values are
/// added last, and a regressor with one target knows no transform but PROBIT. Where ONNX Runtime contradicts the
/// text of TreeEnsemble 5 (it swaps `post_transform` 1 and 2, and misses members of some sets), the text holds.
///
/// - Parameters:
///   - opType: `TreeEnsembleRegressor` or `TreeEnsembleClassifier` (versions 1 to 3), or `TreeEnsemble` (version 5).
///   - attributes: the node's attributes under their names in ONNX.
///   - x: the operand, `[N, F]` or `[F]`.
/// - Returns: `[Y]` for regressors and `TreeEnsemble`, `[label, Z]` for classifiers.
/// - Throws: `.malformed` naming the attribute that is wrong; `.unsupported` where the result depends on what ONNX
///   leaves open or `trees` cannot hold.
package func lowerTreeEnsemble(
    _ opType: String, attributes: [String: Attribute], x: ValueID, builder: inout GraphBuilder, label: Text = ""
) throws(MaxError) -> [ValueID] {
    do throws(MaxError) {
        guard let type = builder.type(of: x).tensor else {
            throw MaxError(.malformed, "X is \(builder.type(of: x)), expected a tensor")
        }
        let forest: ONNXForest
        switch opType {
        case "TreeEnsembleRegressor": forest = try ONNXForest(attributes, .regressor, x: type.element)
        case "TreeEnsembleClassifier": forest = try ONNXForest(attributes, .classifier, x: type.element)
        case "TreeEnsemble": forest = try ONNXForest(version5: attributes, x: type.element)
        default: throw MaxError(.unsupported, "operator is not a tree ensemble")
        }
        var operand = x
        if type.rank == 1 {
            operand = try builder.add(Ops.unsqueeze, [x, try builder.constant(Tensor([Int64(0)]))])
        }
        if type.element != .f32, type.element != .f64 {
            // Integers are compared with thresholds after conversion to f32.
            operand = try builder.add(Ops.cast, [operand], ["to": .type(.f32)])
        }
        let shape = ONNXForest.Presence(try forest.checked())
        let width = builder.type(of: operand).tensor?.shape?.last?.fixed
        if !forest.derived.isEmpty {
            guard width != nil else {
                throw MaxError(.unsupported, "sets with fractions, while the number of columns is not known")
            }
            operand = try builder.add(Ops.cast, [operand], ["to": .type(forest.type)])
            operand = try builder.appending(forest.derived, to: operand, forest.type)
        }
        let ensemble = try forest.ensemble(shape, width: width)
        let scores = try builder.add(Ops.trees, [operand], ensemble.attributes, label: label)
        var lowering = TreeScores(forest: forest, presence: shape, builder: builder)
        let results = forest.kind == .classifier ? try lowering.classified(scores) : [try lowering.regressed(scores)]
        builder = lowering.builder
        return results
    } catch {
        throw error.inside("'\(opType)'" + (label.isEmpty ? "" : " \(label.quoted)"))
    }
}

/// What follows the sums of a tree ensemble.
private struct TreeScores {
    let forest: ONNXForest
    let presence: ONNXForest.Presence
    var builder: GraphBuilder

    mutating func regressed(_ scores: ValueID) throws(MaxError) -> ValueID {
        let sums = try addBase(scores)
        // With one target, ONNX Runtime applies no transform but PROBIT.
        let transform = forest.outputs == 1 && forest.transform != .probit ? .none : forest.transform
        let isWide = forest.kind == .version5 && forest.type == .f64
        if transform == .none { return isWide ? sums : try narrowed(sums) }
        guard !isWide || transform == .logistic || transform == .probit else {
            throw MaxError(.unsupported, "post_transform: softmax of f64 scores, which ONNX Runtime mixes f32 into")
        }
        let out = try transformed(try narrowed(sums), transform)
        return isWide ? try builder.add(Ops.cast, [out], ["to": .type(.f64)]) : out
    }

    mutating func classified(_ scores: ValueID) throws(MaxError) -> [ValueID] {
        guard forest.outputs != 1 else {
            throw MaxError(.unsupported, "a classifier with one class label, expected at least two")
        }
        return forest.outputs == 2 ? try binary(scores) : try multiclass(scores)
    }

    private mutating func multiclass(_ scores: ValueID) throws(MaxError) -> [ValueID] {
        let sums = try addBase(scores)
        var candidates = Array(0..<forest.outputs)
        if forest.base.isEmpty {
            // Only classes that some tree voted for can win.
            candidates = candidates.filter { presence.isEver[$0] }
            let isSafe = candidates.allSatisfy { presence.isAlways[$0] } || presence.isEveryVotePositive
            guard isSafe, !candidates.isEmpty else {
                throw MaxError(
                    .unsupported, "class_ids: which classes have votes depends on the row, and votes may be negative")
            }
        }
        let contested = candidates.count == forest.outputs ? sums : try columns(sums, candidates)
        let winner = try builder.add(try op("arg_max"), [contested], ["axis": .int(1), "keepdims": .int(0)])
        return [try labels(winner, candidates), try transformed(try narrowed(sums), forest.transform)]
    }

    /// The rules of ONNX Runtime for two labels, which depend on which class ids carry weights and on their signs.
    private mutating func binary(_ scores: ValueID) throws(MaxError) -> [ValueID] {
        guard presence.isEver[1] == presence.isAlways[1] else {
            throw MaxError(.unsupported, "class_ids: whether class 1 has votes depends on the row")
        }
        guard presence.isEver[0] || presence.isEver[1] else {
            throw MaxError(.malformed, "class_ids: no class has a weight")
        }
        guard forest.base.isEmpty || presence.isEver[0] == presence.isAlways[0] else {
            throw MaxError(.unsupported, "class_ids: whether class 0 has votes depends on the row")
        }
        let (first, second) = (presence.isEver[0], presence.isEver[1])
        let isSingle = first != second
        var p0 = try columns(scores, [0])
        var p1 = try columns(scores, [1])
        var hasBoth = second
        switch forest.base.count {
        case 2 where second:
            // Base value 0 and the votes for class 1 are not used.
            p1 = try plus(p0, forest.base[1])
            if first { p0 = try builder.add(try op("neg"), [p1]) }
        case 2:
            // A class without votes scores 0, whatever its base value.
            p0 = try plus(p0, forest.base[0])
            hasBoth = true
        case 1 where first: p0 = try plus(p0, forest.base[0])
        default: break
        }
        let decider = second ? p1 : p0
        let limit = isSingle && presence.isNoVoteNegative ? 0.5 : 0
        let above = try builder.add(try op("greater"), [decider, try scalar(limit)])
        let index = try builder.add(Ops.cast, [try squeezed(above)], ["to": .type(.i64)])
        let label = isSingle || forest.labels.isText ? try labels(index, [0, 1]) : index
        guard !hasBoth else {
            let both = try builder.add(Ops.concat, [p0, p1], ["axis": .int(1)])
            return [label, try transformed(try narrowed(both), forest.transform)]
        }
        let pair: (ValueID, ValueID)
        switch forest.transform {
        case .probit:
            throw MaxError(.unsupported, "post_transform: PROBIT for a classifier with two labels and one score")
        case .logistic:
            let negative = try builder.add(try op("neg"), [p0])
            pair = (try transformed(try narrowed(negative), .logistic), try transformed(try narrowed(p0), .logistic))
        case _ where presence.isNoVoteNegative:
            pair = (try builder.add(Ops.sub, [try scalar(1), p0]), p0)
        default: pair = (try builder.add(try op("neg"), [p0]), p0)
        }
        let both = try builder.add(Ops.concat, [pair.0, pair.1], ["axis": .int(1)])
        return [label, try narrowed(both)]
    }

    private func op(_ name: String) throws(MaxError) -> Operator {
        guard let op = Ops.named[name] else { throw MaxError(.internal, "no operator '\(name)'") }
        return op
    }

    private mutating func addBase(_ scores: ValueID) throws(MaxError) -> ValueID {
        guard !forest.base.isEmpty else { return scores }
        guard forest.base.count == forest.outputs else {
            throw MaxError(.malformed, "base_values: \(forest.base.count) elements, expected 0 or \(forest.outputs)")
        }
        // What no leaf votes for stays 0: ONNX Runtime drops its base value. Multiclass scores keep theirs.
        guard forest.kind == .classifier || forest.outputs == 1 || presence.isEver == presence.isAlways else {
            throw MaxError(.unsupported, "base_values: whether a target has votes depends on the row")
        }
        let base = forest.base.enumerated().map { index, value in
            forest.kind == .classifier || forest.outputs == 1 || presence.isEver[index] ? value : 0
        }
        return try builder.add(Ops.add, [scores, try builder.constant(forest.tensor(base))])
    }

    private mutating func plus(_ value: ValueID, _ number: Double) throws(MaxError) -> ValueID {
        try builder.add(Ops.add, [value, try scalar(number)])
    }

    private mutating func scalar(_ number: Double) throws(MaxError) -> ValueID {
        try builder.constant(try forest.tensor([number]).reshaped([]))
    }

    private mutating func columns(_ value: ValueID, _ indices: [Int]) throws(MaxError) -> ValueID {
        try builder.add(
            Ops.gather, [value, try builder.constant(Tensor(indices.map { Int64($0) }))], ["axis": .int(1)])
    }

    private mutating func squeezed(_ value: ValueID) throws(MaxError) -> ValueID {
        try builder.add(Ops.squeeze, [value, try builder.constant(Tensor([Int64(1)]))])
    }

    private mutating func narrowed(_ value: ValueID) throws(MaxError) -> ValueID {
        guard builder.type(of: value).tensor?.element != .f32 else { return value }
        return try builder.add(Ops.cast, [value], ["to": .type(.f32)])
    }

    private mutating func transformed(_ value: ValueID, _ transform: ONNXForest.Transform) throws(MaxError) -> ValueID {
        switch transform {
        case .none: value
        case .softmax: try builder.add(try op("softmax"), [value], ["axis": .int(-1)])
        case .logistic: try builder.add(try op("logistic"), [value], ["form": .string("mirrored")])
        case .softmaxZero: try builder.add(try op("softmax_zero"), [value])
        case .probit: try builder.add(try op("probit"), [value])
        }
    }

    /// Positions among `classes` to the labels of those classes.
    private mutating func labels(_ positions: ValueID, _ classes: [Int]) throws(MaxError) -> ValueID {
        var attributes: [String: Attribute] = ["keys_int64s": .ints(classes.indices.map { Int64($0) })]
        switch forest.labels {
        case .integers(let all): attributes["values_int64s"] = .ints(classes.map { all[$0] })
        case .texts(let all): attributes["values_strings"] = .strings(classes.map { all[$0] })
        }
        return try builder.add(Ops.labelEncoder, [positions], attributes)
    }
}
