/// What holds a tree's growth back.
struct GrowthLimits: Sendable {
    enum Order: String, Sendable, CaseIterable {
        /// The leaf that gains most is split next.
        case leaf
        /// Level by level.
        case depth
        /// The newest leaf first: few leaves are open at a time, so trees may be large.
        case newest
    }

    var order = Order.leaf
    var leaves = 31
    /// 0: no limit.
    var depth = 0
    var minimumRows = 20.0
    var minimumHessian = 1e-3
    var minimumGain = 0.0
    var l1 = 0.0
    var l2 = 0.0
    /// Categories: sums of so many pseudo-rows at no gradient smooth their order; added to `l2`; one side has at most so many.
    var categorySmoothing = 10.0
    var categoryL2 = 10.0
    var categoriesPerSide = 32
    var minimumRowsPerCategory = 100.0
    /// Up to so many categories one is tried against the others.
    var oneAgainstOthers = 4
    /// Per column -1, 0 or 1; empty: no constraint.
    var monotone: [Int8] = []
    /// Columns that may meet on a path, by group; empty: all may.
    var interactions: [[Int]] = []
    /// One split by chance for each column instead of the best.
    var isRandom = false
    /// Part of the columns that a node may use.
    var columnsByNode = 1.0

    /// The value of a leaf: -G / (H + l2), with G drawn toward 0 by l1.
    func value(_ g: Double, _ h: Double, l2: Double) -> Double {
        let drawn = l1 == 0 ? g : g > l1 ? g - l1 : g < -l1 ? g + l1 : 0
        return h + l2 > 0 ? -drawn / (h + l2) : 0
    }

    /// How much a leaf of these sums lowers the loss, times two.
    func gain(_ g: Double, _ h: Double, l2: Double) -> Double {
        let drawn = l1 == 0 ? g : g > l1 ? g - l1 : g < -l1 ? g + l1 : 0
        return h + l2 > 0 ? drawn * drawn / (h + l2) : 0
    }

    /// As `gain`, of a leaf that gives `value` instead of its best.
    func gain(_ g: Double, _ h: Double, l2: Double, giving value: Double) -> Double {
        -(2 * g * value + (h + l2) * value * value + 2 * l1 * abs(value))
    }
}
