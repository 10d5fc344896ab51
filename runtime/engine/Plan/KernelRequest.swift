import Glibc
import MaxIR

/// A node whose kernel is sought.
struct KernelRequest {
    let node: Node
    let operands: [PlannedOperand]
    let out: Slot
    /// Rank of the result, rows included.
    let rank: Int
    let constants: ConstantMemory
    /// Bytes per row that the chosen step wants for itself.
    var scratchWidth = 0

    var evaluation: Evaluation {
        Evaluation(op: node.op, attributes: node.attributes, operands: [], resultCount: 1)
    }

    /// nil when no kernel does what the node asks.
    mutating func choose() throws -> (any Step)? {
        switch node.op.name {
        case "label_encoder": return try labelEncoder()
        case "trees": return try trees()
        case "concat": return try concat()
        case "gather", "array_feature_extractor": return try gather()
        case "cast": return cast()
        case "add": return arithmetic({ $0 + $1 }, { $0 + $1 })
        case "sub": return arithmetic({ $0 - $1 }, { $0 - $1 })
        case "mul": return arithmetic({ $0 * $1 }, { $0 * $1 })
        case "div": return arithmetic({ $0 / $1 }, { $0 / $1 })
        case "greater": return comparison({ $0 > $1 }, { $0 > $1 }, { $0 > $1 })
        case "greater_or_equal": return comparison({ $0 >= $1 }, { $0 >= $1 }, { $0 >= $1 })
        case "less": return comparison({ $0 < $1 }, { $0 < $1 }, { $0 < $1 })
        case "less_or_equal": return comparison({ $0 <= $1 }, { $0 <= $1 }, { $0 <= $1 })
        case "equal": return comparison({ $0 == $1 }, { $0 == $1 }, { $0 == $1 })
        case "not": return map(Bool.self, .bool) { !$0 }
        case "exp": return unary(expf, Glibc.exp)
        case "logistic":
            switch try evaluation.string("form").string {
            case "clamped": return unary({ 1 / (expf(88.7 < -$0 ? 88.7 : -$0) + 1) }, { 1 / (Glibc.exp(-$0) + 1) })
            default: return nil
            }
        case "softmax_wide":
            guard let x = operands.first?.slot, x.element == .f32, rank == 2 else { return nil }
            return SoftmaxWideStep(x: x, out: out)
        default: return nil
        }
    }

    private func concat() throws -> (any Step)? {
        guard rank >= 2, try evaluation.int("axis") == 1 || (rank == 2 && evaluation.int("axis") == -1) else { return nil }
        let parts = operands.compactMap(\.slot)
        guard parts.count == operands.count else { return nil }
        return ConcatStep(parts: parts, out: out)
    }

    private func gather() throws -> (any Step)? {
        guard operands.count == 2, case .rows(let x, 2) = operands[0], case .constant(let indices) = operands[1] else { return nil }
        if node.op.name == "gather" {
            let axis = try evaluation.int("axis")
            guard axis == 1 || axis == -1 else { return nil }
        }
        guard let positions = indices.values(as: Int64.self), positions.count == out.width else { return nil }
        var columns: [Int] = []
        for position in positions {
            let column = position < 0 && node.op.name == "gather" ? position + Int64(x.width) : position
            guard column >= 0, column < Int64(x.width) else { return nil }
            columns.append(Int(column))
        }
        return GatherStep(x: x, columns: columns, out: out)
    }

    private func cast() -> (any Step)? {
        guard let x = operands.first?.slot, x.width == out.width else { return nil }
        switch (x.element, out.element) {
        case (.bool, .i64): return map(Bool.self, .bool) { $0 ? Int64(1) : 0 }
        case (.bool, .f32): return map(Bool.self, .bool) { $0 ? Float(1) : 0 }
        case (.bool, .f64): return map(Bool.self, .bool) { $0 ? Double(1) : 0 }
        case (.i64, .f32): return map(Int64.self, .i64) { Float($0) }
        case (.i64, .f64): return map(Int64.self, .i64) { Double($0) }
        case (.f32, .f64): return map(Float.self, .f32) { Double($0) }
        case (.f64, .f32): return map(Double.self, .f64) { Float($0) }
        default: return nil
        }
    }

    private func unary(_ f32: @escaping @Sendable (Float) -> Float, _ f64: @escaping @Sendable (Double) -> Double) -> (any Step)? {
        map(Float.self, .f32, f32) ?? map(Double.self, .f64, f64)
    }

    private func map<A, R>(_: A.Type, _ element: ElementType, _ body: @escaping @Sendable (A) -> R) -> (any Step)? {
        guard let x = operands.first?.slot, x.element == element, x.width == out.width else { return nil }
        return MapStep(kernel: node.op.name, x: x, out: out, body: body)
    }

    private func arithmetic(
        _ f32: @escaping @Sendable (Float, Float) -> Float, _ f64: @escaping @Sendable (Double, Double) -> Double
    ) -> (any Step)? { zip(.f32, f32) ?? zip(.f64, f64) }

    private func comparison(
        _ f32: @escaping @Sendable (Float, Float) -> Bool, _ f64: @escaping @Sendable (Double, Double) -> Bool,
        _ i64: @escaping @Sendable (Int64, Int64) -> Bool
    ) -> (any Step)? { zip(.f32, f32) ?? zip(.f64, f64) ?? zip(.i64, i64) }

    private func zip<A: TensorElement & BitwiseCopyable, R>(_ element: ElementType, _ body: @escaping @Sendable (A, A) -> R) -> (any Step)?
    {
        guard operands.count == 2, let a: ZipOperand<A> = broadcast(operands[0], element),
            let b: ZipOperand<A> = broadcast(operands[1], element)
        else { return nil }
        return ZipStep(kernel: node.op.name, a: a, b: b, out: out, body: body)
    }

    /// An operand that every row of the result reads alike: as wide as it, or one element for all columns.
    private func broadcast<A: TensorElement & BitwiseCopyable>(_ operand: PlannedOperand, _ element: ElementType) -> ZipOperand<A>? {
        switch operand {
        case .rows(let slot, let rank):
            guard slot.element == element, rank == self.rank, slot.width == out.width || slot.width == 1 else { return nil }
            return ZipOperand(slot: slot, constant: nil, isSingle: slot.width == 1)
        case .constant(let tensor):
            guard tensor.elementType == element, let values = tensor.values(as: A.self),
                tensor.rank < rank || (tensor.rank == rank && tensor.shape.first == 1),
                values.count == 1 || values.count == out.width
            else { return nil }
            return ZipOperand(slot: nil, constant: UnsafePointer(constants.copy(values)), isSingle: values.count == 1)
        case .absent: return nil
        }
    }
}
