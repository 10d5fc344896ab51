import MaxIR

/// The values of a column that arrive at a place of a tree.
struct Reach: Sendable {
    /// Numbers from `low` to `high`; none where `low > high`.
    var low: Double
    var high: Double
    var hasNaN: Bool
    /// Whether a node above tests the column.
    var isTested = false

    var hasNumbers: Bool { low <= high }
    var isEmpty: Bool { !hasNumbers && !hasNaN }

    private func numbers(_ low: Double?, _ high: Double?) -> Reach {
        guard let low, let high, low <= high else { return none }
        return Reach(low: low, high: high, hasNaN: false, isTested: true)
    }

    private var none: Reach { Reach(low: .infinity, high: -.infinity, hasNaN: false, isTested: true) }
    private var all: Reach { numbers(low, high) }
    private func capped(_ limit: Double?) -> Reach { limit.map { numbers(low, Swift.min(high, $0)) } ?? none }
    private func raised(_ limit: Double?) -> Reach { limit.map { numbers(Swift.max(low, $0), high) } ?? none }

    /// What goes to the true and what to the false side of a node: nothing less, and more only where noted.
    ///
    /// - Parameter grid: the numbers of the column, in the type of the threshold.
    func sides(of node: Int, _ trees: TreeEnsemble, _ grid: NumberGrid) -> (ifTrue: Reach, ifFalse: Reach) {
        var (yes, no) = hasNumbers ? compared(node, trees, grid) : (none, none)
        let policy = trees.policy(of: node)
        if policy.missing == .zero { route(zerosTrue: policy.goesTrue, grid, &yes, &no) }
        guard hasNaN else { return (yes, no) }
        let goesTrue: Bool
        switch policy.missing {
        case .none: goesTrue = trees.comparison[node] == TreeEnsemble.Comparison.notEqual.rawValue
        case .nan, .zero: goesTrue = policy.goesTrue
        case .nanIsZero: goesTrue = trees.isTrue(node, for: 0)
        }
        if goesTrue { yes.hasNaN = true } else { no.hasNaN = true }
        return (yes, no)
    }

    /// The numbers for which the comparison holds, and those for which it does not.
    private func compared(_ node: Int, _ trees: TreeEnsemble, _ grid: NumberGrid) -> (Reach, Reach) {
        let comparison = TreeEnsemble.Comparison(rawValue: trees.comparison[node])
        let t = trees.limit(node)
        if comparison == .member { return members(node, trees, grid) }
        guard !t.isNaN else { return comparison == .notEqual ? (all, none) : (none, all) }
        switch comparison {
        case .lessOrEqual: return (capped(grid.atMost(t)), raised(grid.above(t)))
        case .less: return (capped(grid.below(t)), raised(grid.atLeast(t)))
        case .greaterOrEqual: return (raised(grid.atLeast(t)), capped(grid.below(t)))
        case .greater: return (raised(grid.above(t)), capped(grid.atMost(t)))
        case .equal: return equal(to: t, grid)
        case .notEqual:
            let (same, others) = equal(to: t, grid)
            return (others, same)
        case .member, nil: return (all, all)
        }
    }

    /// A hole between the bounds stays unseen.
    private func equal(to t: Double, _ grid: NumberGrid) -> (Reach, Reach) {
        guard low <= t, t <= high, grid.atMost(t) == t else { return (none, all) }
        return (numbers(t, t), numbers(low == t ? grid.above(t) : low, high == t ? grid.below(t) : high))
    }

    /// Of a few numbers each is asked; of more, any may be in the set and outside.
    private func members(_ node: Int, _ trees: TreeEnsemble, _ grid: NumberGrid) -> (Reach, Reach) {
        let asked = 16
        var (yes, no) = (none, none)
        var next: Double? = low
        for _ in 0..<asked {
            guard let x = next, x <= high else { return (yes, no) }
            if trees.isMember(x, node) { yes.add(x) } else { no.add(x) }
            if case .values = grid { next = grid.above(x) } else if x != high { return (all, all) } else { next = nil }
        }
        return next.map { $0 <= high } ?? false ? (all, all) : (yes, no)
    }

    private mutating func add(_ x: Double) { (low, high) = (Swift.min(low, x), Swift.max(high, x)) }

    /// Sends what counts as zero to one side. Bounds alone are kept: a side may seem to have what went to the other.
    private func route(zerosTrue: Bool, _ grid: NumberGrid, _ yes: inout Reach, _ no: inout Reach) {
        let zero = TreeEnsemble.zeroThreshold
        let zeros = numbers(grid.atLeast(Swift.max(low, -zero)), grid.atMost(Swift.min(high, zero)))
        guard zeros.hasNumbers else { return }
        if yes.low >= -zero, yes.high <= zero { yes = none }
        if no.low >= -zero, no.high <= zero { no = none }
        for x in [zeros.low, zeros.high] { if zerosTrue { yes.add(x) } else { no.add(x) } }
    }
}
