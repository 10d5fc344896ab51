extension Graph {
    /// The inputs that `value` is computed from, by position, ascending.
    public func sources(of value: ValueID) -> [Int] {
        var isNeeded = [Bool](repeating: false, count: types.count)
        guard isNeeded.indices.contains(value.index) else { return [] }
        isNeeded[value.index] = true
        // Results stand after operands: one pass from the end finds everything.
        for node in nodes.reversed() where node.results.contains(where: { isNeeded[$0.index] }) {
            for operand in node.operands { if let operand { isNeeded[operand.index] = true } }
        }
        return inputs.indices.filter { isNeeded[$0] }
    }
}
