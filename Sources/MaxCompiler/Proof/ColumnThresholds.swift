import MaxIR

/// The thresholds that trees compare each input column with, where the column reaches them unchanged.
struct ColumnThresholds {
    /// A column of an input; column 0 of one that is no matrix.
    struct Place: Hashable {
        let input: Int
        let column: Int
    }

    /// By place: each threshold once, in the order of the nodes.
    private(set) var values: [Place: [Double]] = [:]

    /// Columns of one matrix that are followed.
    static let widthLimit = 1 << 14

    init(of graphs: [Graph]) {
        guard let first = graphs.first else { return }
        for graph in graphs {
            // Another graph may have dropped inputs: they are matched by name.
            let positions = graph.inputs.map { input in first.inputs.firstIndex { $0.name == input.name } }
            add(graph, positions)
        }
        values = values.mapValues { list in
            var seen = Set<UInt64>()
            return list.filter { !$0.isNaN && seen.insert($0.bitPattern).inserted }
        }
    }

    private mutating func add(_ graph: Graph, _ positions: [Int?]) {
        let view = GraphView(graph)
        var known: [ValueID: [Place?]] = [:]
        for (index, input) in graph.inputs.enumerated() {
            guard let position = positions[index], let shape = input.type.tensor?.shape, shape.count <= 2,
                let width = shape.count == 2 ? shape[1].fixed : 1, width <= Self.widthLimit
            else { continue }
            known[ValueID(index)] = (0..<width).map { Place(input: position, column: $0) }
        }
        for node in graph.nodes {
            if node.op == Ops.trees {
                guard let x = node.operands[0], let places = known[x], let trees = try? TreeEnsemble(attributesOf: node) else {
                    continue
                }
                for index in 0..<trees.nodeCount {
                    guard let place = places[Int(trees.column[index])] else { continue }
                    values[place, default: []].append(trees.limit(index))
                }
            } else if let places = Self.places(node, known, view) {
                known[node.results[0]] = places
            }
        }
    }

    /// Where the columns of a node's result come from.
    private static func places(_ node: Node, _ known: [ValueID: [Place?]], _ view: GraphView) -> [Place?]? {
        guard let shape = view.tensorType(of: node.results[0])?.shape else { return nil }
        switch node.op {
        case Ops.identity, Ops.cast, Ops.imputer: return node.operands[0].flatMap { known[$0] }
        case Ops.reshape, Ops.unsqueeze, Ops.squeeze, Ops.flatten:
            // `[N]` as `[N, 1]` and back, or no change.
            guard let x = node.operands[0], let places = known[x], shape.count <= 2 else { return nil }
            return (shape.count == 2 ? shape[1].fixed : 1) == places.count ? places : nil
        case Ops.concat:
            guard shape.count == 2, node.axis(rank: 2) == 1, let width = shape[1].fixed, width <= widthLimit else { return nil }
            var out: [Place?] = []
            for operand in node.operands {
                guard let operand, let extent = view.tensorType(of: operand)?.shape?.last?.fixed else { return nil }
                out += known[operand] ?? Array(repeating: nil, count: extent)
            }
            return out.count == width ? out : nil
        default: return nil
        }
    }
}
