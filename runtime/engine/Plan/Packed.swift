import CMaxKernels
import MaxIR

/// A packed graph: what kernels hold, kept in a bundle beside the portable graph, so that loading a large model packs
/// nothing. Its operators mean what the portable operator means that they were made of, and name their arrays by position;
/// a layout that changes gets a new name, and whoever does not know a name uses the portable graph.
struct Packed {
    static let byteTrees = Operator(
        "packed_byte_trees_2", "`trees` as their kernels on bytes hold them.",
        operands: [.one("x", [.f32, .f64])],
        attributes: [.required("flags", .int), .required("sizes", .ints), .required("arrays", .int)],
        infer: { node throws(MaxError) in
            let sizes = try node.ints("sizes")
            guard sizes.count == 4, let outputs = Int(exactly: sizes[1]), (1...Limits.ports).contains(outputs) else {
                throw MaxError(.malformed, "sizes: found \(sizes), expected four numbers")
            }
            let x = try node.tensorType(0)
            guard let shape = x.shape, shape.count == 2, shape[1].fixed.map(Int64.init) == sizes[0] else {
                throw MaxError(.malformed, "operand is \(x), expected [N, \(sizes[0])]")
            }
            let isF64 = try node.int("flags") & ByteTreesLayout.leavesFlag != 0
            return [.tensor(TensorType(isF64 ? .f64 : .f32, [shape[0], .fixed(outputs)]))]
        },
        evaluate: { _ throws(MaxError) in throw MaxError(.unsupported, "packed trees run on kernels only") })

    static func named(_ name: String) -> Operator? { name == byteTrees.name ? byteTrees : Ops.named[name] }

    /// Ensembles of fewer nodes are packed faster than they are read.
    private static let leastNodes = 1 << 12

    let graph: Graph
    /// In the order in which operators name them.
    let arrays: [Tensor]

    /// `graph` with its large ensembles packed; nil when none is.
    init?(_ graph: Graph) throws(MaxError) {
        var builder = GraphBuilder(name: graph.name)
        for input in graph.inputs { _ = try builder.input(input) }
        var arrays: [Tensor] = []
        for node in graph.nodes {
            // Holds the layout's arrays until they are tensors.
            let memory = ConstantMemory()
            if node.op == Ops.trees, let x = node.operands[0], let packed = try Self.layout(node, graph.type(of: x), memory) {
                _ = try builder.node(Self.byteTrees, node.operands, packed.attributes(arrays: arrays.count), label: node.label)
                arrays += packed.arrays
            } else {
                _ = try builder.node(node.op, node.operands, node.attributes, results: node.results.count, label: node.label)
            }
            withExtendedLifetime(memory) {}
        }
        for output in graph.outputs { builder.output(output.name, output.value, labels: output.labels) }
        guard !arrays.isEmpty else { return nil }
        self.graph = try builder.finish()
        self.arrays = arrays
    }

    private static func layout(_ node: Node, _ x: ValueType, _ memory: ConstantMemory) throws(MaxError) -> ByteTreesLayout? {
        guard let tensor = x.tensor, let width = tensor.shape?.last?.fixed, tensor.element == .f32 || tensor.element == .f64 else {
            return nil
        }
        let ensemble = try TreeEnsemble(
            Evaluation(op: node.op, attributes: node.attributes, operands: [], resultCount: 1), columns: width)
        guard ensemble.nodeCount >= leastNodes, let trees = ByteTrees(ensemble, columns: width, xIsF64: tensor.element == .f64) else {
            return nil
        }
        guard trees.columns.categories.isEmpty, trees.columns.single.isEmpty else { return nil }
        return trees.layout(ensemble, columns: width, xIsF64: tensor.element == .f64, memory)
    }
}

/// The arrays of a packed graph where a bundle was read to: kernels point into them.
struct PackedArrays {
    let arrays: [TensorView]
    /// Holds the memory.
    let owner: SectionStore

    /// Arrays from position `first` on, taken one after the other.
    struct Cursor {
        let arrays: [TensorView]
        var next: Int

        /// - Throws: `.malformed` when there is no such array, or one of another type.
        mutating func take(_ type: ElementType) throws(MaxError) -> UnsafeRawBufferPointer {
            guard arrays.indices.contains(next), arrays[next].element == type else {
                let found = arrays.indices.contains(next) ? "\(arrays[next].element)" : "none"
                throw MaxError(.malformed, "packed arrays: array \(next) is \(found), expected \(type)")
            }
            defer { next += 1 }
            return arrays[next].bytes
        }

        mutating func take<E: TensorElement & BitwiseCopyable>(_: E.Type = E.self) throws(MaxError) -> UnsafeBufferPointer<E> {
            // Sections are page-aligned in memory, arrays 64-aligned in them.
            try take(E.elementType).assumingMemoryBound(to: E.self)
        }

