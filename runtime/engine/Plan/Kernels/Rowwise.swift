import Glibc
import MaxIR

/// Operators that see all columns of a row at once: reductions, softmax, positions of extremes.
extension KernelTable {
    static let rowwise: [String: Choice] = [
        "softmax": { try $0.alongRow(Softmax.f32, Softmax.f64) },
        "softmax_wide": { try $0.alongRow(Softmax.wide, nil) },
        "reduce_sum": { $0.reduce({ sum($0) }, { sum($0) }) },
        "reduce_mean": { $0.reduce({ sum($0) / Float($0.count) }, { sum($0) / Double($0.count) }) },
        "reduce_sum_square": { $0.reduce({ squares($0) }, { squares($0) }) },
        "reduce_l2": { $0.reduce({ squares($0).squareRoot() }, { squares($0).squareRoot() }) },
        "reduce_l1": { $0.reduce({ magnitudes($0) }, { magnitudes($0) }) },
        "reduce_max": { $0.reduce({ largest($0) }, { largest($0) }) },
        "normalizer": { try $0.normalizer() },
        "arg_max": { try $0.extreme(isLargest: true) },
        "arg_min": { try $0.extreme(isLargest: false) },
    ]

    @inline(__always) static func sum<F: BinaryFloatingPoint>(_ row: UnsafeMutableBufferPointer<F>) -> F {
        var total: F = 0
        for x in row { total += x }
        return total
    }
    @inline(__always) static func squares<F: BinaryFloatingPoint>(_ row: UnsafeMutableBufferPointer<F>) -> F {
        var total: F = 0
        for x in row { total += x * x }
        return total
    }
    @inline(__always) static func magnitudes<F: BinaryFloatingPoint>(_ row: UnsafeMutableBufferPointer<F>) -> F {
        var total: F = 0
        for x in row { total += x.magnitude }
        return total
    }
    /// The first NaN if there is one.
    @inline(__always) static func largest<F: BinaryFloatingPoint>(_ row: UnsafeMutableBufferPointer<F>) -> F {
        var best = -F.infinity
        for x in row {
            if x.isNaN { return x }
            if x > best { best = x }
        }
        return best
    }
}

/// Softmax of one row, where it stands.
private enum Softmax {
    @Sendable static func f32(_ row: UnsafeMutableBufferPointer<Float>) {
        let top = KernelTable.largest(row)
        for i in row.indices { row[i] = expf(row[i] - top) }
        let total = KernelTable.sum(row)
        for i in row.indices { row[i] /= total }
    }
    @Sendable static func f64(_ row: UnsafeMutableBufferPointer<Double>) {
        let top = KernelTable.largest(row)
        for i in row.indices { row[i] = Glibc.exp(row[i] - top) }
        let total = KernelTable.sum(row)
        for i in row.indices { row[i] /= total }
    }
    /// `Ops.softmaxWide`.
    @Sendable static func wide(_ row: UnsafeMutableBufferPointer<Float>) {
        var top = row[0]
        for x in row.dropFirst() { top = fmaxf(x, top) }
        var total = 0.0
        for i in row.indices {
            row[i] = expf(row[i] - top)
            total += Double(row[i])
        }
        let divisor = Float(total)
        for i in row.indices { row[i] /= divisor }
    }
}

extension KernelRequest {
    /// A function of the whole row in place, for matrices and the last axis.
    mutating func alongRow(
        _ f32: @escaping @Sendable (UnsafeMutableBufferPointer<Float>) -> Void,
        _ f64: (@Sendable (UnsafeMutableBufferPointer<Double>) -> Void)?
    ) throws -> (any Step)? {
        guard let x = matrix(0), x.width == out.width else { return nil }
        if node.op.attribute(named: "axis") != nil { guard try axis() == 1 else { return nil } }
        let scratch = try arena.reserve(x.element, x.width)
        switch x.element {
        case .f32: return RowStep(kernel: node.op.name, x: x, out: out, scratch: scratch, body: f32).specialized
        case .f64: return f64.map { RowStep(kernel: node.op.name, x: x, out: out, scratch: scratch, body: $0).specialized }
        default: return nil
        }
    }

