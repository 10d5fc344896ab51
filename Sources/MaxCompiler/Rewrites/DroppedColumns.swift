import MaxIR

/// Removes inputs that no node and no output reads. The driver lists them in its result; callers may go on
/// supplying the column.
///
/// Does not fire for the last input that is left: it says how many rows there are. Nor for an input whose
/// missing policy is `error`: refusing rows is an effect of its own.
struct DroppedColumns: RewriteRule {
    let name = "dropped-columns"
    let equation = "graph(a, b) that reads only a = graph(a)"

    func droppedInputs(in graph: GraphView) -> [Int] {
        let inputs = graph.graph.inputs
        let unread = graph.graph.inputIDs.filter { graph.useCounts[$0] == 0 && inputs[$0].missing != .error }
        return unread.count == inputs.count ? Array(unread.dropFirst()) : unread
    }
}
