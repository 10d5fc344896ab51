import MaxIR

/// A node whose kernel is sought.
struct KernelRequest {
    let node: Node
    let operands: [PlannedOperand]
    let results: [PlannedResult]
    let constants: ConstantMemory
    let arena: ArenaLayout
    /// Of a packed graph.
    let packed: PackedArrays?
    /// Steps that bring operands into the form that the kernel takes; they run before it.
    var preparations: [any Step] = []

    /// The first result, for most operators the only one.
    var out: Slot { results[0].slot }
    /// Rank of the first result, rows included.
    var rank: Int { results[0].tail.count + 1 }

    /// The node as operators read their attributes.
    var evaluation: Evaluation {
        Evaluation(op: node.op, attributes: node.attributes, operands: [], resultCount: results.count)
    }

    /// Operand `index` if it is rows `[N, F]`.
    func matrix(_ index: Int) -> Slot? {
        guard index < operands.count, case .rows(let slot, let tail) = operands[index], tail.count == 1 else { return nil }
        return slot
    }

    /// Operand `index` if it is a constant of this element type.
    func constant<E: TensorElement>(_ index: Int, as: E.Type = E.self) -> (values: [E], shape: [Int])? {
        guard index < operands.count, case .constant(let tensor) = operands[index], let values = tensor.values(as: E.self) else {
            return nil
        }
        return (values, tensor.shape)
    }

    /// The attribute `axis`, resolved against operand 0.
    func axis() throws -> Int? {
        guard case .rows(_, let tail)? = operands.first else { return nil }
        let axis = try evaluation.int("axis")
        let resolved = axis < 0 ? axis + Int64(tail.count + 1) : axis
        return (0...Int64(tail.count)).contains(resolved) ? Int(resolved) : nil
    }

    /// Operand `index` as f32 `[N, F]`, through a conversion where it is another number type.
    mutating func floats(_ index: Int) throws -> Slot? {
        guard let slot = matrix(index) else { return nil }
        guard slot.element != .f32 else { return slot }
        let out = try arena.reserve(.f32, slot.width)
        switch slot.element {
        case .f64: preparations.append(MapStep(kernel: "cast", x: slot, out: out) { (x: Double) in Float(x) })
        case .i64: preparations.append(MapStep(kernel: "cast", x: slot, out: out) { (x: Int64) in Float(x) })
        default: return nil
        }
        return out
    }

    /// Constants for kernels, in the model's memory.
    func floats(attribute name: String) -> [Float] { (evaluation.optionalFloats(name) ?? []).map { Float($0) } }
}

/// An operand as the planner knows it.
enum PlannedOperand {
    /// `[N] + tail`.
    case rows(Slot, tail: [Int])
    case constant(Tensor)
    case absent

    var slot: Slot? { if case .rows(let slot, _) = self { slot } else { nil } }
}

/// A result: `[N] + tail`.
struct PlannedResult {
    let slot: Slot
    let tail: [Int]
}
