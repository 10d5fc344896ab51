import CMaxAI
import MaxIR
import MaxRuntime

/// From a column as C describes it to what the runtime reads, with every number in it checked.
enum ColumnCheck {
    /// Where a column without values points; nothing is read there.
    nonisolated(unsafe) static let nothing = UnsafeRawPointer(UnsafeMutableRawPointer.allocate(byteCount: 64, alignment: 64))
    /// Beyond any memory, and far from the end of an Int for any number of rows.
    private static let farthestStride = 1 << 36
    private static let farthestBit: Int64 = 1 << 48

    static func element(_ code: Int32) -> ElementType? {
        switch code {
        case 1: .f64
        case 2: .f32
        case 3: .f16
        case 4: .bf16
        case 5: .i64
        case 6: .i32
        case 7: .i16
        case 8: .i8
        case 9: .u64
        case 10: .u32
        case 11: .u16
        case 12: .u8
        case 13: .bool
        case 14: .string
        case 15: .timestamp
        default: nil
        }
    }

    static func stride(_ stride: Int, default width: Int) throws(MaxError) -> Int {
        if stride == 0 { return width }
        guard stride > -farthestStride, stride < farthestStride else {
            throw MaxError(.usage, "a stride of \(stride) bytes, expected less than \(farthestStride)")
        }
        return stride
    }

    static func view(_ column: maxai_column, rows: Int) throws(MaxError) -> ColumnView {
        guard let element = element(column.type) else {
            throw MaxError(.usage, "type \(column.type), expected MAXAI_F64 (1) to MAXAI_TIMESTAMP (15)")
        }
        guard column.values != nil || rows == 0 || element == .string else { throw MaxError(.usage, "values is NULL") }
        guard column.flags & ~3 == 0 else {
            throw MaxError(.usage, "flags \(column.flags), expected MAXAI_WIDE_OFFSETS and MAXAI_BITMAP only")
        }
        guard (0..<farthestBit).contains(column.validity_offset), (0..<farthestBit).contains(column.bit_offset) else {
            throw MaxError(.usage, "bit offsets \(column.validity_offset), \(column.bit_offset), expected 0 to \(farthestBit - 1)")
        }
        let isBitmap = column.flags & Int32(MAXAI_BITMAP) != 0
        guard !isBitmap || element == .bool else { throw MaxError(.usage, "MAXAI_BITMAP with \(element), expected MAXAI_BOOL") }
        var view = ColumnView(
            element, column.values ?? nothing, strideBytes: try stride(column.stride, default: element.byteCount ?? 0),
            validity: column.validity, validityOffset: Int(column.validity_offset), isBitmap: isBitmap, bitOffset: Int(column.bit_offset))
        if element == .string, rows > 0 {
            view.offsets = try offsets(column, rows: rows)
        }
        return view
    }

    private static func offsets(_ column: maxai_column, rows: Int) throws(MaxError) -> ColumnView.Offsets {
        guard let start = column.offsets else { throw MaxError(.usage, "offsets is NULL") }
        let isWide = column.flags & Int32(MAXAI_WIDE_OFFSETS) != 0
        guard UInt(bitPattern: start) % (isWide ? 8 : 4) == 0 else { throw MaxError(.usage, "offsets is not aligned to its elements") }
        let last: Int
        if isWide {
            last = try ascending(start.assumingMemoryBound(to: Int64.self), rows)
        } else {
            last = try ascending(start.assumingMemoryBound(to: Int32.self), rows)
        }
        guard last == 0 || column.values != nil else { throw MaxError(.usage, "values is NULL") }
        return isWide ? .wide(start.assumingMemoryBound(to: Int64.self)) : .narrow(start.assumingMemoryBound(to: Int32.self))
    }

    private static func ascending<Offset: FixedWidthInteger>(_ offsets: UnsafePointer<Offset>, _ rows: Int) throws(MaxError) -> Int {
        var last: Offset = 0
        for row in 0...rows {
            guard offsets[row] >= last else {
                throw MaxError(.usage, "offset \(row) is \(offsets[row]), expected at least \(last)")
            }
            last = offsets[row]
        }
        return Int(last)
    }
}
