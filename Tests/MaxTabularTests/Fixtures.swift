import Glibc
import MaxIR
import MaxTabular

/// One value of a cell, compared by its bits.
enum Cell: Hashable, CustomStringConvertible {
    case missing
    case float(UInt64)
    case int(Int64)
    case bool(Bool)
    case text(Text)

    static func number(_ value: Double) -> Cell { .float(value.bitPattern) }

    var description: String {
        switch self {
        case .missing: "missing"
        case .float(let bits): "\(Double(bitPattern: bits))"
        case .int(let value): "\(value)"
        case .bool(let value): "\(value)"
        case .text(let value): value.quoted
        }
    }
}

extension RecordBatch.Column {
    func cell(_ row: Int) -> Cell {
        guard isValid(row) else { return .missing }
        switch element {
        case .f64: return .number(values.load(fromByteOffset: row * 8, as: Double.self))
        case .f32: return .number(Double(values.load(fromByteOffset: row * 4, as: Float.self)))
        case .f16: return .number(Double(values.load(fromByteOffset: row * 2, as: Float16.self)))
        case .bf16: return .missing
        case .i64, .timestamp: return .int(values.load(fromByteOffset: row * 8, as: Int64.self))
        case .i32: return .int(Int64(values.load(fromByteOffset: row * 4, as: Int32.self)))
        case .i16: return .int(Int64(values.load(fromByteOffset: row * 2, as: Int16.self)))
        case .i8: return .int(Int64(values.load(fromByteOffset: row, as: Int8.self)))
        case .u64: return .int(Int64(bitPattern: values.load(fromByteOffset: row * 8, as: UInt64.self)))
        case .u32: return .int(Int64(values.load(fromByteOffset: row * 4, as: UInt32.self)))
        case .u16: return .int(Int64(values.load(fromByteOffset: row * 2, as: UInt16.self)))
        case .u8: return .int(Int64(values.load(fromByteOffset: row, as: UInt8.self)))
        case .bool:
            let bit = bitOffset + row
            return .bool(values.load(fromByteOffset: bit >> 3, as: UInt8.self) & (1 << (bit & 7)) != 0)
        case .string: return .text(Text(utf8: Array(text(row))))
        }
    }
}

extension TableReader {
    /// Every cell, column by column.
    func cells() throws -> [[Cell]] {
        var cells: [[Cell]]?
        while let batch = try next() {
            var grown = cells ?? Array(repeating: [], count: batch.columns.count)
            for (index, column) in batch.columns.enumerated() {
                grown[index] += (0..<batch.rows).map(column.cell)
            }
            cells = grown
        }
        return cells ?? Array(repeating: [], count: selected.count)
    }
}

/// A table with every kind of column that is made here: `x: f32`, `y: f64`, `n: i64`, `k: i32`, `flag: bool`,
/// `city: string`, `at: timestamp`; the values at index 2 are missing.
struct Sample {
    let columns: [OutputColumn]
    let values: [TableWriter.Values]
    let rows = 5

    static let names: [Text] = ["x", "y", "n", "k", "flag", "city", "at"]
    static let types: [ElementType] = [.f32, .f64, .i64, .i32, .bool, .string, .timestamp]
    static let x: [Float] = [0.1, -0.0, 0, .greatestFiniteMagnitude, 1]
    static let y: [Double] = [0.1, 1e-300, 0, Double.leastNonzeroMagnitude, 1.5]
    static let n: [Int64] = [.max, .min, 0, -1, 7]
    static let k: [Int32] = [.max, .min, 0, -1, 7]
    static let flags: [Bool?] = [true, false, nil, true, false]
    static let cities: [Text?] = ["Zürich, \"CH\"", "", nil, "a\nb\\", "NA"]
    static let times: [Int64] = [0, -1, 0, 1_357_034_400_000_000, 253_402_300_799_999_999]

    init() throws {
        columns = try zip(Self.names, Self.types).map { try OutputColumn($0, $1) }
        values = [
            .made(try Self.buffer(.f32, Self.x)), .made(try Self.buffer(.f64, Self.y)),
            .made(try Self.buffer(.i64, Self.n)), .made(try Self.buffer(.i32, Self.k)),
            .made(ColumnBuffer(booleans: Self.flags)), .made(try ColumnBuffer(texts: Self.cities)),
            .made(try Self.buffer(.timestamp, Self.times)),
        ]
    }

    static func buffer<Value>(_ element: ElementType, _ values: [Value], missing: [Int] = [2]) throws -> ColumnBuffer {
        let buffer = try ColumnBuffer(element, rows: values.count)
        for (row, value) in values.enumerated() {
            buffer.values.storeBytes(of: value, toByteOffset: row * MemoryLayout<Value>.size, as: Value.self)
        }
        missing.forEach(buffer.setMissing)
        return buffer
    }

    func write(to path: String, format: TableFormat? = nil, batches: Int = 1) throws {
        let writer = try TableWriter(path, format: format, columns: columns)
        for _ in 0..<batches { try writer.write(rows: rows, values) }
        try writer.finish()
    }

    /// What reading it gives: exactly what was written.
    static var cells: [[Cell]] {
        let all: [[Cell]] = [
            x.map { .number(Double($0)) }, y.map { .number($0) }, n.map { .int($0) }, k.map { .int(Int64($0)) },
            flags.map { $0.map { .bool($0) } ?? .missing }, cities.map { $0.map { .text($0) } ?? .missing },
            times.map { .int($0) },
        ]
        return all.map { column in column.enumerated().map { $0.offset == 2 ? .missing : $0.element } }
    }
}
