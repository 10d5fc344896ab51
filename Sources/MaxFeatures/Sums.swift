/// Sums in an order that depends on the positions of the rows alone: runs of 1024, then pairs of runs.
enum Sums {
    static func sum(_ count: Int, _ value: (Int) -> Double) -> Double { sum(0, count, value) }

    private static func sum(_ first: Int, _ count: Int, _ value: (Int) -> Double) -> Double {
        guard count > 1024 else {
            var total = 0.0
            for index in first..<first + count { total += value(index) }
            return total
        }
        let half = max(1024, (count / 2 + 1023) / 1024 * 1024)
        return sum(first, half, value) + sum(first + half, count - half, value)
    }
}

/// What is known of the finite values of a column.
struct Moments {
    let count: Int
    let mean: Double
    /// Sum of squared differences to the mean, corrected by the remaining sum of differences (Chan, Golub, LeVeque 1983).
    let squares: Double
    let least: Double
    let largest: Double

    var variance: Double { count == 0 ? .nan : squares / Double(count) }

    /// Whether the spread is below what rounding gives (scikit-learn `_is_constant_feature`).
    var isConstant: Bool {
        let rounding = Double(count) * 0x1p-52 * mean.magnitude
        return variance <= Double(count) * 0x1p-52 * variance + rounding * rounding
    }

    init(_ values: UnsafeBufferPointer<Double>) {
        var finite = 0
        var (low, high) = (Double.infinity, -Double.infinity)
        for value in values where value.isFinite {
            finite += 1
            low = min(low, value)
            high = max(high, value)
        }
        count = finite
        (least, largest) = (low, high)
        guard finite > 0 else {
            (mean, squares) = (.nan, .nan)
            return
        }
        let middle = Sums.sum(values.count) { values[$0].isFinite ? values[$0] : 0 } / Double(finite)
        mean = low == high ? low : middle
        let center = mean
        let rest = Sums.sum(values.count) { values[$0].isFinite ? values[$0] - center : 0 }
        let raw = Sums.sum(values.count) { values[$0].isFinite ? (values[$0] - center) * (values[$0] - center) : 0 }
        squares = low == high ? 0 : max(0, raw - rest * rest / Double(finite))
    }
}

enum Quantiles {
    /// The finite values, ascending.
    static func sorted(_ values: UnsafeBufferPointer<Double>) -> [Double] {
        guard values.count > 256 else {
            return values.filter(\.isFinite).sorted { $0 < $1 || ($0 == $1 && $0.sign == .minus && $1.sign == .plus) }
        }
        return radixSorted(values)
    }

    /// By 11 bits of the key at a time, from the lowest; digits that all values share are skipped. -0.0 comes before 0.0.
    private static func radixSorted(_ values: UnsafeBufferPointer<Double>) -> [Double] {
        let (bits, digits) = (11, 6)
        let size = 1 << bits
        let from = UnsafeMutablePointer<UInt64>.allocate(capacity: values.count)
        let to = UnsafeMutablePointer<UInt64>.allocate(capacity: values.count)
        let counts = UnsafeMutablePointer<Int>.allocate(capacity: size * digits)
        defer {
            from.deallocate()
            to.deallocate()
            counts.deallocate()
        }
        counts.initialize(repeating: 0, count: size * digits)
        var count = 0
        for value in values where value.isFinite {
            let key = key(value)
            from[count] = key
            count += 1
            for digit in 0..<digits { counts[digit * size + Int(truncatingIfNeeded: key >> UInt64(digit * bits)) & (size - 1)] += 1 }
        }
        var (source, target) = (from, to)
        for digit in 0..<digits {
            let starts = counts + digit * size
            var total = 0
            var isShared = false
            for k in 0..<size {
                if starts[k] == count { isShared = true }
                (starts[k], total) = (total, total + starts[k])
            }
            if isShared { continue }
            let shift = UInt64(digit * bits)
            for index in 0..<count {
                let key = source[index]
                let k = Int(truncatingIfNeeded: key >> shift) & (size - 1)
                target[starts[k]] = key
                starts[k] += 1
            }
            swap(&source, &target)
        }
        return [Double](unsafeUninitializedCapacity: count) { out, initialized in
            for index in 0..<count { out[index] = number(source[index]) }
            initialized = count
        }
    }

