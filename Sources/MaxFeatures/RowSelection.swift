import MaxIR

/// The rows of a table that count, in order.
struct RowSelection: Sendable {
    /// nil: all.
    let mask: [Bool]?
    let total: Int
    let count: Int

    /// - Throws: `.malformed` for a mask of another length than the table's.
    init(_ mask: [Bool]?, of table: Table) throws(MaxError) {
        total = table.rows
        self.mask = mask
        guard let mask else {
            count = total
            return
        }
        guard mask.count == total else {
            throw MaxError(.malformed, "rows: found a mask of \(mask.count), expected one for each of \(total) rows")
        }
        count = mask.reduce(0) { $0 + ($1 ? 1 : 0) }
    }

    @inline(__always) func has(_ row: Int) -> Bool { mask.map { $0[row] } ?? true }

    /// The values of the rows that count, given for all of them or for the whole table.
    func picking<Value>(_ values: [Value], _ what: String) throws(MaxError) -> [Value] {
        if values.count == count, mask == nil || values.count != total { return values }
        guard values.count == total, let mask else {
            throw MaxError(.malformed, "\(what): found \(values.count) values, expected \(count)")
        }
        var out: [Value] = []
        out.reserveCapacity(count)
        for row in 0..<total where mask[row] { out.append(values[row]) }
        return out
    }
}
