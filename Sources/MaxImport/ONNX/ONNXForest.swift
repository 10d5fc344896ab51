import MaxIR

/// The trees of an ai.onnx.ml tree operator, in one form for all versions.
struct ONNXForest {
    enum Kind { case regressor, classifier, version5 }
    enum Transform { case none, softmax, logistic, softmaxZero, probit }
    enum Labels {
        case integers([Int64])
        case texts([Text])
        var isText: Bool { if case .texts = self { true } else { false } }
    }

    /// A vote of a leaf: it adds `value` to the score of `output`.
    struct Vote {
        let output: Int
        let value: Double
    }

    enum Place {
        case leaf([Vote])
        case split(SourceNode.Split)
    }

    let kind: Kind
    /// f32 or f64: thresholds, votes and sums.
    let type: ElementType
    let outputs: Int
    /// Empty, or added to the sums at the end.
    let base: [Double]
    let aggregate: TreeEnsemble.Aggregate
    let transform: Transform
    let labels: Labels
    /// Positions in `places`, one per tree.
    let roots: [Int]
    let places: [Place]
    /// Columns that stand after those of X: 1 where X is in a set, else 0, NaN where it is NaN.
    let derived: [ONNXSets.Derived]

    func tensor(_ values: [Double]) -> Tensor { type == .f64 ? Tensor(values) : Tensor(values.map { Float($0) }) }

    /// The same forest, whose every tree is proven to be one: children in range, no split reached twice.
    func checked() throws(MaxError) -> ONNXForest {
        var isReached = [Bool](repeating: false, count: places.count)
        for (tree, root) in roots.enumerated() {
            var open = [root]
            while let position = open.popLast() {
                guard position >= 0, position < places.count else {
                    throw MaxError(.malformed, "tree \(tree): child \(position), expected 0 to \(places.count - 1)")
                }
                guard case .split(let split) = places[position] else { continue }
                guard !isReached[position] else {
                    throw MaxError(.malformed, "tree \(tree): node \(position) is reached twice, expected a tree")
                }
                isReached[position] = true
                open += [split.ifTrue, split.ifFalse]
            }
        }
        return self
    }

    /// Which outputs the leaves vote for.
    struct Presence {
        /// By output: whether some leaf votes for it.
        var isEver: [Bool]
        /// By output: whether every row meets a vote for it.
        var isAlways: [Bool]
        /// By tree: the only output that it votes for, with one vote in every leaf; nil for other trees.
        var only: [Int?] = []
        /// Whether every leaf of every tree votes for every output.
        var isDense = true
        var isNoVoteNegative = true
        var isEveryVotePositive = true

        /// - Parameter forest: one that was `checked`.
        init(_ forest: ONNXForest) {
            isEver = Array(repeating: false, count: forest.outputs)
            isAlways = isEver
            for root in forest.roots {
                var leaves = 0
                var counts: [Int: Int] = [:]
                var open = [root]
                while let position = open.popLast() {
                    switch forest.places[position] {
                    case .split(let split): open += [split.ifTrue, split.ifFalse]
                    case .leaf(let votes):
                        leaves += 1
                        if votes.isEmpty { isEveryVotePositive = false }
                        for vote in votes {
                            counts[vote.output, default: 0] += 1
                            if vote.value < 0 { isNoVoteNegative = false }
                            if !(vote.value > 0) { isEveryVotePositive = false }
                        }
                    }
                }
                for (output, count) in counts {
                    isEver[output] = true
                    if count == leaves { isAlways[output] = true }
                }
                let first = counts.first
                only.append(counts.count == 1 && first?.value == leaves ? first?.key : nil)
                if counts.count != forest.outputs || counts.values.contains(where: { $0 != leaves }) { isDense = false }
            }
        }
    }

