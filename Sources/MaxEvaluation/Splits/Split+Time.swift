import MaxIR

extension Split {
    /// The last share of the rows by time is held out; rows of one time stay together.
    /// - Throws: as `timeOrdered`.
    public static func lastInTime(times: [Double], share: Double, gap: Double = 0) throws(MaxError) -> Split {
        guard share > 0, share < 1 else { throw MaxError(.usage, "split: share: found \(share), expected a number between 0 and 1") }
        try checkTimes(times, gap)
        let sorted = times.sorted()
        let place = min(max(Int((Double(times.count) * (1 - share)).rounded()), 0), times.count - 1)
        return try before(times, start: sorted[place], end: nil, gap: gap)
    }

    /// Blocks of equal count in time: each of `folds` is tested by what is learnt from all rows before it; the first block is only learnt from.
    ///
    /// - gap: rows of less than this before the first tested time are in neither part (purged), in the unit of the times.
    ///   Rows at the first tested time or later are never learnt from, so that rows of one time stay together.
    /// - Throws: `.usage` when a time is not finite, or a part would be empty.
    public static func timeOrdered(times: [Double], folds: Int, gap: Double = 0) throws(MaxError) -> [Split] {
        try checkTimes(times, gap)
        guard folds >= 1, folds < times.count else {
            throw MaxError(.usage, "split: folds: found \(folds) for \(times.count) rows, expected from 1 to one less than the rows")
        }
        let sorted = times.sorted()
        var splits: [Split] = []
        for fold in 1...folds {
            let start = sorted[times.count * fold / (folds + 1)]
            let end = fold < folds ? sorted[times.count * (fold + 1) / (folds + 1)] : nil
            splits.append(try before(times, start: start, end: end, gap: gap))
        }
        return splits
    }

    private static func before(_ times: [Double], start: Double, end: Double?, gap: Double) throws(MaxError) -> Split {
        let split = Split(
            train: times.indices.filter { times[$0] < start && times[$0] <= start - gap },
            test: times.indices.filter { times[$0] >= start && times[$0] < (end ?? .infinity) })
        guard !split.train.isEmpty, !split.test.isEmpty else {
            throw MaxError(
                .usage,
                "split: times: found \(split.train.count) rows to learn from before \(start) and \(split.test.count) to test, expected some of both: fewer folds or a smaller gap"
            )
        }
        return split
    }

    private static func checkTimes(_ times: [Double], _ gap: Double) throws(MaxError) {
        guard gap >= 0 else { throw MaxError(.usage, "split: gap: found \(gap), expected 0 or more") }
        guard !times.isEmpty else { throw MaxError(.usage, "split: times: found none") }
        if let bad = times.firstIndex(where: { !$0.isFinite }) {
            throw MaxError(.usage, "split: times: row \(bad): found \(times[bad]), expected a finite number: drop rows without a time")
        }
    }
}
