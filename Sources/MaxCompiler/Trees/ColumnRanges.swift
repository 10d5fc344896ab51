import MaxIR

/// What a graph proves of the columns of its values: their last axis. Operators that are not named here can give
/// anything of their type, and inputs may hold anything.
struct ColumnRanges {
    /// The columns of one value.
    enum Columns {
        /// All alike.
        case same(ColumnRange)
        case each([ColumnRange])

        subscript(_ column: Int) -> ColumnRange {
            switch self {
            case .same(let range): range
            case .each(let ranges): ranges.indices.contains(column) ? ranges[column] : .any
            }
        }

        /// What holds for every element.
        var joined: ColumnRange {
            switch self {
            case .same(let range): range
            case .each(let ranges): ranges.dropFirst().reduce(ranges.first ?? .any) { $0.joined($1) }
            }
        }

        func map(_ change: (Int, ColumnRange) -> ColumnRange) -> Columns {
            switch self {
            case .same(let range): .same(change(0, range))
            case .each(let ranges): .each(ranges.enumerated().map { change($0, $1) })
            }
        }
    }

    /// Most columns that are followed one by one, and most elements of a constant that are read.
    static let widthLimit = 1 << 14

    /// By value.
    private var known: [Columns]

    init(_ graph: GraphView) {
        known = graph.graph.types.map { .same($0.tensor.map { ColumnRange(of: $0.element) } ?? .any) }
        for node in graph.graph.nodes where node.results.count == 1 {
            if let columns = proven(node, graph) { known[node.results[0].index] = columns }
        }
    }

    func columns(of value: ValueID) -> Columns { known[value.index] }
}

extension ColumnRange {
    /// What the elements of a type can be once they are floats.
    fileprivate init(of element: ElementType) {
        switch element {
        case .bool: self = .flags
        case .u8: self.init(0, 255, hasNaN: false)
        case .i8: self.init(-128, 127, hasNaN: false)
        case .u64, .u32, .u16: self.init(0, 0x1p64, hasNaN: false)
        case .i64, .i32, .i16: self.init(-0x1p63, 0x1p63, hasNaN: false)
        default: self = .any
        }
    }
}
