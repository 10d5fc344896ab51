import CMaxLearning

/// Grows trees on binned features, one after the other, in memory that it keeps.
///
/// Sums over rows are sums of integers, so they do not depend on who adds them: trees are the same for any number of threads.
final class TreeGrower {
    let features: BinnedFeatures
    let limits: GrowthLimits
    private let crew: Crew
    /// The rows of every leaf stand together, in ascending order.
    private let entries: Block<maxai_entry>
    private let scratch: Block<maxai_entry>
    /// Per member: words in between for one group, and sums of all columns.
    private let packed: Block<UInt64>
    private var partial: [Block<Int64>] = []
    private var pool: [Block<Int64>] = []
    private var leaves: [Leaf] = []
    private(set) var tree = GrownTree()
    /// Leaves that gain by a split, for growth by the newest.
    private var open: [Int] = []

    private static let sumsPerColumn = 2 * Int(MAXAI_BINS)
    /// Rows below which a leaf stays on one thread.
    private static let rowsWorthSharing = 4096
    /// Rows whose f64 sums are made in one go: part of the model's definition.
    private static let sumRows = 8192

    private struct Leaf {
        var start: Int
        var count: Int
        var sums: Block<Int64>?
        var g: Int64
        var h: Int64
        var depth: Int
        var parent: (node: Int, isLeft: Bool)?
        var bounds: ClosedRange<Double>
        /// Groups of columns that may still be used on this path.
        var groups: [Int]
        var best = FoundSplit()
    }

    /// What gradients were multiplied with to become the integers of the entries.
    struct Scales {
        var g: Double
        var h: Double
    }

    init(_ features: BinnedFeatures, _ limits: GrowthLimits, crew: Crew) {
        self.features = features
        self.limits = limits
        self.crew = crew
        entries = Block(features.rows, maxai_entry())
        scratch = Block(features.rows, maxai_entry())
        packed = Block(crew.count * Int(MAXAI_GROUP) * Int(MAXAI_BINS), 0)
        if crew.count > 1 { for _ in 1..<crew.count { partial.append(Block(paddedColumns * Self.sumsPerColumn, 0)) } }
    }

    private var paddedColumns: Int { features.groups.reduce(0) { $0 + $1.padded } }

    /// Where the sums of a column lie among those of all.
    private func place(_ column: Int) -> Int { column * Self.sumsPerColumn }

    /// Grows one tree.
    ///
    /// - Parameters:
    ///   - rows: of the bag, ascending; nil for all.
    ///   - gh: per row of the matrix, as `maxai_entry`.
    ///   - allowed: the columns that the tree may use.
    ///   - seed: of the columns that a node may use.
    func grow(rows: [UInt32]?, gh: UnsafePointer<UInt32>, scales: Scales, allowed: [Bool], seed: UInt64) {
        let count = rows?.count ?? features.rows
        crew.pieces(of: count, size: 1 << 16) { _, range in
            for place in range {
                let row = rows?[place] ?? UInt32(place)
                entries[place] = maxai_entry(row: row, gh: gh[Int(row)])
            }
        }
        tree = GrownTree()
        for leaf in leaves { if let sums = leaf.sums { pool.append(sums) } }
        var root = Leaf(
            start: 0, count: count, sums: taken(), g: 0, h: 0, depth: 0, parent: nil, bounds: -Double.infinity...Double.infinity,
            groups: Array(limits.interactions.indices))
        leaves = []
        open = []
        if let sums = root.sums {
            histogram(of: 0..<count, from: entries, into: sums, share: count >= Self.rowsWorthSharing)
            let first = sums.start
            for bin in 0..<Int(MAXAI_BINS) {
                root.g += first[bin]
                root.h += first[Int(MAXAI_BINS) + bin]
            }
        }
        leaves.append(root)
        search([0], scales, allowed, seed)
        while leaves.count < limits.leaves, let next = nextLeaf() { split(next, scales, allowed, seed) }
        tree.leafRows = leaves.map(\.count)
        tree.values = [Double](repeating: 0, count: leaves.count)
    }

    private func taken() -> Block<Int64> {
        guard let kept = pool.popLast() else { return Block(paddedColumns * Self.sumsPerColumn, 0) }
        kept.start.update(repeating: 0, count: kept.count)
        return kept
    }

