import MaxIR
import MaxRuntime

/// A hash of every row and of every column. Equal contents have equal hashes; numbers are compared across types.
final class CellHashes {
    private(set) var rows: [UInt64]
    private(set) var columns: [UInt64]

    init(_ table: TableBatches) {
        var rows = [UInt64](repeating: 0x243f_6a88_85a3_08d3, count: table.rows)
        var columns = [UInt64](repeating: 0x1319_8a2e_0370_7344, count: table.columns.count)
        rows.withUnsafeMutableBufferPointer { rows in
            var first = 0
            for batch in table.batchRows.indices {
                for (index, view) in table.views(batch).enumerated() where index < columns.count {
                    columns[index] = Self.add(view, table.batchRows[batch], rows, first, columns[index])
                }
                first += table.batchRows[batch]
            }
        }
        self.rows = rows
        self.columns = columns
    }

    private static func add(
        _ view: ColumnView, _ count: Int, _ rows: UnsafeMutableBufferPointer<UInt64>, _ first: Int, _ seed: UInt64
    ) -> UInt64 {
        var column = seed
        @inline(__always) func take(_ hash: UInt64, _ row: Int) {
            rows[first + row] = Hashing.mix(rows[first + row] ^ hash)
            column = (column ^ hash) &* 0x9e37_79b9_7f4a_7c15
            column ^= column >> 29
        }
        if view.element == .string {
            for row in 0..<count { take(view.isValid(row) ? Hashing.bytes(view.text(row)) : 1, row) }
            return column
        }
        let domain = ValueDomain(view.element)
        withUnsafeTemporaryAllocation(of: UInt64.self, capacity: CellKeys.chunk) { keys in
            withUnsafeTemporaryAllocation(of: Bool.self, capacity: CellKeys.chunk) { isPresent in
                guard let keys = keys.baseAddress, let isPresent = isPresent.baseAddress else { return }
                for start in stride(from: 0, to: count, by: CellKeys.chunk) {
                    let range = start..<min(start + CellKeys.chunk, count)
                    _ = CellKeys.read(view, range, keys: keys, isPresent: isPresent)
                    for index in 0..<range.count {
                        take(isPresent[index] ? Hashing.mix((domain.number(keys[index]) + 0).bitPattern) : 1, start + index)
                    }
                }
            }
        }
        return column
    }
}

/// Whether two cells hold the same: both missing, equal numbers of whatever type, or equal bytes.
struct CellComparison {
    private let table: TableBatches
    private let starts: [Int]
    private let views: [[ColumnView]]

    init(_ table: TableBatches) {
        self.table = table
        var starts = [0]
        for rows in table.batchRows { starts.append(starts[starts.count - 1] + rows) }
        self.starts = starts
        views = table.batchRows.indices.map { table.views($0) }
    }

    func rowsAreEqual(_ a: Int, _ b: Int) -> Bool {
        let (x, y) = (place(a), place(b))
        return table.columns.indices.allSatisfy { Self.isEqual(views[x.batch][$0], x.row, views[y.batch][$0], y.row) }
    }

    func columnsAreEqual(_ a: Int, _ b: Int) -> Bool {
        views.indices.allSatisfy { batch in
            (0..<table.batchRows[batch]).allSatisfy { Self.isEqual(views[batch][a], $0, views[batch][b], $0) }
        }
    }

    private func place(_ row: Int) -> (batch: Int, row: Int) {
        var (low, high) = (0, starts.count - 1)
        while high - low > 1 {
            let middle = (low + high) / 2
            if starts[middle] <= row { low = middle } else { high = middle }
        }
        return (low, row - starts[low])
    }

    private static func isEqual(_ a: ColumnView, _ i: Int, _ b: ColumnView, _ j: Int) -> Bool {
        if a.element == .string || b.element == .string {
            guard a.element == b.element else { return false }
            guard a.isValid(i), b.isValid(j) else { return a.isValid(i) == b.isValid(j) }
            let (x, y) = (a.text(i), b.text(j))
            return StringView(start: x.baseAddress, count: x.count) == StringView(start: y.baseAddress, count: y.count)
        }
        let (x, y) = (key(a, i), key(b, j))
        guard x.isPresent, y.isPresent else { return x.isPresent == y.isPresent }
        if x.domain == y.domain { return x.key == y.key }
        if x.domain == .float || y.domain == .float { return x.domain.number(x.key) == y.domain.number(y.key) }
        // One signed, one unsigned.
        return x.key == y.key && Int64(bitPattern: x.key) >= 0
    }

    private static func key(_ view: ColumnView, _ row: Int) -> (key: UInt64, isPresent: Bool, domain: ValueDomain) {
        var (key, isPresent) = (UInt64(0), false)
        _ = CellKeys.read(view, row..<row + 1, keys: &key, isPresent: &isPresent)
        return (key, isPresent, ValueDomain(view.element))
    }
}
