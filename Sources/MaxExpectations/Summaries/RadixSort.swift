/// Sorting by 64-bit keys, digit by digit of 11 bits from the lowest on; digits that all keys share are passed over.
enum RadixSort {
    static func sort(_ entries: inout [ValueTable.Entry]) {
        guard entries.count > 256 else {
            entries.sort { $0.ordered < $1.ordered }
            return
        }
        var common = UInt64.max
        var any: UInt64 = 0
        for entry in entries {
            common &= entry.ordered
            any |= entry.ordered
        }
        let differing = common ^ any
        var other = entries
        var starts = [Int](repeating: 0, count: 1 << 11)
        for shift in stride(from: UInt64(0), to: 64, by: 11) where differing >> shift & 0x7ff != 0 {
            starts.withUnsafeMutableBufferPointer { starts in
                starts.update(repeating: 0)
                entries.withUnsafeBufferPointer { from in
                    other.withUnsafeMutableBufferPointer { to in
                        for entry in from { starts[Int(entry.ordered >> shift & 0x7ff)] += 1 }
                        var start = 0
                        for digit in starts.indices { (starts[digit], start) = (start, start + starts[digit]) }
                        for entry in from {
                            let digit = Int(entry.ordered >> shift & 0x7ff)
                            to[starts[digit]] = entry
                            starts[digit] += 1
                        }
                    }
                }
            }
            swap(&entries, &other)
        }
    }
}
