import MaxBinding
import MaxIR
import MaxRuntime
import MaxTabular

/// Rows of a table, each with the same chance, in the table's order; the same table and count always give the same rows.
enum BackgroundSample {
    /// - Throws: what the table or the model refuses, with the row; `.malformed` for a table without rows.
    static func read(_ path: String, for schema: Schema, rows wanted: Int) throws(MaxError) -> [Tensor] {
        let table = try TableReader.open(path, format: nil, options: ColumnBinding.options(schema))
        let binding = try ColumnBinding(schema, table, keep: nil)
        try table.select(indices: binding.selected)
        var reservoir: [(row: Int, values: [Tensor])] = []
        var (first, state): (Int, UInt64) = (0, 1)
        while let batch = try table.next() {
            let views = binding.views(batch)
            for row in first..<first + batch.rows {
                var place = reservoir.count
                if place >= wanted {
                    place = below(row + 1, &state)
                    guard place < wanted else { continue }
                }
                let values: [Tensor]
                do throws(MaxError) {
                    values = try schema.tensors(views.map { $0.dropping(row - first) }, rows: 1)
                } catch {
                    throw error.inside("\(path): row \(row)")
                }
                if place < reservoir.count { reservoir[place] = (row, values) } else { reservoir.append((row, values)) }
            }
            first += batch.rows
        }
        reservoir.sort { $0.row < $1.row }
        guard let start = reservoir.first else { throw MaxError(.malformed, "\(path): no rows, expected some for the background") }
        return try start.values.indices.map { input throws(MaxError) in
            let parts = reservoir.map { $0.values[input] }
            guard let all = parts[0].storage.appending(parts.dropFirst().map(\.storage)) else {
                throw MaxError(.internal, "background: tensors of different types")
            }
            return Tensor(unchecked: all, shape: [parts.count] + parts[0].shape.dropFirst())
        }
    }

    /// Source: Steele, Lea, Flood 2014 (SplitMix64).
    private static func below(_ bound: Int, _ state: inout UInt64) -> Int {
        state &+= 0x9e37_79b9_7f4a_7c15
        var z = state
        z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
        return Int((z ^ (z >> 31)).multipliedFullWidth(by: UInt64(bound)).high)
    }
}
