import MaxIR
import MaxRuntime
import MaxTabular

extension Table {
    /// Column `index` as numbers: NaN where a value is missing, 0 and 1 for booleans, microseconds for times. Integers above
    /// 2^53 are rounded to nearest, as an f64 input of a model would take them.
    ///
    /// - Throws: `.malformed` for a column of texts.
    public func numbers(_ index: Int) throws(MaxError) -> [Double] {
        let column = columns[index]
        guard column.element != .string else {
            throw MaxError(.malformed, "column \(column.name.quoted): found texts, expected numbers")
        }
        var out: [Double] = []
        out.reserveCapacity(rows)
        for batch in batches {
            let values = batch.columns[index]
            for row in 0..<batch.rows { out.append(values.isValid(row) ? values.number(row) : .nan) }
        }
        return out
    }

    /// Column `index` as texts: nil where a value is missing; numbers and booleans as a model's text input would take them.
    public func texts(_ index: Int) -> [Text?] {
        var out: [Text?] = []
        out.reserveCapacity(rows)
        for batch in batches {
            let values = batch.columns[index]
            for row in 0..<batch.rows { out.append(values.isValid(row) ? values.shown(row) : nil) }
        }
        return out
    }
}

extension RecordBatch.Column {
    /// The value of a row of numbers, booleans or times that has one.
    public func number(_ row: Int) -> Double {
        switch element {
        case .f64: values.loadUnaligned(fromByteOffset: row * 8, as: Double.self)
        case .f32: Double(values.loadUnaligned(fromByteOffset: row * 4, as: Float.self))
        case .f16: Double(values.loadUnaligned(fromByteOffset: row * 2, as: Float16.self))
        case .bf16: Double(BFloat16(bits: values.loadUnaligned(fromByteOffset: row * 2, as: UInt16.self)).float)
        case .u64: Double(values.loadUnaligned(fromByteOffset: row * 8, as: UInt64.self))
        case .string: .nan
        default: Double(integer(row))
        }
    }

    /// The value of a row of integers, booleans or times that has one; 0 for other types.
    public func integer(_ row: Int) -> Int64 {
        switch element {
        case .i64, .timestamp: values.loadUnaligned(fromByteOffset: row * 8, as: Int64.self)
        case .u64: Int64(truncatingIfNeeded: values.loadUnaligned(fromByteOffset: row * 8, as: UInt64.self))
        case .i32: Int64(values.loadUnaligned(fromByteOffset: row * 4, as: Int32.self))
        case .u32: Int64(values.loadUnaligned(fromByteOffset: row * 4, as: UInt32.self))
        case .i16: Int64(values.loadUnaligned(fromByteOffset: row * 2, as: Int16.self))
        case .u16: Int64(values.loadUnaligned(fromByteOffset: row * 2, as: UInt16.self))
        case .i8: Int64(values.load(fromByteOffset: row, as: Int8.self))
        case .u8: Int64(values.load(fromByteOffset: row, as: UInt8.self))
        case .bool: Int64(values.load(fromByteOffset: (bitOffset + row) >> 3, as: UInt8.self) >> UInt8((bitOffset + row) & 7) & 1)
        default: 0
        }
    }

    /// A value as a text, for a row that has one.
    public func shown(_ row: Int) -> Text {
        switch element {
        case .string: Text(utf8: Array(text(row)))
        case .f64, .f32, .f16, .bf16: Text("\(number(row))")
        case .u64: Text("\(values.loadUnaligned(fromByteOffset: row * 8, as: UInt64.self))")
        case .bool: Text(integer(row) == 0 ? "0" : "1")
        default: Text("\(integer(row))")
        }
    }
}