    mutating func normalizer() throws -> (any Step)? {
        guard let x = try floats(0) else { return nil }
        let scratch = try arena.reserve(.f32, x.width)
        let norm = try evaluation.string("norm").string
        return RowStep<Float>(kernel: node.op.name, x: x, out: out, scratch: scratch) { row in
            switch norm {
            case "MAX":
                let top = row.reduce(-.greatestFiniteMagnitude, max)
                if top != 0 { for i in row.indices { row[i] /= top } }
            case "L1":
                let total = KernelTable.magnitudes(row)
                if total != 0 { for i in row.indices { row[i] /= total } }
            default:
                let total = KernelTable.squares(row)
                guard total != 0 else { return }
                for i in row.indices {
                    let y = (row[i] * row[i] / total).squareRoot()
                    row[i] = row[i] < 0 ? -y : y
                }
            }
        }.specialized
    }

    /// One number of each row of a matrix, reduced along axis 1.
    mutating func reduce(
        _ f32: @escaping @Sendable (UnsafeMutableBufferPointer<Float>) -> Float,
        _ f64: @escaping @Sendable (UnsafeMutableBufferPointer<Double>) -> Double
    ) -> (any Step)? {
        guard let x = matrix(0), let axes: (values: [Int64], shape: [Int]) = constant(1), axes.values == [1] || axes.values == [-1],
            out.width == 1, let scratch = try? arena.reserve(x.element, x.width)
        else { return nil }
        switch x.element {
        case .f32: return ReduceStep(kernel: node.op.name, x: x, out: out, scratch: scratch, body: f32).specialized
        case .f64: return ReduceStep(kernel: node.op.name, x: x, out: out, scratch: scratch, body: f64).specialized
        default: return nil
        }
    }

    /// The position of the first largest or smallest element of a row; a NaN is both.
    mutating func extreme(isLargest: Bool) throws -> (any Step)? {
        guard let x = matrix(0), try axis() == 1, try !evaluation.flag("select_last_index") else { return nil }
        func position<E: Comparable & BitwiseCopyable & SendableMetatype>(_: E.Type, _ isNaN: @escaping @Sendable (E) -> Bool) throws
            -> any Step
        {
            let scratch = try arena.reserve(x.element, x.width)
            return ReduceStep<E, Int64>(kernel: node.op.name, x: x, out: out, scratch: scratch) { row in
                var best = 0
                for i in row.indices.dropFirst() {
                    if isNaN(row[best]) { break }
                    if isNaN(row[i]) || (isLargest ? row[i] > row[best] : row[i] < row[best]) { best = i }
                }
                return Int64(best)
            }.specialized
        }
        switch x.element {
        case .f32: return try position(Float.self) { $0.isNaN }
        case .f64: return try position(Double.self) { $0.isNaN }
        case .i64: return try position(Int64.self) { _ in false }
        default: return nil
        }
    }
}

/// A row as it stands in memory row by row: gathered, changed, and put back.
struct RowStep<E>: Step {
    let kernel: String
    let x: Slot
    let out: Slot
    let scratch: Slot
    let body: @Sendable (UnsafeMutableBufferPointer<E>) -> Void

    func run(_ frame: Frame) {
        let row = UnsafeMutableBufferPointer<E>(start: frame.pointer(scratch), count: x.width)
        let from = frame.pointer(x, as: E.self)
        let to = frame.pointer(out, as: E.self)
        for index in 0..<frame.rows {
            for k in 0..<x.width { row[k] = from[k * frame.stride + index] }
            body(row)
            for k in 0..<x.width { to[k * frame.stride + index] = row[k] }
        }
    }
}

struct ReduceStep<E, R>: Step {
    let kernel: String
    let x: Slot
    let out: Slot
    let scratch: Slot
    let body: @Sendable (UnsafeMutableBufferPointer<E>) -> R

    func run(_ frame: Frame) {
        let row = UnsafeMutableBufferPointer<E>(start: frame.pointer(scratch), count: x.width)
        let from = frame.pointer(x, as: E.self)
        let to = frame.pointer(out, as: R.self)
        for index in 0..<frame.rows {
            for k in 0..<x.width { row[k] = from[k * frame.stride + index] }
            to[index] = body(row)
        }
    }
}