    private func nextLeaf() -> Int? {
        if limits.order == .newest { return open.popLast() }
        var chosen: Int?
        for index in leaves.indices where leaves[index].best.gain > max(limits.minimumGain, 0) {
            guard let other = chosen else {
                chosen = index
                continue
            }
            switch limits.order {
            case .leaf: if leaves[index].best.gain > leaves[other].best.gain { chosen = index }
            case .newest: break
            case .depth: if leaves[index].depth < leaves[other].depth { chosen = index }
            }
        }
        return chosen
    }

    // MARK: Splitting

    private func split(_ index: Int, _ scales: Scales, _ allowed: [Bool], _ seed: UInt64) {
        let leaf = leaves[index]
        let best = leaf.best
        let (column, stride) = features.column(best.column)
        let share = leaf.count >= Self.rowsWorthSharing && crew.count > 1
        let parts = share ? crew.count : 1
        let partRows = (leaf.count + parts - 1) / parts
        let words = [best.goesLeft.0, best.goesLeft.1, best.goesLeft.2, best.goesLeft.3]
        // The smaller child is counted, the other is what remains of the parent.
        let countsLeft = 2 * best.h <= leaf.h
        let counted = taken()
        var wentLeft = [Int](repeating: 0, count: parts)
        wentLeft.withUnsafeMutableBufferPointer { wentLeft in
            nonisolated(unsafe) let wentLeft = wentLeft
            let work: (Int) -> Void = { [self] part in
                let first = min(leaf.count, part * partRows)
                let count = min(leaf.count, first + partRows) - first
                let at = leaf.start + first
                let left = maxai_partition(
                    column, stride, words, entries.start + at, count, entries.start + at, scratch.start + at)
                wentLeft[part] = left
                let sums = part == 0 ? counted : partial[part - 1]
                if part > 0 { sums.start.update(repeating: 0, count: sums.count) }
                add(countsLeft ? at..<at + left : at..<at + count - left, from: countsLeft ? entries : scratch, into: sums, member: part)
            }
            if share { crew.run(work) } else { work(0) }
        }
        let left = wentLeft.reduce(0, +)
        var (place, behind) = (leaf.start, leaf.start + left)
        for part in 0..<parts {
            let at = leaf.start + min(leaf.count, part * partRows)
            if part > 0 { memmove(entries.start + place, entries.start + at, wentLeft[part]) }
            place += wentLeft[part]
        }
        for part in 0..<parts {
            let first = min(leaf.count, part * partRows)
            let right = min(leaf.count, first + partRows) - first - wentLeft[part]
            memmove(entries.start + behind, scratch.start + leaf.start + first, right)
            behind += right
        }
        append(index, best, left, counted, countsLeft, parts, scales, allowed, seed)
    }

    private func memmove(_ to: UnsafeMutablePointer<maxai_entry>, _ from: UnsafeMutablePointer<maxai_entry>, _ count: Int) {
        if count > 0, to != from { to.update(from: from, count: count) }
    }

    /// Makes the leaf at `index` a node with two leaves, and finds what these gain.
    private func append(
        _ index: Int, _ best: FoundSplit, _ left: Int, _ counted: Block<Int64>, _ countsLeft: Bool, _ parts: Int, _ scales: Scales,
        _ allowed: [Bool], _ seed: UInt64
    ) {
        let parent = leaves[index]
        let node = tree.nodes.count
        tree.nodes.append(
            GrownTree.Node(
                column: best.column, bin: best.bin, goesLeft: best.goesLeft, isCategory: best.isCategory, missingLeft: best.missingLeft,
                left: ~index, right: ~leaves.count, gain: best.gain, rows: parent.count))
        if let (above, isLeft) = parent.parent { if isLeft { tree.nodes[above].left = node } else { tree.nodes[above].right = node } }
        let (leftBounds, rightBounds) = bounds(parent, best, scales)
        let groups = parent.groups.filter { limits.interactions[$0].contains(best.column) }
        var first = Leaf(
            start: parent.start, count: left, sums: nil, g: best.g, h: best.h, depth: parent.depth + 1, parent: (node, true),
            bounds: leftBounds, groups: groups)
        var second = Leaf(
            start: parent.start + left, count: parent.count - left, sums: nil, g: parent.g - best.g, h: parent.h - best.h,
            depth: parent.depth + 1, parent: (node, false), bounds: rightBounds, groups: groups)
        let remaining = parent.sums
        if countsLeft { (first.sums, second.sums) = (counted, remaining) } else { (first.sums, second.sums) = (remaining, counted) }
        leaves[index] = first
        leaves.append(second)
        search([index, leaves.count - 1], scales, allowed, seed, counted: counted, remaining: remaining, parts: parts)
    }

