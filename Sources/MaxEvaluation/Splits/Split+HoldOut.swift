import MaxIR

extension Split {
    /// A share of the rows is held out, at random by the seed.
    ///
    /// - labels: the share is then kept within every label, to one row.
    /// - groups: no group is then in both parts; groups are taken in random order while they bring the share nearer.
    /// - Throws: `.usage` when a part would be empty, or the counts differ.
    public static func holdOut(rows: Int, share: Double, seed: UInt64, labels: [Int]? = nil, groups: [Int]? = nil) throws(MaxError) -> Split
    {
        guard share > 0, share < 1 else { throw MaxError(.usage, "split: share: found \(share), expected a number between 0 and 1") }
        try checkCount(rows, labels?.count, "labels")
        try checkCount(rows, groups?.count, "groups")
        var random = SplitMix64(seed: seed)
        var isTest = [Bool](repeating: false, count: max(rows, 0))
        if let groups {
            var members = GroupMembers(groups).rows
            random.shuffle(&members)
            var left = share * Double(rows)
            for group in members where abs(left - Double(group.count)) < abs(left) {
                for row in group { isTest[row] = true }
                left -= Double(group.count)
            }
        } else {
            var order = Array(isTest.indices)
            random.shuffle(&order)
            order = byLabel(order, labels)
            for (place, row) in order.enumerated() {
                isTest[row] = (Double(place + 1) * share).rounded(.down) > (Double(place) * share).rounded(.down)
            }
        }
        let split = Split(isTest: isTest)
        guard !split.train.isEmpty, !split.test.isEmpty else {
            throw MaxError(
                .usage, "split: found \(rows) rows, expected enough to leave some on both sides of a share of \(share): give more")
        }
        return split
    }

    /// The rows in the order given, but label after label, labels ascending.
    static func byLabel(_ order: [Int], _ labels: [Int]?) -> [Int] {
        guard let labels else { return order }
        return order.enumerated().sorted { (labels[$0.element], $0.offset) < (labels[$1.element], $1.offset) }.map(\.element)
    }

    static func checkCount(_ rows: Int, _ count: Int?, _ what: String) throws(MaxError) {
        guard let count, count != rows else { return }
        throw MaxError(.usage, "split: \(what): found \(count), expected one for each of \(rows) rows")
    }
}

/// Rows by group, groups in the order of their first row.
struct GroupMembers {
    var rows: [[Int]] = []

    init(_ groups: [Int]) {
        var place: [Int: Int] = [:]
        for (row, group) in groups.enumerated() {
            if let known = place[group] {
                rows[known].append(row)
            } else {
                place[group] = rows.count
                rows.append([row])
            }
        }
    }
}