    /// The sums as a `trees` ensemble that starts at zero.
    ///
    /// - Parameter width: the columns of X; needed where there are derived ones.
    func ensemble(_ presence: Presence, width: Int?) throws(MaxError) -> TreeEnsemble {
        let isScalar = presence.only.allSatisfy { $0 != nil } || outputs == 1
        guard isScalar || presence.isDense || aggregate == .sum || aggregate == .average else {
            throw MaxError(
                .unsupported, "aggregate_function: MIN and MAX over leaves without a weight for every target")
        }
        let leaves = places.count { if case .leaf = $0 { true } else { false } }
        guard isScalar || leaves <= Limits.evaluatedElements / outputs else {
            throw MaxError(
                .limitExceeded, "\(leaves) leaves of \(outputs) values, at most \(Limits.evaluatedElements) in all")
        }
        var builder = TreeEnsembleBuilder(outputs: outputs, leafStride: isScalar ? 1 : outputs)
        for (tree, root) in roots.enumerated() {
            try builder.addTree(
                root: root, count: places.count, output: isScalar ? presence.only[tree] ?? 0 : 0,
                node: { position throws(MaxError) in
                    switch places[position] {
                    case .split(var split):
                        if split.column >= ONNXSets.firstDerived {
                            split.column += (width ?? 0) - ONNXSets.firstDerived
                        } else if let width, split.column >= width {
                            throw MaxError(.malformed, "column \(split.column), expected 0 to \(width - 1)")
                        }
                        return .split(split)
                    case .leaf(let votes):
                        if isScalar { return .leaf([votes.first?.value ?? 0]) }
                        var row = [Double](repeating: 0, count: outputs)
                        for vote in votes { row[vote.output] = vote.value }
                        return .leaf(SourceNode.Leaf(row))
                    }
                })
        }
        let zeros = tensor(Array(repeating: 0, count: outputs)).storage
        return try builder.finish(threshold: type, base: zeros, aggregate: aggregate, setRule: .exact)
    }

    /// Refuses votes for outputs that do not exist, and two votes of one leaf for one output.
    static func check(_ votes: [Vote], _ outputs: Int, _ name: String) throws(MaxError) {
        var seen = Set<Int>()
        for vote in votes {
            guard vote.output >= 0, vote.output < outputs else {
                throw MaxError(.malformed, "\(name): found \(vote.output), expected 0 to \(outputs - 1)")
            }
            guard seen.insert(vote.output).inserted else {
                throw MaxError(.unsupported, "\(name): a leaf has two weights for \(vote.output)")
            }
        }
    }
}

/// The attributes of one ONNX node, read with their kinds checked.
struct ONNXAttributes {
    let values: [String: Attribute]

    func ints(_ name: String) throws(MaxError) -> [Int] {
        guard let attribute = values[name] else { return [] }
        guard case .ints(let list) = attribute else { throw kind(name, attribute, "ints") }
        return list.map { Int($0) }
    }

    func texts(_ name: String) throws(MaxError) -> [Text] {
        guard let attribute = values[name] else { return [] }
        guard case .strings(let list) = attribute else { throw kind(name, attribute, "strings") }
        return list
    }

    func int(_ name: String, default value: Int64) throws(MaxError) -> Int64 {
        guard let attribute = values[name] else { return value }
        guard case .int(let number) = attribute else { throw kind(name, attribute, "int") }
        return number
    }

    func text(_ name: String, default value: String) throws(MaxError) -> String {
        guard let attribute = values[name] else { return value }
        guard case .string(let text) = attribute else { throw kind(name, attribute, "string") }
        return text.string
    }

    /// The list `name`, or the tensor `tensor`, which may hold f64.
    func numbers(_ name: String?, tensor: String) throws(MaxError) -> (values: [Double], isWide: Bool) {
        if let name, let attribute = values[name] {
            guard case .floats(let list) = attribute else { throw kind(name, attribute, "floats") }
            guard list.isEmpty || values[tensor] == nil else {
                throw MaxError(.malformed, "\(name) and \(tensor): expected one of them")
            }
            if !list.isEmpty { return (list, false) }
        }
        guard let attribute = values[tensor] else { return ([], false) }
        guard case .tensor(let found) = attribute else { throw kind(tensor, attribute, "tensor") }
        switch found.storage {
        case .f64(let list): return (list, true)
        case .f32(let list): return (list.map { Double($0) }, false)
        default: throw MaxError(.unsupported, "\(tensor): found \(found.type), expected f32 or f64")
        }
    }

    private func kind(_ name: String, _ attribute: Attribute, _ expected: String) -> MaxError {
        MaxError(.malformed, "\(name): found \(attribute.kind.rawValue), expected \(expected)")
    }
}
