/// Parts of the rows for cross-fitting.
enum Folds {
    /// The fold of each row: rows in the order of a hash of seed and position, dealt to the folds one after the other; class by class
    /// where the target holds numbers of classes.
    static func deal(_ rows: Int, classes target: [Double]?, folds: Int, seed: UInt64) -> [UInt16] {
        var order = sorted(rows) { row in
            var z = seed &+ UInt64(row) &* 0x9E37_79B9_7F4A_7C15
            z = (z ^ z >> 30) &* 0xBF58_476D_1CE4_E5B9
            z = (z ^ z >> 27) &* 0x94D0_49BB_1331_11EB
            return z ^ z >> 31
        }
        if let target { order = grouped(order, by: target) }
        var out = [UInt16](repeating: 0, count: rows)
        var fold = 0
        for row in order {
            out[Int(row)] = UInt16(truncatingIfNeeded: fold)
            fold = fold + 1 == folds ? 0 : fold + 1
        }
        return out
    }

    /// Ascending by class, in order within each.
    private static func grouped(_ order: [UInt32], by target: [Double]) -> [UInt32] {
        var places: [Double: Int] = [:]
        for value in target { places[value, default: 0] += 1 }
        var start = 0
        for (value, count) in places.sorted(by: { $0.key < $1.key }) {
            places[value] = start
            start += count
        }
        var out = [UInt32](repeating: 0, count: order.count)
        for row in order {
            let place = places[target[Int(row)], default: 0]
            out[place] = row
            places[target[Int(row)]] = place + 1
        }
        return out
    }

    private struct Keyed: BitwiseCopyable {
        var key: UInt64
        var row: UInt32
    }

    /// Rows by their keys, equal ones by position: 11 bits at a time, from the lowest.
    private static func sorted(_ rows: Int, _ key: (Int) -> UInt64) -> [UInt32] {
        let (bits, digits) = (11, 6)
        let size = 1 << bits
        var counts = [Int](repeating: 0, count: size * digits)
        var from = [Keyed](unsafeUninitializedCapacity: rows) { out, count in
            for row in 0..<rows {
                let key = key(row)
                out[row] = Keyed(key: key, row: UInt32(truncatingIfNeeded: row))
                for digit in 0..<digits { counts[digit * size + Int(truncatingIfNeeded: key >> UInt64(digit * bits)) & (size - 1)] += 1 }
            }
            count = rows
        }
        var to = [Keyed](repeating: Keyed(key: 0, row: 0), count: rows)
        for digit in 0..<digits {
            var total = 0
            for k in digit * size..<(digit + 1) * size { (counts[k], total) = (total, total + counts[k]) }
            let shift = UInt64(digit * bits)
            to.withUnsafeMutableBufferPointer { out in
                for entry in from {
                    let k = digit * size + Int(truncatingIfNeeded: entry.key >> shift) & (size - 1)
                    out[counts[k]] = entry
                    counts[k] += 1
                }
            }
            swap(&from, &to)
        }
        return from.map(\.row)
    }
}
