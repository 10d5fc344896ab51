import MaxIR

extension Split {
    /// Every row is tested once per repetition; `folds × repeats` splits, one repetition after the other.
    ///
    /// - labels: stratified: a label's rows differ by at most one between folds.
    /// - groups: a group is in one fold; the largest groups first, each to the smallest fold.
    /// - both: groups stay whole, and each goes to the fold that leaves the labels' shares most even
    ///   (as scikit-learn's StratifiedGroupKFold).
    /// - Throws: `.usage` when there are fewer rows or groups than folds.
    public static func folds(
        rows: Int, count: Int, seed: UInt64, labels: [Int]? = nil, groups: [Int]? = nil, repeats: Int = 1
    ) throws(MaxError) -> [Split] {
        try checkCount(rows, labels?.count, "labels")
        try checkCount(rows, groups?.count, "groups")
        let members = groups.map { GroupMembers($0).rows }
        let units = members?.count ?? rows
        guard count >= 2, repeats >= 1, units >= count else {
            let what = groups == nil ? "rows" : "groups"
            throw MaxError(.usage, "split: folds: found \(count) for \(units) \(what), expected from 2 to as many as there are \(what)")
        }
        var random = SplitMix64(seed: seed)
        var splits: [Split] = []
        for _ in 0..<repeats {
            let fold: [Int]
            if var members {
                random.shuffle(&members)
                fold = deal(members, rows: rows, count: count, labels: labels)
            } else {
                var order = Array(0..<rows)
                random.shuffle(&order)
                var dealt = [Int](repeating: 0, count: rows)
                for (place, row) in byLabel(order, labels).enumerated() { dealt[row] = place % count }
                fold = dealt
            }
            splits += (0..<count).map { part in Split(isTest: fold.map { $0 == part }) }
        }
        return splits
    }

    private static func deal(_ members: [[Int]], rows: Int, count: Int, labels: [Int]?) -> [Int] {
        let distinct = labels.map { Set($0).sorted() } ?? [0]
        var place: [Int: Int] = [:]
        for (index, label) in distinct.enumerated() { place[label] = index }
        let label = labels.map { $0.map { place[$0] ?? 0 } } ?? [Int](repeating: 0, count: rows)
        var totals = [Double](repeating: 0, count: distinct.count)
        for one in label { totals[one] += 1 }
        let counts = members.map { group in
            group.reduce(into: [Double](repeating: 0, count: distinct.count)) { $0[label[$1]] += 1 }
        }
        /// How far from even, by label.
        func unevenness(_ counts: [Double]) -> Double {
            let mean = Sum.of(counts) / Double(counts.count)
            return Sum.of(counts.map { ($0 - mean) * ($0 - mean) }).squareRoot()
        }
        let order = members.indices.sorted {
            let a = distinct.count > 1 ? unevenness(counts[$0]) : Double(members[$0].count)
            let b = distinct.count > 1 ? unevenness(counts[$1]) : Double(members[$1].count)
            return a != b ? a > b : $0 < $1
        }
        var filled = [[Double]](repeating: [Double](repeating: 0, count: distinct.count), count: count)
        var sizes = [Int](repeating: 0, count: count)
        var fold = [Int](repeating: 0, count: rows)
        for (dealt, group) in order.enumerated() {
            var best = 0
            var least = Double.infinity
            // As many groups are left as folds are empty: each must have one.
            let mustFill = order.count - dealt <= sizes.count { $0 == 0 }
            for part in 0..<count where !mustFill || sizes[part] == 0 {
                var cost = Sum()
                for index in distinct.indices {
                    let shares = (0..<count).map { (filled[$0][index] + ($0 == part ? counts[group][index] : 0)) / totals[index] }
                    cost.add(unevenness(shares))
                }
                if cost.value < least || (cost.value == least && sizes[part] < sizes[best]) {
                    least = cost.value
                    best = part
                }
            }
            for index in distinct.indices { filled[best][index] += counts[group][index] }
            sizes[best] += members[group].count
            for row in members[group] { fold[row] = best }
        }
        return fold
    }
}
