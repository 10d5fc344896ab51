/// A tensor table whose every field may lie; what is nil is as it should be.
struct RawTensorTable {
    struct Record {
        var element: UInt8 = 2
        var rank: UInt8?
        var extents: [UInt64] = [2]
        var data = [UInt8](repeating: 0, count: 8)
        var offset: UInt64?
        var size: UInt64?
        var reserved: UInt8 = 0
    }

    var count: UInt32?
    var records: [Record] = [Record()]
    var trailing: [UInt8] = []

    var bytes: [UInt8] {
        func word(_ value: UInt64, _ width: Int = 8) -> [UInt8] { (0..<width).map { UInt8(truncatingIfNeeded: value >> UInt64(8 * $0)) } }
        func pad(_ bytes: inout [UInt8]) { bytes += [UInt8](repeating: 0, count: (64 - bytes.count % 64) % 64) }
        var starts: [Int] = []
        var data: [UInt8] = []
        var end = 64 + 96 * records.count
        end += (64 - end % 64) % 64
        for record in records {
            pad(&data)
            starts.append(end + data.count)
            data += record.data
        }
        var out = word(UInt64(count ?? UInt32(records.count)), 4) + [UInt8](repeating: 0, count: 60)
        for (record, start) in zip(records, starts) {
            out += [record.element, record.rank ?? UInt8(record.extents.count), record.reserved, 0, 0, 0, 0, 0]
            out += word(record.offset ?? UInt64(start)) + word(record.size ?? UInt64(record.data.count))
            let extents = Array(record.extents.prefix(8))
            out += extents.flatMap { word($0) } + [UInt8](repeating: 0, count: 64 - 8 * extents.count + 8)
        }
        pad(&out)
        return out + data + trailing
    }
}