        mutating func takeFloats(isF64: Bool) throws(MaxError) -> FloatArray {
            FloatArray(bytes: try take(isF64 ? .f64 : .f32), isF64: isF64)
        }
    }
}

extension ByteTreesLayout {
    private static let inputFlag: Int64 = 1
    private static let comparesFlag: Int64 = 2
    private static let averageFlag: Int64 = 4
    /// Leaves and sums are f64.
    static let leavesFlag: Int64 = 8

    func attributes(arrays first: Int) -> [String: Attribute] {
        let flags =
            (xIsF64 ? Self.inputFlag : 0) | (comparesF64 ? Self.comparesFlag : 0) | (isAverage ? Self.averageFlag : 0)
            | (leaves.isF64 ? Self.leavesFlag : 0)
        return [
            "flags": .int(flags), "sizes": .ints([columns, outputCount, leafStride, width].map { Int64($0) }), "arrays": .int(Int64(first)),
        ]
    }

    /// What a bundle keeps, in the order in which `init` takes them.
    var arrays: [Tensor] {
        let nodeBytes = UnsafeRawBufferPointer(nodes).map { $0 }
        return [
            Tensor(Array(ranks)), Self.tensor(thresholds), Self.tensor(firsts), Tensor(Array(shape)), Tensor(Array(nodeCount)),
            Tensor(Array(innerCount)), Tensor(Array(levels)), Tensor(Array(starts)), Tensor(Array(leafStarts)), Tensor(Array(leafCounts)),
            Tensor(Array(treeOutput)), Tensor(Array(heapOffset)), Tensor(Array(heapLimit)), Tensor(nodeBytes), Self.tensor(leaves),
            Self.tensor(base),
        ]
    }

    private static func tensor(_ array: FloatArray) -> Tensor {
        array.isF64
            ? Tensor((0..<array.count).map { array.value($0, as: Double.self) })
            : Tensor((0..<array.count).map { array.value($0, as: Float.self) })
    }

    /// - Throws: `.malformed` when an array has the wrong type or length, or leads out of bounds (`check`).
    init(_ node: some OperatorNode, _ packed: PackedArrays) throws(MaxError) {
        let flags = try node.int("flags")
        let sizes = try node.ints("sizes").map { Int(clamping: $0) }
        guard sizes.count == 4, flags & ~15 == 0 else { throw MaxError(.malformed, "packed trees: flags \(flags), sizes \(sizes)") }
        (xIsF64, comparesF64) = (flags & Self.inputFlag != 0, flags & Self.comparesFlag != 0)
        isAverage = flags & Self.averageFlag != 0
        (columns, outputCount, leafStride, width) = (sizes[0], sizes[1], sizes[2], sizes[3])
        var cursor = PackedArrays.Cursor(arrays: packed.arrays, next: Int(clamping: try node.int("arrays")))
        ranks = try cursor.take()
        thresholds = try cursor.takeFloats(isF64: comparesF64)
        firsts = try cursor.takeFloats(isF64: comparesF64)
        (shape, nodeCount) = (try cursor.take(), try cursor.take())
        (innerCount, levels) = (try cursor.take(), try cursor.take())
        (starts, leafStarts) = (try cursor.take(), try cursor.take())
        (leafCounts, treeOutput) = (try cursor.take(), try cursor.take())
        (heapOffset, heapLimit) = (try cursor.take(), try cursor.take())
        let bytes = try cursor.take(.u8)
        guard bytes.count % MemoryLayout<maxai_byte_node>.stride == 0 else {
            throw MaxError(.malformed, "packed trees: nodes of \(bytes.count) bytes")
        }
        nodes = bytes.assumingMemoryBound(to: maxai_byte_node.self)
        leaves = try cursor.takeFloats(isF64: flags & Self.leavesFlag != 0)
        base = try cursor.takeFloats(isF64: flags & Self.leavesFlag != 0)
        try check()
    }
}

extension KernelRequest {
    /// A packed ensemble, whose arrays came from a file.
    func packedByteTrees() throws -> (any Step)? {
        guard let x = operands.first?.slot, let packed else { return nil }
        let layout = try ByteTreesLayout(evaluation, packed)
        guard layout.columns == x.width, layout.xIsF64 == (x.element == .f64), layout.outputCount == out.width,
            layout.leaves.elementType == out.element
        else { throw MaxError(.malformed, "packed trees: made for other columns or outputs") }
        constants.hold(packed.owner)
        return try byteStep(layout.pack(constants), width: layout.width, x, out, KernelChoice.current, blockRows: layout.blockRows)
    }
}
