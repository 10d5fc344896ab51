import CMaxLearning
import MaxIR

/// Features as bins of one byte, made once and used by every tree.
final class BinnedFeatures: @unchecked Sendable {
    struct Column: Sendable {
        /// Numbers: where bins end. Categories: empty.
        var bounds: [Double]
        /// Categories: the code that each bin holds, the most frequent first. Numbers: nil.
        var codes: [Int]?
        /// Bins of values; missing rows have a bin of their own, `MAXAI_MISSING_BIN`.
        var bins: Int
        var hasMissing: Bool
    }

    /// Up to 32 columns whose bins stand side by side.
    struct Group: Sendable {
        let first: Int
        let count: Int
        /// Bytes of one row.
        let stride: Int
        /// Of the group's first byte.
        let offset: Int
        /// What the kernels count: a multiple of four; those that are no columns are bin 0 throughout.
        var padded: Int { (count + 3) & ~3 }
    }

    let rows: Int
    let columns: [Column]
    let groups: [Group]
    let bins: Block<UInt8>

    /// - Parameter known: bins of another matrix, to be used again for rows that were held out.
    init(_ features: FeatureMatrix, bins most: Int, known: [Column]? = nil, crew: Crew) {
        rows = features.rows
        let count = features.columns.count
        var groups: [Group] = []
        var offset = 0
        for first in stride(from: 0, to: count, by: Int(MAXAI_GROUP)) {
            let here = min(Int(MAXAI_GROUP), count - first)
            let stride = here <= 4 ? 4 : here <= 8 ? 8 : here <= 16 ? 16 : 32
            groups.append(Group(first: first, count: here, stride: stride, offset: offset))
            offset += stride * features.rows
        }
        self.groups = groups
        let all = Block<UInt8>(offset, 0)
        bins = all
        let found = Block<Unmanaged<Box>?>(count, nil)
        crew.run { member in
            for index in stride(from: member, to: count, by: crew.count) {
                let group = groups[index / Int(MAXAI_GROUP)]
                let out = all.start + group.offset + index - group.first
                let column = known?[index] ?? Self.column(features, index, most)
                let hasMissing = Self.encode(features, index, column, out, group.stride)
                var kept = column
                kept.hasMissing = hasMissing
                found[index] = Unmanaged.passRetained(Box(kept))
            }
        }
        columns = (0..<count).map { found[$0]?.takeRetainedValue().column ?? Column(bounds: [], codes: nil, bins: 1, hasMissing: false) }
    }

    private final class Box {
        let column: Column
        init(_ column: Column) { self.column = column }
    }

    func column(_ index: Int) -> (start: UnsafePointer<UInt8>, stride: Int) {
        let group = groups[index / Int(MAXAI_GROUP)]
        return (UnsafePointer(bins.start + group.offset + index - group.first), group.stride)
    }

    @inline(__always) func bin(row: Int, column index: Int) -> Int {
        let (start, stride) = column(index)
        return Int(start[row * stride])
    }

    private static func column(_ features: FeatureMatrix, _ index: Int, _ most: Int) -> Column {
        if case .category(let count) = features.columns[index].kind { return categories(features, index, count, most) }
        let bounds =
            features.element == .f32
            ? BinBounds.find(UnsafeBufferPointer(features.f32(index)), bins: most, leastInBin: 3)
            : BinBounds.find(UnsafeBufferPointer(features.f64(index)), bins: most, leastInBin: 3)
        return Column(bounds: bounds, codes: nil, bins: bounds.count + 1, hasMissing: false)
    }

    /// A bin for each category that occurs, the most frequent first; those that are too many count as missing.
    private static func categories(_ features: FeatureMatrix, _ index: Int, _ count: Int, _ most: Int) -> Column {
        var occurrences = [Int](repeating: 0, count: count)
        for row in 0..<features.rows {
            if let code = Self.code(features.value(row: row, column: index), count) { occurrences[code] += 1 }
        }
        let order = occurrences.indices.filter { occurrences[$0] > 0 }.sorted { (occurrences[$1], $0) < (occurrences[$0], $1) }
        let kept = Array(order.prefix(most))
        return Column(bounds: [], codes: kept, bins: max(kept.count, 1), hasMissing: false)
    }

    private static func code(_ value: Double, _ count: Int) -> Int? {
        guard value >= 0, value < Double(count) else { return nil }
        return Int(value)
    }

    /// Writes the bins of a column; returns whether any row is missing.
    private static func encode(
        _ features: FeatureMatrix, _ index: Int, _ column: Column, _ out: UnsafeMutablePointer<UInt8>, _ stride: Int
    ) -> Bool {
        let rows = features.rows
        if let codes = column.codes {
            guard case .category(let count) = features.columns[index].kind else { return false }
            var table = [UInt8](repeating: UInt8(MAXAI_MISSING_BIN), count: max(count, 1))
            for (bin, code) in codes.enumerated() where code < count { table[code] = UInt8(bin) }
            for row in 0..<rows {
                let code = Self.code(features.value(row: row, column: index), count)
                out[row * stride] = code.map { table[$0] } ?? UInt8(MAXAI_MISSING_BIN)
            }
        } else if features.element == .f32 {
            var bounds = [Float](repeating: .infinity, count: 256)
            for (place, bound) in column.bounds.enumerated() { bounds[place] = Float(bound) }
            maxai_bin_f32(features.f32(index).baseAddress, rows, bounds, column.bounds.count, out, stride)
        } else {
            var bounds = [Double](repeating: .infinity, count: 256)
            for (place, bound) in column.bounds.enumerated() { bounds[place] = bound }
            maxai_bin_f64(features.f64(index).baseAddress, rows, bounds, column.bounds.count, out, stride)
        }
        for row in 0..<rows where out[row * stride] == UInt8(MAXAI_MISSING_BIN) { return true }
        return false
    }
}