    /// Values that children may give, so that what a monotone column orders stays ordered below.
    ///
    /// Source: LightGBM, the method "basic".
    private func bounds(_ parent: Leaf, _ best: FoundSplit, _ scales: Scales) -> (ClosedRange<Double>, ClosedRange<Double>) {
        let direction = limits.monotone.isEmpty || best.isCategory ? 0 : limits.monotone[best.column]
        guard direction != 0 else { return (parent.bounds, parent.bounds) }
        func value(_ g: Int64, _ h: Int64) -> Double {
            let value = limits.value(Double(g) / scales.g, Double(h) / scales.h, l2: limits.l2)
            return min(max(value, parent.bounds.lowerBound), parent.bounds.upperBound)
        }
        let middle = (value(best.g, best.h) + value(parent.g - best.g, parent.h - best.h)) / 2
        let (low, high) = (parent.bounds.lowerBound...middle, middle...parent.bounds.upperBound)
        return direction > 0 ? (low, high) : (high, low)
    }

    // MARK: Histograms and search

    private func add(_ range: Range<Int>, from source: Block<maxai_entry>, into sums: Block<Int64>, member: Int) {
        let words = packed.start + member * Int(MAXAI_GROUP) * Int(MAXAI_BINS)
        for group in features.groups {
            maxai_histogram(
                features.bins.start + group.offset, group.stride, group.padded, source.start + range.lowerBound, range.count, words,
                sums.start + place(group.first))
        }
    }

    private func histogram(of range: Range<Int>, from source: Block<maxai_entry>, into sums: Block<Int64>, share: Bool) {
        guard share, crew.count > 1 else { return add(range, from: source, into: sums, member: 0) }
        let part = (range.count + crew.count - 1) / crew.count
        crew.run { member in
            let target = member == 0 ? sums : partial[member - 1]
            if member > 0 { target.start.update(repeating: 0, count: target.count) }
            let first = min(range.count, member * part)
            let rows = range.lowerBound + first..<range.lowerBound + min(range.count, first + part)
            add(rows, from: source, into: target, member: member)
        }
        for other in partial { for place in 0..<sums.count { sums.start[place] += other.start[place] } }
    }

    /// Finds the best splits of one or two leaves.
    ///
    /// - Parameters:
    ///   - counted: sums to which those of `parts - 1` members are still to be added,
    ///   - remaining: and from which they are to be taken away.
    private func search(
        _ indices: [Int], _ scales: Scales, _ allowed: [Bool], _ seed: UInt64, counted: Block<Int64>? = nil, remaining: Block<Int64>? = nil,
        parts: Int = 1
    ) {
        let isDeep = indices.allSatisfy { limits.depth > 0 && leaves[$0].depth >= limits.depth }
        let searches = indices.map { index in
            let leaf = leaves[index]
            return SplitSearch(
                features: features, limits: limits,
                leaf: maxai_leaf(
                    l2: limits.l2, min_hessian: limits.minimumHessian, min_rows: limits.minimumRows, g_scale: 1 / scales.g,
                    h_scale: 1 / scales.h, rows_per_h: Double(leaf.count) / Double(max(leaf.h, 1)), g: leaf.g, h: leaf.h),
                rows: Double(leaf.count), bounds: leaf.bounds, chance: CounterGenerator.bits(UInt64(index * 2 + leaf.depth), seed: seed))
        }
        let usable = indices.map { usableColumns(leaves[$0], allowed, seed) }
        let sums = indices.map { leaves[$0].sums }
        let found = Block<FoundSplit>(crew.count * 2, FoundSplit())
        let columns = features.columns.count
        let shares = crew.count > 1 && columns >= 8
        let members = shares ? crew.count : 1
        let work: (Int) -> Void = { [self] member in
            for column in Swift.stride(from: member, to: columns, by: members) {
                let at = place(column)
                if let counted {
                    for part in 1..<max(parts, 1) {
                        let other = partial[part - 1].start + at
                        for bin in 0..<Self.sumsPerColumn { counted.start[at + bin] += other[bin] }
                    }
                    if let remaining { for bin in 0..<Self.sumsPerColumn { remaining.start[at + bin] -= counted.start[at + bin] } }
                }
                if isDeep { continue }
                for which in searches.indices where usable[which][column] {
                    guard let start = sums[which]?.start else { continue }
                    let split = searches[which].best(column: column, start + at)
                    if split.beats(found[member * 2 + which]) { found[member * 2 + which] = split }
                }
            }
        }
        if shares { crew.run(work) } else { work(0) }
        for (which, index) in indices.enumerated() {
            var best = FoundSplit()
            for member in 0..<members where found[member * 2 + which].beats(best) { best = found[member * 2 + which] }
            leaves[index].best = isDeep ? FoundSplit() : best
            if leaves[index].best.gain > max(limits.minimumGain, 0) {
                open.append(index)
            } else if let sums = leaves[index].sums {
                // It will never be split.
                pool.append(sums)
                leaves[index].sums = nil
            }
        }
    }

