import MaxCases
import MaxIR
import MaxRuntime

/// Trees that are hard on kernels in one way, without their numbers at the leaves.
struct Forest: Sendable, CustomStringConvertible {
    let description: String
    var columns = 4
    /// The kernels that can hold it.
    var holders: Set<TreeKernel> = Set(TreeKernel.allCases)
    /// Whether leaves have terms; then leaves are single and sums f64.
    var isLinear = false
    var setRule = TreeEnsemble.SetRule.nonNegative
    /// Rows of every call; fewer where the reference evaluator takes long.
    var batches = [0, 1, 2, 7, 8, 63, 64, 65, 255, 1000]
    /// The trees, each a list of splits; children below 0 are leaves.
    let trees: @Sendable (inout SplitMix) -> [[Split]]

    typealias Split = SourceNode.Split

    /// - Parameter stride: values per leaf.
    func ensemble(
        _ random: inout SplitMix, outputs: Int, stride: Int, threshold: ElementType, sums: ElementType,
        aggregate: TreeEnsemble.Aggregate
    ) throws -> TreeEnsemble {
        var builder = TreeEnsembleBuilder(outputs: outputs, leafStride: stride)
        for (tree, splits) in trees(&random).enumerated() {
            let leaves = (0...splits.count).map { _ in
                let values = (0..<stride).map { _ in Self.leaf(&random) }
                return SourceNode.Leaf(values, linear: isLinear && random.below(4) > 0 ? linear(&random) : nil)
            }
            try builder.addTree(count: 2 * splits.count + 1, output: tree % (outputs - stride + 1)) { position in
                guard position < splits.count else { return .leaf(leaves[position - splits.count]) }
                var split = splits[position]
                if split.ifTrue < 0 { split.ifTrue = splits.count + ~split.ifTrue }
                if split.ifFalse < 0 { split.ifFalse = splits.count + ~split.ifFalse }
                return .split(split)
            }
        }
        let base = (0..<outputs).map { [-0.0, 0.5, -1e3][$0 % 3] }
        return try builder.finish(
            threshold: threshold, base: sums == .f64 ? .f64(base) : .f32(base.map { Float($0) }), aggregate: aggregate,
            setRule: setRule, columns: columns)
    }

    private func linear(_ random: inout SplitMix) -> SourceNode.Leaf.Linear {
        let terms = (0..<random.below(columns + 1)).map { ($0, Self.leaf(&random)) }
        return .init(base: Self.leaf(&random), columns: terms.map(\.0), coefficients: terms.map(\.1))
    }

    /// Sums in another order come out differently.
    private static func leaf(_ random: inout SplitMix) -> Double {
        switch random.below(12) {
        case 0: -0.0
        case 1: 1e8 * (random.below(2) == 0 ? 1 : -1)
        case 2: 1e-8
        default: (Double(random.below(200_001)) - 100_000) / 30_000
        }
    }
}

// Shapes of trees, filled with splits one by one.
extension Forest {
    static func full(depth: Int, _ split: () -> Split) -> [Split] {
        let inner = (1 << depth) - 1
        return (0..<inner).map { position in
            var out = split()
            let (left, right) = (2 * position + 1, 2 * position + 2)
            out.ifTrue = left < inner ? left : ~(left - inner)
            out.ifFalse = right < inner ? right : ~(right - inner)
            return out
        }
    }

    /// One test per level.
    static func oblivious(depth: Int, _ split: () -> Split) -> [Split] {
        let levels = (0..<depth).map { _ in split() }
        var position = 0
        return full(depth: depth) {
            position += 1
            return levels[Int.bitWidth - 1 - position.leadingZeroBitCount]
        }
    }

    /// Every split has a leaf, on one side or the other.
    static func chain(depth: Int, _ random: inout SplitMix, _ split: (inout SplitMix) -> Split) -> [Split] {
        (0..<depth).map { position in
            var out = split(&random)
            let next = position + 1 < depth ? position + 1 : ~depth
            (out.ifTrue, out.ifFalse) = random.below(3) == 0 ? (~position, next) : (next, ~position)
            return out
        }
    }

    /// Leaves are split at random until there are as many.
    static func grown(leaves: Int, _ random: inout SplitMix, _ split: (inout SplitMix) -> Split) -> [Split] {
        var out: [Split] = []
        var open: [(parent: Int, isTrue: Bool)] = [(-1, true)]
        while open.count < leaves {
            let (parent, isTrue) = open.remove(at: random.below(open.count))
            if parent >= 0, isTrue { out[parent].ifTrue = out.count } else if parent >= 0 { out[parent].ifFalse = out.count }
            open += [(out.count, true), (out.count, false)]
            out.append(split(&random))
        }
        for (leaf, place) in open.enumerated() where place.parent >= 0 {
            if place.isTrue { out[place.parent].ifTrue = ~leaf } else { out[place.parent].ifFalse = ~leaf }
        }
        return out
    }
}

// Tests of nodes.
extension Forest {
    /// A comparison with one of some 90 thresholds, a third of which f32 does not have.
    static func plain(_ random: inout SplitMix, columns: Int = 4) -> Split {
        let value = Double(random.below(31) - 15)
        return comparison(&random, columns, value * [0.25, 0.1, 1][random.below(3)], random.below(3) == 0 ? .none : .nan)
    }

    /// Any way to treat missing values, and thresholds around 0.
    static func missing(_ random: inout SplitMix, columns: Int = 4) -> Split {
        let near = [0, -0.0, 1e-35, -1e-35, Double(Float(1e-35)), 2e-35, 1e-300, Double.leastNonzeroMagnitude, 1, -1]
        let policy = TreeEnsemble.Missing.allCases[random.below(4)]
        return comparison(&random, columns, near[random.below(near.count)], policy)
    }

    private static func comparison(
        _ random: inout SplitMix, _ columns: Int, _ threshold: Double, _ missing: TreeEnsemble.Missing
    ) -> Split {
        let comparison = [TreeEnsemble.Comparison.less, .lessOrEqual, .greater, .greaterOrEqual][random.below(4)]
        return Split(
            column: random.below(columns), comparison: comparison, threshold: threshold, missing: missing,
            missingGoesTrue: random.below(2) == 0, ifTrue: 0, ifFalse: 0)
    }

    /// Thresholds and comparisons that have no `<` of their own, now and then.
    static func odd(_ random: inout SplitMix) -> Split {
        var out = missing(&random)
        guard random.below(4) == 0 else { return out }
        out.column = random.below(2)
        if random.below(2) == 0 {
            out.comparison = random.below(2) == 0 ? .equal : .notEqual
        } else {
            let largest = Double(Float.greatestFiniteMagnitude)
            out.threshold = [Double.infinity, -.infinity, .nan, largest, -largest][random.below(5)]
        }
        return out
    }

    /// Every other split is of a set; one in eight of these has members above 251.
    static func member(_ random: inout SplitMix) -> Split {
        var out = missing(&random)
        guard random.below(2) == 0 else { return out }
        (out.comparison, out.threshold) = (.member, 0)
        let words = random.below(8) == 0 ? 6 : random.below(4)
        out.set = (0..<words).map { word in word == 3 ? random.next() >> 4 : random.next() & random.next() }
        return out
    }
}
