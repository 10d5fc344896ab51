import CMaxLearning

/// A split that was found: what goes left and what it gains.
struct FoundSplit: Sendable {
    var column = -1
    var bin = -1
    var goesLeft: GrownTree.GoesLeft = (0, 0, 0, 0)
    var isCategory = false
    var missingLeft = false
    /// Above that of the leaf unsplit; -inf for none.
    var gain = -Double.infinity
    /// Integer sums of the left side.
    var g: Int64 = 0
    var h: Int64 = 0

    /// Whether this is better; equal gains are decided by the column.
    func beats(_ other: FoundSplit) -> Bool { gain > other.gain || (gain == other.gain && gain > -.infinity && column < other.column) }
}

/// Finds splits of one leaf.
struct SplitSearch {
    let features: BinnedFeatures
    let limits: GrowthLimits
    var leaf: maxai_leaf
    /// Rows of the leaf.
    let rows: Double
    /// What a leaf below may give; monotone constraints narrow it.
    var bounds: ClosedRange<Double> = -Double.infinity...Double.infinity

    /// What random splits are drawn from.
    var chance: UInt64 = 0

    /// - Parameter sums: those of the column: 256 of g, 256 of h.
    func best(column index: Int, _ sums: UnsafePointer<Int64>) -> FoundSplit {
        let column = features.columns[index]
        if limits.isRandom, column.codes == nil { return random(index, column, sums) }
        if column.codes != nil { return category(index, column, sums) }
        let direction = limits.monotone.isEmpty ? 0 : limits.monotone[index]
        if direction != 0 || limits.l1 != 0 || bounds != -Double.infinity...Double.infinity {
            return constrained(index, column, Int(direction), sums)
        }
        let split = withUnsafePointer(to: leaf) { maxai_best_split(sums, column.bins, column.hasMissing ? 1 : 0, $0) }
        guard split.bin >= 0 else { return FoundSplit() }
        return found(index, Int(split.bin), split.missing_left == 1, split.gain - parentGain(limits.l2), split.g, split.h)
    }

    private func parentGain(_ l2: Double) -> Double {
        let (g, h) = (Double(leaf.g) * leaf.g_scale, Double(leaf.h) * leaf.h_scale)
        if bounds != -Double.infinity...Double.infinity {
            return limits.gain(g, h, l2: l2, giving: clamped(limits.value(g, h, l2: l2)))
        }
        return limits.gain(g, h, l2: l2)
    }

    private func clamped(_ value: Double) -> Double { min(max(value, bounds.lowerBound), bounds.upperBound) }

    private func found(_ index: Int, _ bin: Int, _ missingLeft: Bool, _ gain: Double, _ g: Int64, _ h: Int64) -> FoundSplit {
        // Where the column had no missing row in training, one goes where most rows went.
        var goesLeft = missingLeft
        if !features.columns[index].hasMissing { goesLeft = 2 * h >= leaf.h }
        return FoundSplit(
            column: index, bin: bin, goesLeft: GrownTree.upTo(bin, missing: goesLeft), isCategory: false, missingLeft: goesLeft, gain: gain,
            g: g,
            h: h)
    }

    /// A split at a bin drawn from those between the least and the largest value of the leaf. Source: Geurts, Ernst, Wehenkel 2006.
    private func random(_ index: Int, _ column: BinnedFeatures.Column, _ sums: UnsafePointer<Int64>) -> FoundSplit {
        let counts = sums + Int(MAXAI_BINS)
        guard let first = (0..<column.bins).first(where: { counts[$0] > 0 }), let last = (0..<column.bins).last(where: { counts[$0] > 0 }),
            last > first
        else { return FoundSplit() }
        let bin = first + CounterGenerator.below(last - first, UInt64(index), seed: chance)
        let missingLeft = column.hasMissing && CounterGenerator.bits(UInt64(index), seed: ~chance) & 1 == 0
        var (g, h): (Int64, Int64) = missingLeft ? (sums[Int(MAXAI_MISSING_BIN)], counts[Int(MAXAI_MISSING_BIN)]) : (0, 0)
        for place in first...bin {
            g += sums[place]
            h += counts[place]
        }
        guard let gain = gain(left: g, h, l2: limits.l2, direction: 0) else { return FoundSplit() }
        return found(index, bin, missingLeft, gain - parentGain(limits.l2), g, h)
    }

