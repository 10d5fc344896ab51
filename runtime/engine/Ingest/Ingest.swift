import MaxIR

/// From columns as a person has them to the tensors that the graph declares.
///
/// Numbers convert to a float input by rounding to nearest, as every training library does when it builds its
/// matrix; to an integer input only when the value is that integer. Integers and booleans are written in
/// decimal for a string input. A missing value becomes what the input's policy says.
enum Ingest {
    /// The tensor for one input: `[rows] + tail`.
    static func tensor(
        _ schema: Schema, _ port: Schema.InputPort, _ columns: UnsafeBufferPointer<ColumnView>, rows: Int
    ) throws(MaxError) -> Tensor {
        let shape = [rows] + port.tail
        if port.element == .string {
            var out = [Text](repeating: "", count: rows * port.width)
            for k in 0..<port.width {
                let column = schema.columns[port.firstColumn + k]
                for row in 0..<rows { out[row * port.width + k] = try text(columns[port.firstColumn + k], row, column) }
            }
            return Tensor(out, shape: shape)
        }
        if port.element == .f32 {
            var out = [Float](repeating: 0, count: rows * port.width)
            for k in 0..<port.width {
                let column = schema.columns[port.firstColumn + k]
                for row in 0..<rows { out[row * port.width + k] = try single(columns[port.firstColumn + k], row, column) }
            }
            return Tensor(out, shape: shape)
        }
        if port.element.isFloat {
            var out = [Double](repeating: 0, count: rows * port.width)
            for k in 0..<port.width {
                let column = schema.columns[port.firstColumn + k]
                for row in 0..<rows { out[row * port.width + k] = try double(columns[port.firstColumn + k], row, column) }
            }
            return try Cast.convert(Tensor(out, shape: shape), to: port.element)
        }
        var out = [Int64](repeating: 0, count: rows * port.width)
        for k in 0..<port.width {
            let column = schema.columns[port.firstColumn + k]
            for row in 0..<rows { out[row * port.width + k] = try integer(columns[port.firstColumn + k], row, column) }
        }
        return try Cast.convert(Tensor(out, shape: shape), to: port.element)
    }

    /// Rounded once, also from 64-bit integers.
    static func single(_ view: ColumnView, _ row: Int, _ column: Schema.Column) throws(MaxError) -> Float {
        if view.isValid(row) {
            switch view.element {
            case .i64, .timestamp: return Float(try exactInteger(view, row, column))
            case .u64: return Float((view.values + row * view.strideBytes).loadUnaligned(as: UInt64.self))
            default: break
            }
        }
        return Float(try double(view, row, column))
    }

    static func double(_ view: ColumnView, _ row: Int, _ column: Schema.Column) throws(MaxError) -> Double {
        guard view.isValid(row) else {
            switch column.missing {
            case .nan: return .nan
            case .value(.float(let value)): return value
            case .value(.int(let value)): return Double(value)
            default: throw absent(column, row)
            }
        }
        let value = view.values + row * view.strideBytes
        switch view.element {
        case .f64: return value.loadUnaligned(as: Double.self)
        case .f32: return Double(value.loadUnaligned(as: Float.self))
        case .f16: return Double(value.loadUnaligned(as: Float16.self))
        case .bf16: return Double(BFloat16(bits: value.loadUnaligned(as: UInt16.self)).float)
        case .u64: return Double(value.loadUnaligned(as: UInt64.self))
        case .string: throw mismatch(view, column)
        default: return Double(try exactInteger(view, row, column))
        }
    }

    static func integer(_ view: ColumnView, _ row: Int, _ column: Schema.Column) throws(MaxError) -> Int64 {
        guard view.isValid(row) else {
            switch column.missing {
            case .value(.int(let value)): return value
            case .value(.float(let value)): return Int64(exactly: value) ?? 0
            default: throw absent(column, row)
            }
        }
        switch view.element {
        case .f64, .f32, .f16, .bf16:
            let value = try double(view, row, column)
            guard let exact = Int64(exactly: value) else {
                throw MaxError(.malformed, "column \(column.name.quoted) at row \(row): found \(value), expected an integer")
            }
            return exact
        case .string: throw mismatch(view, column)
        default: return try exactInteger(view, row, column)
        }
    }

    static func exactInteger(_ view: ColumnView, _ row: Int, _ column: Schema.Column) throws(MaxError) -> Int64 {
        let value = view.values + row * view.strideBytes
        switch view.element {
        case .i64, .timestamp: return value.loadUnaligned(as: Int64.self)
        case .i32: return Int64(value.loadUnaligned(as: Int32.self))
        case .i16: return Int64(value.loadUnaligned(as: Int16.self))
        case .i8: return Int64(value.loadUnaligned(as: Int8.self))
        case .u64: return Int64(truncatingIfNeeded: value.loadUnaligned(as: UInt64.self))
        case .u32: return Int64(value.loadUnaligned(as: UInt32.self))
        case .u16: return Int64(value.loadUnaligned(as: UInt16.self))
        case .u8: return Int64(value.loadUnaligned(as: UInt8.self))
        case .bool:
            guard view.isBitmap else { return value.loadUnaligned(as: UInt8.self) == 0 ? 0 : 1 }
            let bit = view.bitOffset + row
            return Int64((view.values.load(fromByteOffset: bit >> 3, as: UInt8.self) >> (bit & 7)) & 1)
        default: throw mismatch(view, column)
        }
    }

    private static func text(_ view: ColumnView, _ row: Int, _ column: Schema.Column) throws(MaxError) -> Text {
        guard view.isValid(row) else {
            guard case .value(.string(let value))? = column.missing else { throw absent(column, row) }
            return value
        }
        switch view.element {
        case .string:
            guard let offsets = view.offsets else { throw MaxError(.internal, "a string column without offsets") }
            return Text(utf8: Array(UnsafeRawBufferPointer(start: view.values, count: offsets.range(row).upperBound)[offsets.range(row)]))
        case .f64, .f32, .f16, .bf16: throw mismatch(view, column)
        default: return Text(String(try exactInteger(view, row, column)))
        }
    }

    static func absent(_ column: Schema.Column, _ row: Int) -> MaxError {
        MaxError(.malformed, "column \(column.name.quoted) at row \(row): the value is missing, and the model gives no policy for that")
    }

    static func mismatch(_ view: ColumnView, _ column: Schema.Column) -> MaxError {
        MaxError(.malformed, "column \(column.name.quoted): found \(view.element), expected \(column.element)")
    }
}
