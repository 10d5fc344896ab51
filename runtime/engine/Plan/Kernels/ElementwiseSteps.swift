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

/// One of two elements.
struct SelectStep<E>: Step {
    var kernel: String { "where" }
    let condition: ZipOperand<Bool>
    let a: ZipOperand<E>
    let b: ZipOperand<E>
    let out: Slot

    func run(_ frame: Frame) {
        for column in 0..<out.width {
            guard let (c, dc) = condition.column(column, frame), let (x, dx) = a.column(column, frame),
                let (y, dy) = b.column(column, frame)
            else { return }
            let to = frame.pointer(out, column: column, as: E.self)
            for row in 0..<frame.rows { to[row] = c[row * dc] ? x[row * dx] : y[row * dy] }
        }
    }
}
