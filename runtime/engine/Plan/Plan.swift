import MaxIR

/// How a model runs on this machine.
public struct Plan: Sendable {
    let program: Program?
    /// The kernels in order, or why the reference evaluator runs the graph.
    public let summary: String
    /// Whether calls run on kernels and allocate nothing.
    public var isPlanned: Bool { program != nil }
    /// Rows that the kernels want at a time: large ensembles want many, so that their nodes are read less often.
    public var blockRows: Int { program?.blockRows ?? 1 }
    /// Its ensembles in order, each with the kernel that really runs it, whichever was asked for.
    package var ensembles: [PlannedEnsemble] { program?.steps.compactMap(\.ensemble) ?? [] }

    init(_ graph: Graph, _ schema: Schema, packed: PackedArrays? = nil) {
        do {
            let program = try Planner.plan(graph, schema, packed)
            self.program = program
            summary = program.summary
        } catch let error as NotPlanned {
            program = nil
            summary = "reference evaluator: \(error.reason)"
        } catch {
            program = nil
            summary = "reference evaluator: \(error)"
        }
    }
}