    private func usableColumns(_ leaf: Leaf, _ allowed: [Bool], _ seed: UInt64) -> [Bool] {
        var usable = allowed
        if !limits.interactions.isEmpty {
            var together = [Bool](repeating: false, count: usable.count)
            for group in leaf.groups { for column in limits.interactions[group] { together[column] = true } }
            for column in usable.indices where !together[column] { usable[column] = false }
        }
        guard limits.columnsByNode < 1 else { return usable }
        let node = leaf.parent.map { UInt64($0.node) * 2 + ($0.isLeft ? 1 : 2) } ?? 0
        return ColumnSample.pick(usable, share: limits.columnsByNode, counter: node, seed: seed)
    }

    // MARK: After growth

    /// Sums of gradients of every leaf, in f64: pieces of `sumRows` rows are added up, then the pieces in order.
    func leafSums(_ g: UnsafePointer<Float>, _ h: UnsafePointer<Float>) -> [(g: Double, h: Double)] {
        let pieces = pieces()
        let sums = Block<Double>(pieces.count * 2, 0)
        crew.pieces(of: pieces.count, size: 1) { piece, _ in
            let (_, start, count) = pieces[piece]
            maxai_leaf_sums(entries.start + start, count, g, h, sums.start + piece * 2, sums.start + piece * 2 + 1)
        }
        var out = [(g: Double, h: Double)](repeating: (0, 0), count: leaves.count)
        for (place, piece) in pieces.enumerated() {
            out[piece.leaf].g += sums[place * 2]
            out[piece.leaf].h += sums[place * 2 + 1]
        }
        return out
    }

    /// Adds each leaf's value to the scores of its rows.
    func addValues(to score: UnsafeMutablePointer<Double>) {
        let pieces = pieces()
        crew.pieces(of: pieces.count, size: 1) { piece, _ in
            let (leaf, start, count) = pieces[piece]
            maxai_add_to_rows(entries.start + start, count, tree.values[leaf], score)
        }
    }

    private func pieces() -> [(leaf: Int, start: Int, count: Int)] {
        leaves.enumerated().flatMap { index, leaf in
            stride(from: 0, to: max(leaf.count, 1), by: Self.sumRows).map {
                (leaf: index, start: leaf.start + $0, count: min(Self.sumRows, leaf.count - $0))
            }
        }
    }

    /// Sets the leaves' values.
    func setValues(_ values: [Double]) { tree.values = values }

    /// What the values of leaves are held within.
    var leafBounds: [ClosedRange<Double>] { leaves.map(\.bounds) }

    /// The rows of each leaf.
    func forEachLeaf(_ body: (_ leaf: Int, _ rows: UnsafeBufferPointer<maxai_entry>) -> Void) {
        for (index, leaf) in leaves.enumerated() { body(index, UnsafeBufferPointer(start: entries.start + leaf.start, count: leaf.count)) }
    }
}

/// Columns drawn by number: the same for any order of asking.
enum ColumnSample {
    /// Of those that are `usable`, `share`, at least one.
    static func pick(_ usable: [Bool], share: Double, counter: UInt64, seed: UInt64) -> [Bool] {
        let candidates = usable.indices.filter { usable[$0] }
        let count = max(1, Int((Double(candidates.count) * share).rounded()))
        guard count < candidates.count else { return usable }
        let base = CounterGenerator.bits(counter, seed: seed)
        let order = candidates.sorted {
            (CounterGenerator.bits(UInt64($0), seed: base), $0) < (CounterGenerator.bits(UInt64($1), seed: base), $1)
        }
        var picked = [Bool](repeating: false, count: usable.count)
        for column in order.prefix(count) { picked[column] = true }
        return picked
    }
}
