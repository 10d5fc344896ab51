import CMaxLearning

/// Where the bins of a column of numbers end: bin `b` holds values x with `bounds[b - 1] < x <= bounds[b]`; the last bin is
/// open. Bounds are values of the column's own type, so that a comparison with one is what the graph computes.
///
/// Source: LightGBM `GreedyFindBin`: as many values in each bin as can be, a value that fills a bin alone gets one, and a
/// bound lies half way between its neighbours. Zero has no bin of its own here.
enum BinBounds {
    static let maximumBins = 255
    /// Rows that bounds are found from.
    static let sampleRows = 200_000

    static func find(_ values: UnsafeBufferPointer<Float>, bins: Int, leastInBin: Int) -> [Double] {
        var keys: [UInt32] = []
        keys.reserveCapacity(min(values.count, sampleRows))
        sample(values.count) { row in
            let value = values[row]
            if !value.isNaN {
                let bits = (value == 0 ? Float(0) : value).bitPattern
                keys.append(bits >> 31 == 1 ? ~bits : bits | 1 << 31)
            }
        }
        var scratch = [UInt32](repeating: 0, count: keys.count)
        maxai_sort_u32(&keys, &scratch, keys.count)
        return bounds(
            keys, bins, leastInBin, value: { Double(Float(bitPattern: $0 >> 31 == 1 ? $0 ^ 1 << 31 : ~$0)) },
            middle: { a, b in
                let middle = Double(Float((a + b) / 2))
                return middle < b && middle >= a ? middle : a
            })
    }

    static func find(_ values: UnsafeBufferPointer<Double>, bins: Int, leastInBin: Int) -> [Double] {
        var keys: [UInt64] = []
        keys.reserveCapacity(min(values.count, sampleRows))
        sample(values.count) { row in
            let value = values[row]
            if !value.isNaN {
                let bits = (value == 0 ? 0.0 : value).bitPattern
                keys.append(bits >> 63 == 1 ? ~bits : bits | 1 << 63)
            }
        }
        var scratch = [UInt64](repeating: 0, count: keys.count)
        maxai_sort_u64(&keys, &scratch, keys.count)
        return bounds(
            keys, bins, leastInBin, value: { Double(bitPattern: $0 >> 63 == 1 ? $0 ^ 1 << 63 : ~$0) },
            middle: { a, b in
                let middle = a / 2 + b / 2
                return middle < b && middle >= a ? middle : a
            })
    }

    /// All rows, or `sampleRows` of them spread over the whole, one in each stretch at a place that its number decides.
    private static func sample(_ rows: Int, _ take: (Int) -> Void) {
        guard rows > sampleRows else {
            for row in 0..<rows { take(row) }
            return
        }
        for place in 0..<sampleRows {
            let (start, end) = (place * rows / sampleRows, (place + 1) * rows / sampleRows)
            let random = CounterGenerator.bits(UInt64(place), seed: 0)
            take(start + Int(random.multipliedFullWidth(by: UInt64(end - start)).high))
        }
    }

    private static func bounds<Key: FixedWidthInteger>(
        _ keys: [Key], _ bins: Int, _ leastInBin: Int, value: (Key) -> Double, middle: (Double, Double) -> Double
    ) -> [Double] {
        var distinct: [Double] = []
        var counts: [Int] = []
        var index = 0
        while index < keys.count {
            var end = index + 1
            while end < keys.count, keys[end] == keys[index] { end += 1 }
            distinct.append(value(keys[index]))
            counts.append(end - index)
            index = end
        }
        guard distinct.count > 1 else { return [] }
        var bounds: [Double] = []
        func close(after position: Int) { bounds.append(middle(distinct[position], distinct[position + 1])) }
        if distinct.count <= bins {
            var inBin = 0
            for position in 0..<distinct.count - 1 {
                inBin += counts[position]
                if inBin >= leastInBin {
                    close(after: position)
                    inBin = 0
                }
            }
            return bounds
        }
        let most = leastInBin > 0 ? max(1, min(bins, keys.count / leastInBin)) : bins
        var size = Double(keys.count) / Double(most)
        let isLarge = counts.map { Double($0) >= size }
        var (openBins, openRows) = (most, keys.count)
        for position in counts.indices where isLarge[position] {
            openBins -= 1
            openRows -= counts[position]
        }
        size = openBins > 0 ? Double(openRows) / Double(openBins) : .infinity
        var inBin = 0
        for position in 0..<distinct.count - 1 {
            if !isLarge[position] { openRows -= counts[position] }
            inBin += counts[position]
            if isLarge[position] || Double(inBin) >= size || (isLarge[position + 1] && Double(inBin) >= max(1, size / 2)) {
                close(after: position)
                if bounds.count >= most - 1 { break }
                inBin = 0
                if !isLarge[position] {
                    openBins -= 1
                    size = openBins > 0 ? Double(openRows) / Double(openBins) : .infinity
                }
            }
        }
        return bounds
    }
}

/// Random numbers by position: the n-th is known without those before it, so results do not depend on who asks first.
///
/// Source: the finalizer of SplitMix64 (Steele, Lea, Flood 2014).
enum CounterGenerator {
    static func bits(_ counter: UInt64, seed: UInt64) -> UInt64 {
        var z = seed &* 0xd134_2543_de82_ef95 &+ (counter &+ 1) &* 0x9e37_79b9_7f4a_7c15
        z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
        return z ^ (z >> 31)
    }

    /// From 0 to below 1.
    static func unit(_ counter: UInt64, seed: UInt64) -> Double { Double(bits(counter, seed: seed) >> 11) * 0x1p-53 }

    /// From 0 to below `bound`.
    static func below(_ bound: Int, _ counter: UInt64, seed: UInt64) -> Int {
        Int(bits(counter, seed: seed).multipliedFullWidth(by: UInt64(bound)).high)
    }
}
