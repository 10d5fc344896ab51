import MaxIR

extension ModelDiff {
    /// Columns and outputs by name, then their order.
    static func schema(_ old: Graph, _ new: Graph) -> Part {
        var part = Part("schema")
        part.compareEach("column ", old.inputs.map { ($0.name, $0.said) }, new.inputs.map { ($0.name, $0.said) })
        part.compareEach("output ", outputs(old), outputs(new))
        for (what, before, after) in [
            ("order of columns", old.inputs.map(\.name), new.inputs.map(\.name)),
            ("order of outputs", old.outputs.map(\.name), new.outputs.map(\.name)),
        ] where before != after && Set(before) == Set(after) {
            part.compare(what, abridged(before), abridged(after))
        }
        return part
    }

    private static func outputs(_ graph: Graph) -> [(name: Text, says: String)] {
        graph.outputs.map { output in
            let labels = output.labels.isEmpty ? "" : ", labels \(abridged(output.labels))"
            return (output.name, "\(graph.type(of: output.value))\(labels)")
        }
    }

    /// At most eight of a list, and how many there are.
    static func abridged(_ texts: [Text]) -> String {
        let shown = texts.prefix(8).map(\.quoted).joined(separator: ", ")
        guard texts.count > 8 else { return shown }
        let all = SHA256Text.of(texts)
        return "\(shown), … (\(texts.count), sha256 \(all))"
    }
}

extension GraphInput {
    /// Type, missing policy and the columns of a matrix.
    fileprivate var said: String {
        let policy =
            switch missing {
            case nil: "never missing"
            case .error: "missing is refused"
            case .nan: "missing is NaN"
            case .value(let value): "missing is \(value.abridged)"
            }
        return "\(type), \(policy)\(columns.isEmpty ? "" : ", of \(ModelDiff.abridged(columns))")"
    }
}
