import MaxIR

/// A node that has no kernel, on the reference evaluator, a block at a time. Allocates.
struct ReferenceStep: Step {
    let node: Node
    let operands: [PlannedOperand]
    let results: [PlannedResult]

    var kernel: String { "reference(\(node.op.name))" }

    func run(_ frame: Frame) throws(MaxError) {
        let values = operands.map { operand -> Value? in
            switch operand {
            case .rows(let slot, let tail): .tensor(frame.tensor(slot, tail))
            case .constant(let tensor): .tensor(tensor)
            case .absent: nil
            }
        }
        let made = try node.op.evaluate(
            Evaluation(op: node.op, attributes: node.attributes, operands: values, resultCount: results.count))
        for (result, value) in zip(results, made) {
            guard let tensor = value.tensor, tensor.count == frame.rows * result.slot.width,
                tensor.elementType == result.slot.element
            else { throw MaxError(.internal, "'\(node.op.name)' gives \(value.typeDescription), planned \(result.slot.element)") }
            frame.store(tensor, in: result.slot)
        }
    }
}

extension Frame {
    /// The rows of a slot as a tensor `[rows] + tail`.
    func tensor(_ slot: Slot, _ tail: [Int]) -> Tensor {
        let shape = [rows] + tail
        func gathered<E: BitwiseCopyable>(_: E.Type) -> [E] {
            (0..<rows).flatMap { row in (0..<slot.width).map { pointer(slot, column: $0, as: E.self)[row] } }
        }
        switch slot.element {
        case .f64: return Tensor(gathered(Double.self), shape: shape)
        case .f32: return Tensor(gathered(Float.self), shape: shape)
        case .f16: return Tensor(gathered(Float16.self), shape: shape)
        case .bf16: return Tensor(gathered(UInt16.self).map { BFloat16(bits: $0) }, shape: shape)
        case .i64: return Tensor(gathered(Int64.self), shape: shape)
        case .timestamp: return Tensor(unchecked: .timestamp(gathered(Int64.self)), shape: shape)
        case .i32: return Tensor(gathered(Int32.self), shape: shape)
        case .i16: return Tensor(gathered(Int16.self), shape: shape)
        case .i8: return Tensor(gathered(Int8.self), shape: shape)
        case .u64: return Tensor(gathered(UInt64.self), shape: shape)
        case .u32: return Tensor(gathered(UInt32.self), shape: shape)
        case .u16: return Tensor(gathered(UInt16.self), shape: shape)
        case .u8: return Tensor(gathered(UInt8.self), shape: shape)
        case .bool: return Tensor(gathered(Bool.self), shape: shape)
        case .string: return Tensor(gathered(StringView.self).map { Text(utf8: Array($0.bytes)) }, shape: shape)
        }
    }

    /// Writes the rows of a tensor of the slot's type and width.
    func store(_ tensor: Tensor, in slot: Slot) {
        func scatter<E: BitwiseCopyable>(_ values: [E]) {
            for column in 0..<slot.width {
                let to = pointer(slot, column: column, as: E.self)
                for row in 0..<rows { to[row] = values[row * slot.width + column] }
            }
        }
        switch tensor.storage {
        case .f64(let a): scatter(a)
        case .f32(let a): scatter(a)
        case .f16(let a): scatter(a)
        case .bf16(let a): scatter(a.map(\.bits))
        case .i64(let a), .timestamp(let a): scatter(a)
        case .i32(let a): scatter(a)
        case .i16(let a): scatter(a)
        case .i8(let a): scatter(a)
        case .u64(let a): scatter(a)
        case .u32(let a): scatter(a)
        case .u16(let a): scatter(a)
        case .u8(let a): scatter(a)
        case .bool(let a): scatter(a)
        case .string(let a): scatter(a.map { text in text.utf8.withUnsafeBufferPointer { texts.copy($0) } })
        }
    }
}
