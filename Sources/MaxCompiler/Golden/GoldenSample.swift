import MaxIR
import MaxRuntime

extension GoldenRows {
    /// Rows that show what a model does with what it meets: ordinary numbers, NaN, infinities, both zeros, huge and
    /// tiny, every text and integer that the model knows (the first few), an unknown one and an empty one. Rows that
    /// the model refuses are left out; the outputs are the reference evaluator's.
    ///
    /// - Parameter count: rows to try; the same graph and count always give the same rows.
    /// - Returns: nil when the model takes none of them.
    public static func sample(of graph: Graph, count: Int = 32) -> GoldenRows? {
        let known = KnownCategories(graph)
        var kept: [[Value]] = []
        for row in 0..<count {
            var arguments: [Value] = []
            for (position, input) in graph.inputs.enumerated() {
                guard let type = input.type.tensor, let shape = type.shape else { return nil }
                let tail = shape.dropFirst().map { $0.fixed ?? 1 }
                let width = tail.reduce(1, *)
                let cells = (0..<width).map { cell(row, position + $0, type.element, known) }
                guard let joined = cells.first?.appending(Array(cells.dropFirst())) else { return nil }
                arguments.append(.tensor(Tensor(unchecked: joined, shape: [1] + tail)))
            }
            if (try? graph.evaluate(arguments)) != nil { kept.append(arguments) }
        }
        guard !kept.isEmpty else { return nil }
        var inputs: [Tensor] = []
        for index in graph.inputs.indices {
            let parts = kept.compactMap { $0[index].tensor }
            guard let first = parts.first, let all = first.storage.appending(parts.dropFirst().map(\.storage)) else { return nil }
            inputs.append(Tensor(unchecked: all, shape: [kept.count] + first.shape.dropFirst()))
        }
        guard let outputs = try? graph.evaluate(inputs.map { .tensor($0) }) else { return nil }
        return GoldenRows(inputs: inputs, outputs: outputs.compactMap(\.tensor))
    }

    private static let floats: [Double] = [
        0, 1, -1, 0.5, 12, 100, .nan, -.infinity, .infinity, -0.0, 3.25, 1000, 1e30, -1e30, 1e-40, 7, 23, 59, 2, 1300, 60, 365, 5, 17,
    ]
    private static let integers: [Int64] = [0, 1, 2, -1, 3, 12, 100, 1 << 24 + 1, 59, 23, 7, 1 << 53 + 1]

    private static func cell(_ row: Int, _ position: Int, _ type: ElementType, _ known: KnownCategories) -> TensorStorage {
        // Different strides per column, so that not all columns are NaN in the same row.
        let pick = row * (2 * position + 1) + position * 5 + row / 7
        switch type {
        case .string:
            let texts = known.texts + ["", "unknown value", "é"]
            return .string([texts[pick % texts.count]])
        case .bool: return .bool([pick % 2 == 0])
        case _ where type.isFloat:
            let value = floats[pick % floats.count]
            return (try? Cast.convert(Tensor([value]), to: type).storage) ?? .f32([Float(value)])
        default:
            let values = known.integers + integers
            let value = values[pick % values.count]
            return (try? Cast.convert(Tensor([value]), to: type).storage) ?? .i64([value])
        }
    }
}

/// Texts and integers that stand in a graph's attributes as keys or categories, in order of appearance.
private struct KnownCategories {
    var texts: [Text] = []
    var integers: [Int64] = []

    init(_ graph: Graph) {
        for node in graph.nodes {
            for name in node.attributes.keys.sorted() {
                switch (name, node.attributes[name]) {
                case ("keys_strings", .strings(let list)), ("cats_strings", .strings(let list)): texts += list.prefix(4)
                case ("keys_int64s", .ints(let list)), ("cats_int64s", .ints(let list)): integers += list.prefix(4)
                default: break
                }
            }
        }
        texts = Array(texts.prefix(64))
        integers = Array(integers.prefix(64))
    }
}