    /// Linear between order statistics (type 7 of Hyndman and Fan 1996, numpy's default); NaN of nothing.
    static func of(_ sorted: [Double], _ q: Double) -> Double {
        guard let last = sorted.last else { return .nan }
        let position = Double(sorted.count - 1) * q
        let index = Int(position)
        guard index + 1 < sorted.count else { return last }
        return between(sorted[index], sorted[index + 1], position - Double(index))
    }

    /// As `of(sorted(values), q)`: counts the values by 16 bits of their key at a time and goes on with those of one count.
    static func of(_ values: UnsafeBufferPointer<Double>, _ q: Double) -> Double {
        guard values.count > 8192 else { return of(sorted(values), q) }
        let size = 1 << 16
        var counts = [Int32](repeating: 0, count: size)
        var total = 0
        for value in values where value.isFinite {
            counts[Int(truncatingIfNeeded: key(value) >> 48)] &+= 1
            total += 1
        }
        guard total > 0 else { return .nan }
        let position = Double(total - 1) * q
        let rank = Int(position)
        // Those below the bucket, and the bucket.
        var below = 0
        var bucket = 0
        while bucket < size - 1, below + Int(counts[bucket]) <= rank { (below, bucket) = (below + Int(counts[bucket]), bucket + 1) }
        var keys = [UInt64](unsafeUninitializedCapacity: Int(counts[bucket])) { out, count in
            for value in values where value.isFinite {
                let key = key(value)
                guard Int(truncatingIfNeeded: key >> 48) == bucket else { continue }
                out[count] = key
                count += 1
            }
        }
        var shift: UInt64 = 32
        while keys.count > 4096, keys[0] != keys[keys.count - 1] || keys.contains(where: { $0 != keys[0] }) {
            for k in 0..<size { counts[k] = 0 }
            for key in keys { counts[Int(truncatingIfNeeded: key >> shift) & (size - 1)] &+= 1 }
            bucket = 0
            while bucket < size - 1, below + Int(counts[bucket]) <= rank { (below, bucket) = (below + Int(counts[bucket]), bucket + 1) }
            keys = keys.filter { Int(truncatingIfNeeded: $0 >> shift) & (size - 1) == bucket }
            if shift == 0 { break }
            shift -= 16
        }
        if keys.count <= 4096 { keys.sort() }
        let (index, least) = (rank - below, number(keys[rank - below]))
        guard rank + 1 < total else { return least }
        let next: Double
        if index + 1 < keys.count {
            next = number(keys[index + 1])
        } else {
            let last = keys[index]
            var smallest = UInt64.max
            for value in values where value.isFinite {
                let key = key(value)
                if key > last, key < smallest { smallest = key }
            }
            next = number(smallest)
        }
        return between(least, next, position - Double(rank))
    }

    /// Ascending as unsigned: negative numbers reversed, positive ones above them; -0.0 below 0.0.
    @inline(__always) private static func key(_ value: Double) -> UInt64 {
        let pattern = value.bitPattern
        return pattern >> 63 == 1 ? ~pattern : pattern | 1 << 63
    }

    @inline(__always) private static func number(_ key: UInt64) -> Double {
        Double(bitPattern: key >> 63 == 1 ? key & ~(1 << 63) : ~key)
    }

    /// As numpy's `_lerp`: from the nearer end.
    private static func between(_ a: Double, _ b: Double, _ t: Double) -> Double { t >= 0.5 ? b - (b - a) * (1 - t) : a + (b - a) * t }
}
