import MaxCompiler
import MaxIR
import Testing

/// A small tree as a test writes it.
indirect enum TreeSketch {
    case leaf(Double, id: Int?, cover: Double?)
    case split(SourceNode.Split, TreeSketch, TreeSketch)

    /// The nodes, the root first.
    func nodes() -> [SourceNode] {
        var out: [SourceNode] = []
        _ = add(to: &out)
        return out
    }

    private func add(to out: inout [SourceNode]) -> Int {
        let position = out.count
        switch self {
        case .leaf(let value, let id, let cover): out.append(.leaf(.init([value], id: id, cover: cover)))
        case .split(var split, let yes, let no):
            out.append(.split(split))
            split.ifTrue = yes.add(to: &out)
            split.ifFalse = no.add(to: &out)
            out[position] = .split(split)
        }
        return position
    }
}

func leaf(_ value: Double, id: Int? = nil, cover: Double? = nil) -> TreeSketch { .leaf(value, id: id, cover: cover) }

func split(
    _ column: Int, _ comparison: TreeEnsemble.Comparison, _ threshold: Double, _ missing: TreeEnsemble.Missing,
    goesTrue: Bool = false, set: [UInt64]? = nil, cover: Double? = nil, _ yes: TreeSketch, _ no: TreeSketch
) -> TreeSketch {
    .split(
        SourceNode.Split(
            column: column, comparison: comparison, threshold: threshold, missing: missing, missingGoesTrue: goesTrue, set: set,
            ifTrue: 0, ifFalse: 0, cover: cover), yes, no)
}

/// NaN takes part in the comparison.
func split(
    _ column: Int, _ comparison: TreeEnsemble.Comparison, _ threshold: Double, set: [UInt64]? = nil, cover: Double? = nil,
    _ yes: TreeSketch, _ no: TreeSketch
) -> TreeSketch {
    split(column, comparison, threshold, .none, set: set, cover: cover, yes, no)
}

extension TreeEnsemble {
    init(_ trees: [TreeSketch], threshold: ElementType = .f32, setRule: SetRule = .nonNegative) throws {
        var builder = TreeEnsembleBuilder(outputs: 1)
        for tree in trees {
            let nodes = tree.nodes()
            try builder.addTree(count: nodes.count, output: 0) { nodes[$0] }
        }
        self = try builder.finish(threshold: threshold, base: threshold == .f64 ? .f64([0.5]) : .f32([0.5]), setRule: setRule)
    }

    /// The ensemble that `prune-trees` leaves in a graph.
    init(pruned graph: Graph) throws {
        let result = try RewriteDriver(rules: try #require(Pipeline.named(["prune-trees"]))).run(graph)
        #expect(result.patches <= 1, "pruning again changes again")
        let node = try #require(result.graph.nodes.first { $0.op == Ops.trees })
        try self.init(Evaluation(op: node.op, attributes: node.attributes, operands: [], resultCount: 1))
    }

    /// What `prune-trees` makes of these trees over a matrix of `columns` columns.
    func pruned(columns: Int = 4, x: ElementType = .f32) throws -> TreeEnsemble {
        var builder = GraphBuilder(name: "g")
        let matrix = try builder.input("x", TensorType(x, [.rows, .fixed(columns)]))
        builder.output("y", try builder.add(Ops.trees, [matrix], attributes))
        return try TreeEnsemble(pruned: try builder.finish())
    }
}
