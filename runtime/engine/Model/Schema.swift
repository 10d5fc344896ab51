import MaxIR

/// What a model takes and gives, as its user sees it: named columns in, named columns out.
public struct Schema: Sendable, Hashable {
    /// The columns a row is made of, in the order of the graph's inputs; a matrix input gives one per column.
    public let columns: [Column]
    public let inputs: [InputPort]
    public let outputs: [OutputPort]

    /// One column of a row.
    public struct Column: Sendable, Hashable {
        public let name: Text
        public let element: ElementType
        /// nil when a value must always be there.
        public let missing: MissingPolicy?
        /// The graph input that this column feeds, and its position in it.
        public let input: Int
        public let position: Int
    }

    /// One input of the graph: `width` consecutive columns from `firstColumn` on.
    public struct InputPort: Sendable, Hashable {
        public let name: Text
        public let element: ElementType
        /// Extents after the rows; empty for a plain column `[N]`.
        public let tail: [Int]
        public let firstColumn: Int
        public let width: Int
    }

    /// One output: `width` elements per row.
    public struct OutputPort: Sendable, Hashable {
        public let name: Text
        public let element: ElementType
        /// Extents after the rows; empty for a plain column `[N]`.
        public let tail: [Int]
        public let width: Int
        /// The names of the columns, where the model says what they are.
        public let labels: [Text]
    }

    /// - Throws: `.unsupported` naming the port when an input or output is not rows of fixed width.
    public init(of graph: Graph) throws(MaxError) {
        var columns: [Column] = []
        var inputs: [InputPort] = []
        for (index, input) in graph.inputs.enumerated() {
            let (element, tail) = try Schema.rowType(input.type, "input \(input.name.quoted)")
            let width = try elementCount(of: tail, limit: Limits.ports)
            inputs.append(InputPort(name: input.name, element: element, tail: tail, firstColumn: columns.count, width: width))
            for position in 0..<width {
                let name =
                    input.columns.isEmpty
                    ? (width == 1 ? input.name : Text("\(input.name)_\(position)")) : input.columns[position]
                columns.append(Column(name: name, element: element, missing: input.missing, input: index, position: position))
            }
        }
        var seen = Set<Text>()
        for column in columns where !seen.insert(column.name).inserted {
            throw MaxError(.malformed, "column \(column.name.quoted): fed to the model twice")
        }
        var outputs: [OutputPort] = []
        for output in graph.outputs {
            let (element, tail) = try Schema.rowType(graph.type(of: output.value), "output \(output.name.quoted)")
            let width = try elementCount(of: tail, limit: Limits.ports)
            outputs.append(OutputPort(name: output.name, element: element, tail: tail, width: width, labels: output.labels))
        }
        self.columns = columns
        self.inputs = inputs
        self.outputs = outputs
    }

    private static func rowType(_ type: ValueType, _ place: String) throws(MaxError) -> (ElementType, [Int]) {
        guard let tensor = type.tensor else {
            throw MaxError(.unsupported, "\(place): \(type), expected a tensor with one row per record")
        }
        guard let shape = tensor.shape, let first = shape.first else {
            throw MaxError(.unsupported, "\(place): \(tensor), expected a first extent that counts rows")
        }
        if first.fixed != nil {
            throw MaxError(.unsupported, "\(place): \(tensor) has a fixed number of rows; re-export the model with a dynamic batch")
        }
        var tail: [Int] = []
        for dimension in shape.dropFirst() {
            guard let extent = dimension.fixed else {
                throw MaxError(.unsupported, "\(place): \(tensor), expected numbers after the rows")
            }
            tail.append(extent)
        }
        return (tensor.element, tail)
    }
}
