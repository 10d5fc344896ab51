import Glibc

/// The standard error of a statistic by drawing units again with replacement, from a fixed seed.
///
/// A draw is given as how often each unit stands in it, so that a weighted statistic needs no copy of its rows. Above
/// `maximumDraws` units a draw has only that many, and the error is scaled by √(m/n): Bickel, Götze, van Zwet 1997.
enum Bootstrap {
    static let resamples = 100
    static let maximumDraws = 20_000
    static let seed: UInt64 = 0x4d61_7845_7661_6c31

    /// nil when fewer than half of the draws have a finite value.
    static func standardError(units: Int, _ statistic: ([Double]) -> Double) -> Double? {
        guard units > 1 else { return nil }
        var random = SplitMix64(seed: seed)
        let draws = min(units, maximumDraws)
        var values: [Double] = []
        var counts = [Double](repeating: 0, count: units)
        for _ in 0..<resamples {
            for unit in 0..<units { counts[unit] = 0 }
            for _ in 0..<draws { counts[random.below(units)] += 1 }
            let value = statistic(counts)
            if value.isFinite { values.append(value) }
        }
        guard values.count * 2 >= resamples else { return nil }
        let mean = Sum.of(values) / Double(values.count)
        let variance = Sum.of(values.map { ($0 - mean) * ($0 - mean) }) / Double(values.count - 1)
        return (variance * Double(draws) / Double(units)).squareRoot()
    }
}
