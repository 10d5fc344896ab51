import Glibc
import MaxIR

/// One function of one element.
struct MapStep<A, R>: Step {
    let kernel: String
    let x: Slot
    let out: Slot
    let body: @Sendable (A) -> R

    func run(_ frame: Frame) {
        for column in 0..<out.width {
            let from = frame.pointer(x, column: column, as: A.self)
            let to = frame.pointer(out, column: column, as: R.self)
            for row in 0..<frame.rows { to[row] = body(from[row]) }
        }
    }
}

/// Rows or a constant, read by column.
struct ZipOperand<A>: @unchecked Sendable {
    let slot: Slot?
    let constant: UnsafePointer<A>?
    let isSingle: Bool

    /// The first element of a column and the step from row to row.
    @inline(__always) func column(_ column: Int, _ frame: Frame) -> (UnsafePointer<A>, Int)? {
        if let slot { return (UnsafePointer(frame.pointer(slot, column: isSingle ? 0 : column, as: A.self)), 1) }
        guard let constant else { return nil }
        return (constant + (isSingle ? 0 : column), 0)
    }
}

/// One function of two elements.
struct ZipStep<A, R>: Step {
    let kernel: String
    let a: ZipOperand<A>
    let b: ZipOperand<A>
    let out: Slot
    let body: @Sendable (A, A) -> R

    func run(_ frame: Frame) {
        for column in 0..<out.width {
            guard let (x, dx) = a.column(column, frame), let (y, dy) = b.column(column, frame) else { return }
            let to = frame.pointer(out, column: column, as: R.self)
            for row in 0..<frame.rows { to[row] = body(x[row * dx], y[row * dy]) }
        }
    }
}

/// Columns of several values, side by side.
struct ConcatStep: Step {
    var kernel: String { "concat" }
    let parts: [Slot]
    let out: Slot

    func run(_ frame: Frame) {
        var column = 0
        for part in parts {
            for k in 0..<part.width {
                frame.raw(out, column: column).copyMemory(from: frame.raw(part, column: k), byteCount: frame.rows * part.byteCount)
                column += 1
            }
        }
    }
}

/// Some columns of a value.
struct GatherStep: Step {
    var kernel: String { "gather" }
    let x: Slot
    let columns: [Int]
    let out: Slot

    func run(_ frame: Frame) {
        for (k, column) in columns.enumerated() {
            frame.raw(out, column: k).copyMemory(from: frame.raw(x, column: column), byteCount: frame.rows * x.byteCount)
        }
    }
}

/// `Ops.softmaxWide` over the columns of a row.
struct SoftmaxWideStep: Step {
    var kernel: String { "softmax_wide" }
    let x: Slot
    let out: Slot

    func run(_ frame: Frame) {
        let from = frame.pointer(x, as: Float.self)
        let to = frame.pointer(out, as: Float.self)
        for row in 0..<frame.rows {
            var top = from[row]
            for k in 1..<max(x.width, 1) { top = fmaxf(from[k * frame.stride + row], top) }
            var total = 0.0
            for k in 0..<x.width {
                let power = expf(from[k * frame.stride + row] - top)
                to[k * frame.stride + row] = power
                total += Double(power)
            }
            let divisor = Float(total)
            for k in 0..<x.width { to[k * frame.stride + row] /= divisor }
        }
    }
}
