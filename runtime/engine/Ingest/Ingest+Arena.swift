import CMaxKernels
import MaxIR

extension Ingest {
    /// Writes one column of floats into a slot of floats; false when it is anything else, and `fill` must do it.
    @inline(__always)
    static func fillPlain(_ frame: Frame, _ slot: Slot, _ k: Int, _ view: ColumnView, _ first: Int) -> Bool {
        guard view.validity == nil else { return false }
        let from = view.values + first * view.strideBytes
        let (to, step, rows) = (frame.raw(slot, column: k), view.strideBytes, frame.rows)
        switch (slot.element, view.element) {
        case (.f32, .f32): copy(from, step, to, rows) { (x: Float) in x }
        case (.f32, .f64): copy(from, step, to, rows) { (x: Double) in Float(x) }
        case (.f64, .f32): copy(from, step, to, rows) { (x: Float) in Double(x) }
        case (.f64, .f64): copy(from, step, to, rows) { (x: Double) in x }
        default: return false
        }
        return true
    }

    /// Writes an input of f32 or f64 from row `first` of a matrix on.
    @inline(__always)
    static func fill(_ frame: Frame, _ input: Program.Input, _ matrix: MatrixView, _ first: Int) {
        let from = matrix.start + first * matrix.rowStride
        switch (input.slot.element, matrix.element) {
        case (.f32, .f32):
            maxai_columns_f32(
                from + 4 * input.firstColumn, matrix.rowStride, frame.rows, input.slot.width, frame.pointer(input.slot), frame.stride)
        case (.f64, .f64):
            maxai_columns_f64(
                from + 8 * input.firstColumn, matrix.rowStride, frame.rows, input.slot.width, frame.pointer(input.slot), frame.stride)
        case (.f32, _): copy(from, matrix.rowStride, frame, input) { (x: Double) in Float(x) }
        default: copy(from, matrix.rowStride, frame, input) { (x: Float) in Double(x) }
        }
    }

    @inline(__always)
    private static func copy<From: BitwiseCopyable, To: BitwiseCopyable>(
        _ from: UnsafeRawPointer, _ step: Int, _ frame: Frame, _ input: Program.Input, _ convert: (From) -> To
    ) {
        var from = from + input.firstColumn * MemoryLayout<From>.stride
        var to = frame.raw(input.slot)
        for _ in 0..<input.slot.width {
            copy(from, step, to, frame.rows, convert)
            from += MemoryLayout<From>.stride
            to += frame.stride * MemoryLayout<To>.stride
        }
    }

    @inline(__always)
    private static func copy<From: BitwiseCopyable, To: BitwiseCopyable>(
        _ from: UnsafeRawPointer, _ step: Int, _ to: UnsafeMutableRawPointer, _ rows: Int, _ convert: (From) -> To
    ) {
        let to = to.assumingMemoryBound(to: To.self)
        guard rows > 1 else {
            if rows == 1 { to[0] = convert(from.loadUnaligned(as: From.self)) }
            return
        }
        // A loop of its own for packed values, which the compiler turns into vector moves.
        if step == MemoryLayout<From>.stride {
            for row in 0..<rows { to[row] = convert(from.loadUnaligned(fromByteOffset: row * MemoryLayout<From>.stride, as: From.self)) }
        } else {
            for row in 0..<rows { to[row] = convert(from.loadUnaligned(fromByteOffset: row * step, as: From.self)) }
        }
    }

    /// Writes one column of a block into the arena, with the rules and errors of `tensor`.
    ///
    /// - Parameter first: the row of `view` that becomes row 0 of the frame.
    static func fill(
        _ frame: Frame, _ input: Program.Input, _ k: Int, _ view: ColumnView, _ first: Int, _ column: Schema.Column,
        _ missing: StringView?
    ) throws(MaxError) {
        let rows = frame.rows
        switch input.slot.element {
        case .f32:
            let to = frame.pointer(input.slot, column: k, as: Float.self)
            for row in 0..<rows { to[row] = try single(view, first + row, column) }
        case .f64:
            let to = frame.pointer(input.slot, column: k, as: Double.self)
            for row in 0..<rows { to[row] = try double(view, first + row, column) }
        case .bool:
            let to = frame.pointer(input.slot, column: k, as: Bool.self)
            for row in 0..<rows { to[row] = try integer(view, first + row, column) != 0 }
        case .string:
            guard let digits = input.digits else { throw MaxError(.internal, "a string input without room for digits") }
            let to = frame.pointer(input.slot, column: k, as: StringView.self)
            let room = frame.pointer(digits, column: 24 * k, as: UInt8.self)
            for row in 0..<rows { to[row] = try view24(view, first + row, column, missing, room + 24 * row) }
        default:
            let to = frame.pointer(input.slot, column: k, as: Int64.self)
            for row in 0..<rows { to[row] = try integer(view, first + row, column) }
        }
    }

    /// One text, where it stands; an integer is written into `room`, which has 24 bytes.
    private static func view24(
        _ view: ColumnView, _ row: Int, _ column: Schema.Column, _ missing: StringView?, _ room: UnsafeMutablePointer<UInt8>
    ) throws(MaxError) -> StringView {
        guard view.isValid(row) else {
            guard let missing else { throw absent(column, row) }
            return missing
        }
        switch view.element {
        case .string:
            guard let offsets = view.offsets else { throw MaxError(.internal, "a string column without offsets") }
            let range = offsets.range(row)
            return StringView(start: view.values.assumingMemoryBound(to: UInt8.self) + range.lowerBound, count: range.count)
        case .f64, .f32, .f16, .bf16: throw mismatch(view, column)
        default:
            let value = try exactInteger(view, row, column)
            var rest = value.magnitude
            var start = 24
            repeat {
                start -= 1
                room[start] = UInt8(ascii: "0") + UInt8(rest % 10)
                rest /= 10
            } while rest > 0
            if value < 0 {
                start -= 1
                room[start] = UInt8(ascii: "-")
            }
            return StringView(start: UnsafePointer(room + start), count: 24 - start)
        }
    }
}
