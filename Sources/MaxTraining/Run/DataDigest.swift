import MaxFeatures
import MaxIR
import MaxRuntime
import MaxTabular

/// A name for the content of a table: the same for the same rows and columns in whatever files, formats or batches they come.
///
/// SHA-256 over the number of rows and, for every column in the order of names, its name, its type and the SHA-256 of its
/// values: for each row a byte that is 1 where there is a value, then the value: 8 bytes little-endian, integers as i64,
/// floats as f64 with one NaN; or a text's length as u64 and its bytes.
public enum DataDigest {
    public static func of(_ table: Table) -> String {
        let whole = SHA256()
        whole.update(bytes(UInt64(table.rows)))
        for index in table.columns.indices.sorted(by: { table.columns[$0].name < table.columns[$1].name }) {
            let column = table.columns[index]
            whole.update(bytes(UInt64(column.name.utf8.count)))
            whole.update(Array(column.name.utf8))
            whole.update(Array(kind(column.element).utf8))
            whole.update(digest(table, index))
        }
        return whole.finish().hex
    }

    /// Types that hold the same values are one: a CSV file does not know i32 from i64.
    private static func kind(_ element: ElementType?) -> String {
        switch element {
        case .string: "text"
        case .bool: "boolean"
        case .timestamp: "time"
        case let element? where element.isInteger: "integer"
        default: "number"
        }
    }

    private static func digest(_ table: Table, _ index: Int) -> [UInt8] {
        let digest = SHA256()
        var buffer: [UInt8] = []
        buffer.reserveCapacity(1 << 20)
        func flush(_ limit: Int) {
            if buffer.count >= limit {
                digest.update(buffer)
                buffer.removeAll(keepingCapacity: true)
            }
        }
        let kind = kind(table.columns[index].element)
        for batch in table.batches {
            let column = batch.columns[index]
            for row in 0..<batch.rows {
                flush(1 << 19)
                guard column.isValid(row) else {
                    buffer.append(0)
                    continue
                }
                buffer.append(1)
                switch kind {
                case "text":
                    let text = column.text(row)
                    append(UInt64(text.count), to: &buffer)
                    buffer.append(contentsOf: text)
                case "number":
                    let number = column.number(row)
                    append(number.isNaN ? Double.nan.bitPattern : number.bitPattern, to: &buffer)
                default: append(UInt64(bitPattern: column.integer(row)), to: &buffer)
                }
            }
        }
        flush(0)
        return digest.finish()
    }

    private static func append(_ word: UInt64, to buffer: inout [UInt8]) {
        withUnsafeBytes(of: word.littleEndian) { buffer.append(contentsOf: $0) }
    }

    private static func bytes(_ word: UInt64) -> [UInt8] { withUnsafeBytes(of: word.littleEndian) { Array($0) } }
}
