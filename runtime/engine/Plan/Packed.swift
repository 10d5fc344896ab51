import CMaxKernels
import MaxIR

/// Operators of packed graphs: what kernels hold, kept in a bundle beside the portable graph, so that loading a large
/// model packs nothing. They mean what the portable operator means that they were made of; a layout that changes gets a
/// new name, and whoever does not know a name uses the portable graph.
enum Packed {
    static let byteTrees = Operator(
        "packed_byte_trees_1", "`trees` as their kernels on bytes hold them.",
        operands: [.one("x", [.f32, .f64])],
        attributes: [
            .required("flags", .int), .required("sizes", .ints), .required("ranks", .tensor), .required("thresholds", .tensor),
            .required("firsts", .tensor), .required("bytes", .tensor), .required("places", .tensor), .required("heaps", .tensor),
            .required("nodes", .tensor), .required("leaves", .tensor), .required("base", .tensor),
        ],
        infer: { node throws(MaxError) in
            let sizes = try node.ints("sizes")
            guard sizes.count == 4, let outputs = Int(exactly: sizes[1]), (1...Limits.ports).contains(outputs) else {
                throw MaxError(.malformed, "sizes: found \(sizes), expected four numbers")
            }
            let x = try node.tensorType(0)
            guard let shape = x.shape, shape.count == 2, shape[1].fixed.map(Int64.init) == sizes[0] else {
                throw MaxError(.malformed, "operand is \(x), expected [N, \(sizes[0])]")
            }
            return [.tensor(TensorType(try node.tensor("base").elementType, [shape[0], .fixed(outputs)]))]
        },
        evaluate: { _ throws(MaxError) in throw MaxError(.unsupported, "packed trees run on kernels only") })

    static let named: [String: Operator] = Ops.named.merging([byteTrees.name: byteTrees]) { first, _ in first }

    /// Ensembles of fewer nodes are packed faster than they are read.
    private static let leastNodes = 1 << 12

    /// The graph with its large ensembles packed; nil when none is.
    static func graph(of graph: Graph) throws(MaxError) -> Graph? {
        var builder = GraphBuilder(name: graph.name)
        for input in graph.inputs { _ = try builder.input(input) }
        var isPacked = false
        for node in graph.nodes {
            if node.op == Ops.trees, let x = node.operands[0], let packed = try layout(node, graph.type(of: x)) {
                _ = try builder.node(byteTrees, node.operands, packed.attributes, label: node.label)
                isPacked = true
            } else {
                _ = try builder.node(node.op, node.operands, node.attributes, results: node.results.count, label: node.label)
            }
        }
        for output in graph.outputs { builder.output(output.name, output.value, labels: output.labels) }
        return isPacked ? try builder.finish() : nil
    }

    private static func layout(_ node: Node, _ x: ValueType) throws(MaxError) -> ByteTreesLayout? {
        guard let tensor = x.tensor, let width = tensor.shape?.last?.fixed, tensor.element == .f32 || tensor.element == .f64 else {
            return nil
        }
        let ensemble = try TreeEnsemble(
            Evaluation(op: node.op, attributes: node.attributes, operands: [], resultCount: 1), columns: width)
        guard ensemble.nodeCount >= leastNodes, let trees = ByteTrees(ensemble, columns: width, xIsF64: tensor.element == .f64) else {
            return nil
        }
        guard trees.columns.categories.isEmpty, trees.columns.single.isEmpty else { return nil }
        return trees.layout(ensemble, columns: width, xIsF64: tensor.element == .f64)
    }
}

extension ByteTreesLayout {
    var attributes: [String: Attribute] {
        let bytes = shape + nodeCount + innerCount + levels
        return [
            "flags": .int((xIsF64 ? 1 : 0) | (comparesF64 ? 2 : 0) | (isAverage ? 4 : 0)),
            "sizes": .ints([columns, outputCount, leafStride, width].map { Int64($0) }), "ranks": .tensor(Tensor(ranks)),
            "thresholds": Self.tensor(thresholds), "firsts": Self.tensor(firsts), "bytes": .tensor(Tensor(bytes)),
            "places": .tensor(Tensor(starts + leafStarts + leafCounts + treeOutput)), "heaps": .tensor(Tensor(heapOffset + heapLimit)),
            "nodes": .tensor(Tensor(nodes)), "leaves": Self.tensor(leaves), "base": Self.tensor(base),
        ]
    }

    private static func tensor(_ storage: TensorStorage) -> Attribute { .tensor(Tensor(unchecked: storage, shape: [storage.count])) }

    /// - Throws: `.malformed` when an array has the wrong type or length, or leads out of bounds (`check`).
    init(_ node: some OperatorNode) throws(MaxError) {
        func list<E: TensorElement>(_ name: String, _: E.Type = E.self) throws(MaxError) -> [E] {
            guard let values = try node.tensor(name).values(as: E.self) else {
                throw MaxError(.malformed, "\(name): found \(try node.tensor(name).type), expected \(E.elementType)")
            }
            return values
        }
        let flags = try node.int("flags")
        (xIsF64, comparesF64, isAverage) = (flags & 1 != 0, flags & 2 != 0, flags & 4 != 0)
        let sizes = try node.ints("sizes").map { Int(clamping: $0) }
        guard sizes.count == 4, flags & ~7 == 0 else { throw MaxError(.malformed, "packed trees: flags \(flags), sizes \(sizes)") }
        (columns, outputCount, leafStride, width) = (sizes[0], sizes[1], sizes[2], sizes[3])
        ranks = try list("ranks")
        thresholds = try node.tensor("thresholds").storage
        firsts = try node.tensor("firsts").storage
        leaves = try node.tensor("leaves").storage
        base = try node.tensor("base").storage
        let (bytes, places, heaps) = (try list("bytes", UInt8.self), try list("places", Int32.self), try list("heaps", UInt32.self))
        let trees = bytes.count / 4
        guard bytes.count % 4 == 0, places.count == bytes.count, heaps.count % 2 == 0 else {
            throw MaxError(.malformed, "packed trees: bytes, places and heaps do not fit")
        }
        (shape, nodeCount) = (Array(bytes[..<trees]), Array(bytes[trees..<2 * trees]))
        (innerCount, levels) = (Array(bytes[(2 * trees)..<(3 * trees)]), Array(bytes[(3 * trees)...]))
        (starts, leafStarts) = (Array(places[..<trees]), Array(places[trees..<2 * trees]))
        (leafCounts, treeOutput) = (Array(places[(2 * trees)..<(3 * trees)]), Array(places[(3 * trees)...]))
        (heapOffset, heapLimit) = (Array(heaps[..<(heaps.count / 2)]), Array(heaps[(heaps.count / 2)...]))
        nodes = try list("nodes")
        guard nodes.count % PackedNode.byteCount == 0 else { throw MaxError(.malformed, "packed trees: nodes of \(nodes.count) bytes") }
        try check()
    }
}

extension KernelRequest {
    /// A packed ensemble, whose arrays came from a file.
    func packedByteTrees() throws -> (any Step)? {
        guard let x = operands.first?.slot else { return nil }
        let layout = try ByteTreesLayout(evaluation)
        guard layout.columns == x.width, layout.xIsF64 == (x.element == .f64), layout.outputCount == out.width,
            layout.leaves.elementType == out.element
        else { throw MaxError(.malformed, "packed trees: made for other columns or outputs") }
        return try byteStep(layout.pack(constants), width: layout.width, x, out, KernelChoice.current, blockRows: layout.blockRows)
    }
}
