import Glibc

/// The rank-sum test of Mann and Whitney (1947), by its normal approximation with the correction for ties: whether one
/// sample tends to be larger than another, without a word on what either is distributed like.
package enum MannWhitney {
    /// The probability of sums of ranks as large as these, or larger, if `a` were not larger than `b`. 1 for an empty sample.
    package static func probability(_ a: [Double], isLargerThan b: [Double]) -> Double {
        guard !a.isEmpty, !b.isEmpty else { return 1 }
        let all = (a.map { ($0, true) } + b.map { ($0, false) }).sorted { $0.0 < $1.0 }
        var (rankSum, ties) = (0.0, 0.0)
        var start = 0
        while start < all.count {
            var end = start
            while end < all.count, all[end].0 == all[start].0 { end += 1 }
            let (count, middle) = (Double(end - start), Double(start + 1 + end) / 2)
            rankSum += middle * Double(all[start..<end].count { $0.1 })
            ties += count * count * count - count
            start = end
        }
        let (n, m) = (Double(a.count), Double(b.count))
        let total = n + m
        let u = rankSum - n * (n + 1) / 2
        let variance = n * m / 12 * (total + 1 - ties / max(total * (total - 1), 1))
        guard variance > 0 else { return u > n * m / 2 ? 0 : 1 }
        // Half a rank towards the middle: the sum of ranks is a whole or half number.
        let z = (u - n * m / 2 - 0.5) / variance.squareRoot()
        return 0.5 * erfc(z / 2.0.squareRoot())
    }

    package static func median(_ values: [Double]) -> Double {
        let sorted = values.sorted()
        guard let last = sorted.last else { return 0 }
        let middle = sorted.count / 2
        return sorted.count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + (middle < sorted.count ? sorted[middle] : last)) / 2
    }
}
