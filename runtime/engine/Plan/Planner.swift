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
    let packed: PackedArrays?
    let constants = ConstantMemory()
    private var slots: [Int: Slot] = [:]
    private var folded: [Int: Tensor] = [:]
    private var steps: [any Step] = []
    private let arena = ArenaLayout()
    /// Slots of texts that stand in `constants`.
    private var constantTexts: Set<Int> = []

    static func plan(_ graph: Graph, _ schema: Schema, _ packed: PackedArrays?) throws -> Program {
        var planner = Planner(graph: graph, packed: packed)
        return try planner.build(schema)
    }

    private init(graph: Graph, packed: PackedArrays?) {
        self.graph = graph
        self.packed = packed
    }

    private mutating func build(_ schema: Schema) throws -> Program {
        var inputs: [Program.Input] = []
        for (index, port) in schema.inputs.enumerated() {
            switch port.element {
            case .f32, .f64, .i64, .bool, .string, .timestamp: break
            default: throw NotPlanned("input \(port.name.quoted) of type \(port.element)")
            }
            guard let type = graph.inputs[index].type.tensor, type.shape?.first == .rows else {
                throw NotPlanned("input \(port.name.quoted) with rows of another name than N")
            }
            let slot = try arena.reserve(port.element, port.width)
            slots[index] = slot
            inputs.append(
                Program.Input(
                    slot: slot, firstColumn: port.firstColumn,
                    digits: port.element == .string ? try arena.reserve(.u8, 24 * port.width) : nil))
        }
        for node in graph.nodes { try plan(node) }
        let outputs = try graph.outputs.map { output -> Program.Output in
            guard let slot = slots[output.value.index] else { throw NotPlanned("output \(output.name.quoted) that is constant") }
            return Program.Output(slot: slot, isConstantText: constantTexts.contains(slot.offset))
        }
        let defaults = schema.columns.map { column -> StringView? in
            if case .value(.string(let text))? = column.missing { constants.copy(text) } else { nil }
        }
        return Program(
            inputs: inputs, steps: steps, outputs: outputs, bytesPerRow: arena.bytesPerRow, defaults: defaults,
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
        let operands = try node.operands.map { id -> PlannedOperand in
            guard let id else { return .absent }
            if let tensor = folded[id.index] { return .constant(tensor) }
            guard let slot = slots[id.index], let tail = try tail(of: id, node) else {
                throw NotPlanned("'\(node.op.name)' of a value that is not rows")
            }
            return .rows(slot, tail: tail)
        }
        var results: [PlannedResult] = []
        for id in node.results {
            guard let tail = try tail(of: id, node), let element = graph.type(of: id).tensor?.element else {
                throw NotPlanned("'\(node.op.name)' gives \(graph.type(of: id)), expected rows of fixed width")
            }
            let width = try elementCount(of: tail, limit: Limits.ports)
            guard width > 0 else { throw NotPlanned("'\(node.op.name)' gives rows without elements") }
            if Self.views.contains(node.op.name), case .rows(let slot, _)? = operands.first, slot.width == width, slot.element == element {
                slots[id.index] = slot
                return
            }
            if node.op.name == "concat", let slot = try joined(operands, node, rank: tail.count + 1) {
                slots[id.index] = slot
                return
            }
            results.append(PlannedResult(slot: try arena.reserve(element, width), tail: tail))
        }
        for (id, result) in zip(node.results, results) { slots[id.index] = result.slot }
        var request = KernelRequest(
            node: node, operands: operands, results: results, constants: constants, arena: arena, packed: packed)
        if let step = try KernelTable.step(&request) {
            steps += request.preparations + [step]
            if step.givesConstantText { for result in results { constantTexts.insert(result.slot.offset) } }
        } else if try RowLocality.holds(request) {
            steps.append(ReferenceStep(node: node, operands: operands, results: results))
        } else {
            let types = node.operands.compactMap { $0.map { "\(graph.type(of: $0))" } }.joined(separator: ", ")
            throw NotPlanned("'\(node.op.name)' of \(types), which may mix rows")
        }
    }

    /// The columns of operands that stand side by side in the arena already.
    private func joined(_ operands: [PlannedOperand], _ node: Node, rank: Int) throws -> Slot? {
        let axis = try Evaluation(op: node.op, attributes: node.attributes, operands: [], resultCount: 1).int("axis")
        guard rank >= 2, axis == 1 || (rank == 2 && axis == -1), var out = operands.first?.slot, out.element != .string else { return nil }
        for operand in operands.dropFirst() {
            guard let slot = operand.slot, slot.element == out.element, slot.offset == out.offset + out.width * out.byteCount else {
                return nil
            }
            out.width += slot.width
        }
        return out
    }

    /// The extents after the rows; nil for what is not rows, or has an extent that is not known.
    private func tail(of id: ValueID, _ node: Node) throws -> [Int]? {
        guard let shape = graph.type(of: id).tensor?.shape, shape.first == .rows else { return nil }
        let tail = shape.dropFirst().map(\.fixed)
        return tail.contains(nil) ? nil : tail.compactMap { $0 }
    }

    /// Operators that give the elements of their first operand in the same order.
    private static let views: Set<String> = ["identity", "reshape", "flatten", "squeeze", "unsqueeze"]
}
