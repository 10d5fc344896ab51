import MaxIR
import MaxRuntime

/// Some rows of a column of numbers, booleans or times as 64-bit keys.
enum CellKeys {
    /// Rows that are taken at a time.
    static let chunk = 2048

    /// Writes the keys of `rows`, and whether each row has a value. NaN has none.
    ///
    /// - Returns: how many rows hold NaN.
    static func read(
        _ view: ColumnView, _ rows: Range<Int>, keys: UnsafeMutablePointer<UInt64>, isPresent: UnsafeMutablePointer<Bool>
    ) -> Int {
        if let validity = view.validity {
            for (index, row) in rows.enumerated() {
                let bit = view.validityOffset + row
                isPresent[index] = validity[bit >> 3] & (1 << UInt8(bit & 7)) != 0
            }
        } else {
            isPresent.update(repeating: true, count: rows.count)
        }
        switch view.element {
        case .f64: return floats(view, rows, keys, isPresent, Double.self) { $0 }
        case .f32: return floats(view, rows, keys, isPresent, Float.self) { Double($0) }
        case .f16: return floats(view, rows, keys, isPresent, UInt16.self) { Double(Float16(bitPattern: $0)) }
        case .bf16: return floats(view, rows, keys, isPresent, UInt16.self) { Double(BFloat16(bits: $0).float) }
        case .i64, .timestamp: integers(view, rows, keys, Int64.self)
        case .i32: integers(view, rows, keys, Int32.self)
        case .i16: integers(view, rows, keys, Int16.self)
        case .i8: integers(view, rows, keys, Int8.self)
        case .u64: integers(view, rows, keys, UInt64.self)
        case .u32: integers(view, rows, keys, UInt32.self)
        case .u16: integers(view, rows, keys, UInt16.self)
        case .u8: integers(view, rows, keys, UInt8.self)
        case .bool: booleans(view, rows, keys)
        case .string: preconditionFailure("texts have no keys of their own")
        }
        return 0
    }

    @inline(__always)
    private static func floats<T: BitwiseCopyable>(
        _ view: ColumnView, _ rows: Range<Int>, _ keys: UnsafeMutablePointer<UInt64>, _ isPresent: UnsafeMutablePointer<Bool>, _: T.Type,
        _ number: (T) -> Double
    ) -> Int {
        var count = 0
        var from = view.values + rows.lowerBound * view.strideBytes
        let stride = view.strideBytes
        for index in 0..<rows.count {
            let value = number(from.loadUnaligned(as: T.self))
            from += stride
            // Adding 0 makes 0 of -0.
            keys[index] = (value + 0).bitPattern
            if value != value, isPresent[index] {
                count += 1
                isPresent[index] = false
            }
        }
        return count
    }

    @inline(__always)
    private static func integers<T: FixedWidthInteger & BitwiseCopyable>(
        _ view: ColumnView, _ rows: Range<Int>, _ keys: UnsafeMutablePointer<UInt64>, _: T.Type
    ) {
        var from = view.values + rows.lowerBound * view.strideBytes
        let stride = view.strideBytes
        for index in 0..<rows.count {
            keys[index] = UInt64(truncatingIfNeeded: from.loadUnaligned(as: T.self))
            from += stride
        }
    }

    private static func booleans(_ view: ColumnView, _ rows: Range<Int>, _ keys: UnsafeMutablePointer<UInt64>) {
        for (index, row) in rows.enumerated() {
            if view.isBitmap {
                let bit = view.bitOffset + row
                keys[index] = UInt64(view.values.load(fromByteOffset: bit >> 3, as: UInt8.self) >> UInt8(bit & 7) & 1)
            } else {
                keys[index] = view.values.load(fromByteOffset: row * view.strideBytes, as: UInt8.self) == 0 ? 0 : 1
            }
        }
    }
}

extension ColumnView {
    /// The bytes of row `row` of a column of texts.
    @inline(__always) func text(_ row: Int) -> UnsafeBufferPointer<UInt8> {
        guard let offsets else { return UnsafeBufferPointer(start: nil, count: 0) }
        let range = offsets.range(row)
        return UnsafeBufferPointer(start: values.assumingMemoryBound(to: UInt8.self) + range.lowerBound, count: range.count)
    }
}
