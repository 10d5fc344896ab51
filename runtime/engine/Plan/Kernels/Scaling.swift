import MaxIR

/// Numbers made comparable, column by column.
extension KernelTable {
    static let scaling: [String: Choice] = [
        "scaler": { try $0.scaler() }, "imputer": { try $0.imputer() }, "binarizer": { try $0.binarizer() },
    ]
}

extension KernelRequest {
    mutating func scaler() throws -> (any Step)? {
        let (offset, scale) = (floats(attribute: "offset"), floats(attribute: "scale"))
        guard let x = try floats(0), offset.count == 1 || offset.count == x.width, scale.count == offset.count else { return nil }
        func wide(_ a: [Float]) -> UnsafePointer<Float> { UnsafePointer(constants.copy((0..<x.width).map { a[a.count == 1 ? 0 : $0] })) }
        return ScalerStep(x: x, out: out, offset: wide(offset), scale: wide(scale))
    }

    func imputer() throws -> (any Step)? {
        guard let x = matrix(0) else { return nil }
        func step<E: BitwiseCopyable & Sendable>(_ values: [E], _ isReplaced: @escaping @Sendable (E) -> Bool) -> (any Step)? {
            guard values.count == 1 || values.count == x.width else { return nil }
            let wide = (0..<x.width).map { values[values.count == 1 ? 0 : $0] }
            return ImputerStep(x: x, out: out, values: UnsafePointer(constants.copy(wide)), isReplaced: isReplaced).specialized
        }
        switch x.element {
        case .f32:
            let key = Float(try evaluation.float("replaced_value_float"))
            let values = floats(attribute: "imputed_value_floats")
            return key.isNaN ? step(values) { $0.isNaN } : step(values) { $0 == key }
        case .f64:
            let key = try evaluation.float("replaced_value_float")
            let values = try evaluation.floats("imputed_value_floats")
            return key.isNaN ? step(values) { $0.isNaN } : step(values) { $0 == key }
        case .i64:
            let key = try evaluation.int("replaced_value_int64")
            return step(try evaluation.ints("imputed_value_int64s")) { $0 == key }
        default: return nil
        }
    }

    func binarizer() throws -> (any Step)? {
        let threshold = try evaluation.float("threshold")
        return map(Float.self, .f32) { Double($0) > threshold ? 1 as Float : 0 }
            ?? map(Double.self, .f64) { $0 > threshold ? 1 as Double : 0 }
            ?? map(Int64.self, .i64) { Double($0) > threshold ? 1 as Int64 : 0 }
    }
}

/// (x - offset) · scale.
struct ScalerStep: Step, @unchecked Sendable {
    var kernel: String { "scaler" }
    let x: Slot
    let out: Slot
    let offset: UnsafePointer<Float>
    let scale: UnsafePointer<Float>

    func run(_ frame: Frame) {
        for column in 0..<x.width {
            let from = frame.pointer(x, column: column, as: Float.self)
            let to = frame.pointer(out, column: column, as: Float.self)
            let (a, b) = (offset[column], scale[column])
            for row in 0..<frame.rows { to[row] = (from[row] - a) * b }
        }
    }
}

/// Replaced elements become their column's value.
struct ImputerStep<E>: Step, @unchecked Sendable {
    var kernel: String { "imputer" }
    let x: Slot
    let out: Slot
    let values: UnsafePointer<E>
    let isReplaced: @Sendable (E) -> Bool

    func run(_ frame: Frame) {
        for column in 0..<x.width {
            let from = frame.pointer(x, column: column, as: E.self)
            let to = frame.pointer(out, column: column, as: E.self)
            let value = values[column]
            for row in 0..<frame.rows { to[row] = isReplaced(from[row]) ? value : from[row] }
        }
    }
}
