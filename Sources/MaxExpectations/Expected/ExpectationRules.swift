import MaxIR
import MaxRuntime

/// Expectations made ready for the columns of one table or model. Immutable, shared by threads.
public final class ExpectationRules: Sendable {
    public let expectations: Expectations
    /// One for each of the table's columns; nil where nothing is expected.
    let columns: [ColumnRules?]
    /// Names of expected columns that the table does not have, such as the target.
    public let unmatched: [Text]

    /// - Throws: `.malformed` when no column is expected: the file is of another model.
    public init(_ expectations: Expectations, columns names: [Text]) throws(MaxError) {
        self.expectations = expectations
        var positions: [Text: Int] = [:]
        for (index, column) in expectations.columns.enumerated() { positions[column.name] = index }
        columns = names.map { name in positions[name].map { ColumnRules(expectations.columns[$0]) } }
        let known = Set(names)
        unmatched = expectations.columns.map(\.name).filter { !known.contains($0) }
        guard columns.contains(where: { $0 != nil }) || expectations.columns.isEmpty else {
            throw MaxError(
                .malformed,
                "expectations: none of their columns is there: found \(names.prefix(8).map(\.quoted).joined(separator: ", ")), expected some of "
                    + "\(unmatched.prefix(8).map(\.quoted).joined(separator: ", ")): use the file of this model")
        }
    }

    /// For the columns of a model.
    public convenience init(_ expectations: Expectations, _ schema: Schema) throws(MaxError) {
        try self.init(expectations, columns: schema.columns.map(\.name))
    }

    /// Columns of the table, expected or not.
    public var columnCount: Int { columns.count }

    /// The names of the columns of which something is expected, with their positions.
    public var matched: [(position: Int, name: Text)] {
        columns.enumerated().compactMap { index, rules in rules.map { (index, $0.expectation.name) } }
    }

    /// What `tallies` of `rows` rows violate. Shares and variety are judged from `Expectations.judgedRows` rows on.
    ///
    /// - Parameter isTable: whether the rows are a whole table, which must have a number of rows.
    public func violations(of tallies: [ColumnTally], rows: Int, isTable: Bool) -> [TableViolation] {
        var out: [TableViolation] = []
        if isTable, rows < expectations.minimumRows {
            out.append(TableViolation(column: nil, rule: .rows, found: "\(rows)", expected: "at least \(expectations.minimumRows)"))
        }
        guard rows >= Expectations.judgedRows else { return out }
        for (rules, tally) in zip(columns, tallies) {
            guard let rules else { continue }
            let (expectation, present) = (rules.expectation, rows - tally.missing)
            let missing = Double(tally.missing) / Double(rows)
            if let limit = expectation.maximumMissingShare, limit > 0, missing > limit {
                out.append(
                    TableViolation(
                        column: expectation.name, rule: .missingShare, found: "\(Shown.percent(missing)) missing",
                        expected: "at most \(Shown.percent(limit))"))
            }
            let others = present == 0 ? 0 : Double(tally.others) / Double(present)
            if rules.categories != nil, expectation.maximumOtherShare > 0, others > expectation.maximumOtherShare {
                out.append(
                    TableViolation(
                        column: expectation.name, rule: .otherShare, found: "\(Shown.percent(others)) of no known category",
                        expected: "at most \(Shown.percent(expectation.maximumOtherShare))"))
            }
            if expectation.isNotConstant, present >= Expectations.judgedRows, !tally.varies {
                out.append(
                    TableViolation(
                        column: expectation.name, rule: .constant, found: "\(present) equal values", expected: "different ones"))
            }
        }
        return out
    }
}

/// What is counted of one column over the rows of a table or window.
public struct ColumnTally: Sendable, Hashable {
    public var missing = 0
    /// Texts of no known category.
    public var others = 0
    /// Whether two values differed; and a hash of the first value.
    public var varies = false
    var first: UInt64?

    public init() {}

    public mutating func add(_ other: ColumnTally) {
        missing += other.missing
        others += other.others
        varies = varies || other.varies
        if let hash = other.first { see(hash) }
    }

    @inline(__always) mutating func see(_ hash: UInt64) {
        if let first { varies = varies || first != hash } else { first = hash }
    }
}

/// The rules of one column, ready to be applied.
final class ColumnRules: @unchecked Sendable {
    // Sendable: the table of categories is only read once it is made.
    let expectation: ColumnExpectation
    let requiresValue: Bool
    let lower: Double
    let upper: Double
    let hasBounds: Bool
    /// Whether a value must be whole, and between which bounds the type holds it.
    let isWhole: Bool
    let typeLower: Double
    let typeUpper: Double
    let categories: TextTable?
    let bindsEveryText: Bool

    init(_ expectation: ColumnExpectation) {
        self.expectation = expectation
        requiresValue = expectation.maximumMissingShare == 0
        lower = expectation.minimum ?? -.infinity
        upper = expectation.maximum ?? .infinity
        hasBounds = expectation.minimum != nil || expectation.maximum != nil
        isWhole = !expectation.element.isFloat && expectation.element != .string
        (typeLower, typeUpper) = Self.bounds(expectation.element)
        bindsEveryText = expectation.maximumOtherShare == 0
        if let list = expectation.categories {
            let table = TextTable()
            for text in list { text.utf8.withUnsafeBufferPointer { table.add($0) } }
            categories = table
        } else {
            categories = nil
        }
    }

    private static func bounds(_ element: ElementType) -> (Double, Double) {
        switch element {
        case .bool: (0, 1)
        case .i8: (-0x1p7, 0x1p7 - 1)
        case .i16: (-0x1p15, 0x1p15 - 1)
        case .i32: (-0x1p31, 0x1p31 - 1)
        case .i64, .timestamp: (-0x1p63, 0x1p63)
        case .u8: (0, 0x1p8 - 1)
        case .u16: (0, 0x1p16 - 1)
        case .u32: (0, 0x1p32 - 1)
        case .u64: (0, 0x1p64)
        default: (-.infinity, .infinity)
        }
    }
}
