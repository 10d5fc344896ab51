import MaxIR

/// Why a graph runs on the reference evaluator.
struct NotPlanned: Error {
    let reason: String
    init(_ reason: String) { self.reason = reason }
}

/// Chooses a kernel for every node of a graph.
///
/// A value is a constant, folded by the reference evaluator, or rows: its first extent is the number of rows `N`
/// and each row has a fixed number of elements.
struct Planner {
    let graph: Graph
    let constants = ConstantMemory()
    private var slots: [Int: Slot] = [:]
    private var folded: [Int: Tensor] = [:]
    private var steps: [any Step] = []
    private var bytesPerRow = 0

    static func plan(_ graph: Graph, _ schema: Schema) throws -> Program {
        var planner = Planner(graph: graph)
        return try planner.build(schema)
    }

    private init(graph: Graph) { self.graph = graph }

    private mutating func build(_ schema: Schema) throws -> Program {
        var inputs: [Program.Input] = []
        for (index, port) in schema.inputs.enumerated() {
            switch port.element {
            case .f32, .f64, .i64, .bool, .string: break
            default: throw NotPlanned("input \(port.name.quoted) of type \(port.element)")
            }
            guard let type = graph.inputs[index].type.tensor, type.shape?.first == .rows else {
                throw NotPlanned("input \(port.name.quoted) with rows of another name than N")
            }
            let slot = try reserve(port.element, port.width)
            slots[index] = slot
            inputs.append(Program.Input(slot: slot, digits: port.element == .string ? try reserve(.u8, 24 * port.width) : nil))
        }
        for node in graph.nodes { try plan(node) }
        let outputs = try graph.outputs.map { output -> Slot in
            guard let slot = slots[output.value.index], slot.element != .string else {
                throw NotPlanned("output \(output.name.quoted) that is constant or text")
            }
            return slot
        }
        let defaults = schema.columns.map { column -> StringView? in
            if case .value(.string(let text))? = column.missing { constants.copy(text) } else { nil }
        }
        return Program(
            inputs: inputs, steps: steps, outputs: outputs, bytesPerRow: bytesPerRow, defaults: defaults,
            constants: constants)
    }

    private mutating func plan(_ node: Node) throws {
        if node.operands.allSatisfy({ $0.map { folded[$0.index] != nil } ?? true }) {
            let values = try node.op.evaluate(
                Evaluation(
                    op: node.op, attributes: node.attributes,
                    operands: node.operands.map { $0.flatMap { folded[$0.index] }.map(Value.tensor) },
                    resultCount: node.results.count))
            for (id, value) in zip(node.results, values) {
                guard let tensor = value.tensor else { throw NotPlanned("'\(node.op.name)' gives no tensor") }
                folded[id.index] = tensor
            }
            return
        }
        guard node.results.count == 1, let result = node.results.first else {
            throw NotPlanned("no kernel for '\(node.op.name)' with \(node.results.count) results")
        }
        let operands = try node.operands.map { id -> PlannedOperand in
            guard let id else { return .absent }
            if let tensor = folded[id.index] { return .constant(tensor) }
            guard let slot = slots[id.index], let shape = graph.type(of: id).tensor?.shape else {
                throw NotPlanned("'\(node.op.name)' of a value that is not rows")
            }
            return .rows(slot, rank: shape.count)
        }
        guard let type = graph.type(of: result).tensor, let shape = type.shape, shape.first == .rows else {
            throw NotPlanned("'\(node.op.name)' gives \(graph.type(of: result)), expected rows")
        }
        var width = 1
        for extent in shape.dropFirst() {
            guard let fixed = extent.fixed else { throw NotPlanned("'\(node.op.name)' gives \(type), of unknown width") }
            width = try width.multiplied(by: fixed, "plan")
        }
        guard width > 0 else { throw NotPlanned("'\(node.op.name)' gives rows without elements") }
        if Self.views.contains(node.op.name), case .rows(let slot, _)? = operands.first, slot.width == width,
            slot.element == type.element
        {
            slots[result.index] = slot
            return
        }
        let out = try reserve(type.element, width)
        var request = KernelRequest(node: node, operands: operands, out: out, rank: shape.count, constants: constants)
        guard let step = try request.choose() else {
            throw NotPlanned(
                "no kernel for '\(node.op.name)' from \(node.operands.compactMap { $0.map { "\(graph.type(of: $0))" } }.joined(separator: ", ")) to \(type)"
            )
        }
        if request.scratchWidth > 0 {
            let scratch = try reserve(.u8, request.scratchWidth)
            steps.append(step.usingScratch(scratch))
        } else {
            steps.append(step)
        }
        slots[result.index] = out
    }

    /// Operators that give the elements of their first operand in the same order.
    private static let views: Set<String> = ["identity", "reshape", "flatten", "squeeze", "unsqueeze"]

    private mutating func reserve(_ element: ElementType, _ width: Int) throws -> Slot {
        let slot = Slot(offset: bytesPerRow, element: element, width: width)
        bytesPerRow = try bytesPerRow.adding(try width.multiplied(by: slot.byteCount, "plan"), "plan")
        guard bytesPerRow <= 1 << 22 else { throw NotPlanned("more than \(1 << 22) bytes of values per row") }
        return slot
    }
}

/// An operand as the planner knows it.
enum PlannedOperand {
    case rows(Slot, rank: Int)
    case constant(Tensor)
    case absent

    var slot: Slot? { if case .rows(let slot, _) = self { slot } else { nil } }
}

extension Step {
    func usingScratch(_ slot: Slot) -> any Step { (self as? any ScratchStep)?.withScratch(slot) ?? self }
}

/// A step that needs bytes of its own in the arena.
protocol ScratchStep: Step {
    func withScratch(_ slot: Slot) -> any Step
}