    /// As the kernel, with leaf values held within bounds and in order.
    private func constrained(_ index: Int, _ column: BinnedFeatures.Column, _ direction: Int, _ sums: UnsafePointer<Int64>) -> FoundSplit {
        var best = FoundSplit()
        let parent = parentGain(limits.l2)
        let missing = column.hasMissing ? (sums[Int(MAXAI_MISSING_BIN)], sums[Int(MAXAI_BINS) + Int(MAXAI_MISSING_BIN)]) : (0, 0)
        for missingLeft in column.hasMissing ? [false, true] : [false] {
            var (g, h) = missingLeft ? missing : (Int64(0), Int64(0))
            let last = column.hasMissing && !missingLeft ? column.bins : column.bins - 1
            for bin in 0..<max(0, last) {
                g += sums[bin]
                h += sums[Int(MAXAI_BINS) + bin]
                guard let gain = gain(left: g, h, l2: limits.l2, direction: direction), gain - parent > best.gain else { continue }
                best = found(index, bin, missingLeft, gain - parent, g, h)
            }
        }
        return best
    }

    /// nil where the split is not allowed.
    private func gain(left g: Int64, _ h: Int64, l2: Double, direction: Int) -> Double? {
        let (leftG, leftH) = (Double(g) * leaf.g_scale, Double(h) * leaf.h_scale)
        let (rightG, rightH) = (Double(leaf.g - g) * leaf.g_scale, Double(leaf.h - h) * leaf.h_scale)
        let leastH = max(limits.minimumHessian, limits.minimumRows / leaf.rows_per_h * leaf.h_scale)
        guard leftH >= leastH, rightH >= leastH else { return nil }
        if direction == 0, bounds == -Double.infinity...Double.infinity {
            return limits.gain(leftG, leftH, l2: l2) + limits.gain(rightG, rightH, l2: l2)
        }
        let (left, right) = (clamped(limits.value(leftG, leftH, l2: l2)), clamped(limits.value(rightG, rightH, l2: l2)))
        if direction > 0, left > right { return nil }
        if direction < 0, left < right { return nil }
        return limits.gain(leftG, leftH, l2: l2, giving: left) + limits.gain(rightG, rightH, l2: l2, giving: right)
    }

    /// One category against the others, or the categories in the order of their mean gradient, cut in two.
    ///
    /// Source: LightGBM `FindBestThresholdCategoricalInner`; Fisher 1958. Missing and unknown rows go right.
    private func category(_ index: Int, _ column: BinnedFeatures.Column, _ sums: UnsafePointer<Int64>) -> FoundSplit {
        var best = FoundSplit()
        let bins = column.bins
        func take(_ chosen: some Sequence<Int>, _ g: Int64, _ h: Int64, _ l2: Double, _ parent: Double) {
            guard let gain = gain(left: g, h, l2: l2, direction: 0), gain - parent > best.gain else { return }
            best = FoundSplit(
                column: index, bin: -1, goesLeft: GrownTree.of(chosen), isCategory: true, missingLeft: false, gain: gain - parent, g: g,
                h: h)
        }
        if bins <= limits.oneAgainstOthers {
            let parent = parentGain(limits.l2)
            for bin in 0..<bins { take(CollectionOfOne(bin), sums[bin], sums[Int(MAXAI_BINS) + bin], limits.l2, parent) }
            return best
        }
        let l2 = limits.l2 + limits.categoryL2
        let parent = parentGain(limits.l2)
        func rows(_ bin: Int) -> Double { Double(sums[Int(MAXAI_BINS) + bin]) * leaf.rows_per_h }
        func mean(_ bin: Int) -> Double {
            Double(sums[bin]) * leaf.g_scale / (Double(sums[Int(MAXAI_BINS) + bin]) * leaf.h_scale + limits.categorySmoothing)
        }
        let used = (0..<bins).filter { rows($0) >= limits.categorySmoothing }.map { (bin: $0, mean: mean($0)) }
            .sorted { ($0.mean, $0.bin) < ($1.mean, $1.bin) }.map(\.bin)
        let most = min(limits.categoriesPerSide, (used.count + 1) / 2)
        for order in [used, used.reversed()] {
            var (g, h): (Int64, Int64) = (0, 0)
            var inGroup = 0.0
            for place in 0..<min(most, order.count) {
                g += sums[order[place]]
                h += sums[Int(MAXAI_BINS) + order[place]]
                inGroup += rows(order[place])
                let left = self.rows - Double(h) * leaf.rows_per_h
                if left < limits.minimumRowsPerCategory { break }
                guard inGroup >= limits.minimumRowsPerCategory else { continue }
                inGroup = 0
                take(order[...place], g, h, l2, parent)
            }
        }
        return best
    }
}
