import MaxIR

/// How many contributions of a row are wanted.
public enum WantedContributions: Sendable, Hashable {
    /// Those of all columns, the base and the rest.
    case all
    /// The columns that contribute most, and the base.
    case largest(Int)
}

/// Finds the columns that contribute most to a score; reused from row to row.
public struct LargestContributions {
    /// How many columns are picked, no more than there are.
    public let count: Int
    /// Outputs of `raw`, and columns that contribute to each.
    public let outputs: Int
    public let columns: Int
    /// The columns' names, in the order of their contributions.
    public let names: [Text]
    /// Positions among the columns, by magnitude from the largest on; of equal ones the earlier first.
    public private(set) var positions: [Int]

    /// - Parameter port: `contributions` of a model that `Model.explained` made.
    public init(_ wanted: Int, of port: Schema.OutputPort) {
        outputs = port.tail.first ?? 1
        columns = max((port.tail.last ?? 2) - 2, 0)
        count = min(max(wanted, 1), columns)
        let prefix = (outputs > 1 ? "contribution_0_" : "contribution_").utf8.count
        names = port.labels.prefix(columns).map { Text(utf8: Array($0.utf8.dropFirst(prefix))) }
        positions = Array(0..<columns)
    }

    /// - Parameter value: the contribution of a column to the output in question.
    public mutating func pick(_ value: (Int) -> Double) {
        for position in 0..<columns { positions[position] = position }
        positions.sort { a, b in
            let (x, y) = (abs(value(a)), abs(value(b)))
            return x != y ? x > y : a < b
        }
    }
}
