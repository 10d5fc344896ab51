import MaxIR

/// What can be violated; the raw values are stable, as metrics and reports name them.
public enum ExpectationRule: String, Sendable, CaseIterable, Hashable {
    // Of a row.
    /// The value is none of the expected type.
    case type
    /// There is no value, and there must be one.
    case missing
    /// The value lies outside of the bounds.
    case range
    /// The text is of no known category, and none else may be.
    case category
    // Of a table or window.
    case missingShare = "missing-share"
    case otherShare = "other-share"
    case constant
    case rows

    public static let ofRows: [ExpectationRule] = [.type, .missing, .range, .category]
    public static let ofTables: [ExpectationRule] = [.missingShare, .otherShare, .constant, .rows]

    /// Its place among all cases.
    public var place: Int {
        switch self {
        case .type: 0
        case .missing: 1
        case .range: 2
        case .category: 3
        case .missingShare: 4
        case .otherShare: 5
        case .constant: 6
        case .rows: 7
        }
    }
}

/// One row that is not as expected.
public struct RowViolation: Sendable, Hashable {
    /// Counted from the first row of the batch.
    public let row: Int
    public let column: Text
    public let rule: ExpectationRule
    /// What was found and what was expected. Numbers are given, texts are not: only their length is.
    public let found: String
    public let expected: String

    /// `column "age": range: found 130.0, expected 0.0 to 120.0`
    public var sentence: String { "column \(column.quoted): \(rule.rawValue): found \(found), expected \(expected)" }
}

/// A table or window that is not as expected.
public struct TableViolation: Sendable, Hashable {
    /// nil: the table as a whole.
    public let column: Text?
    public let rule: ExpectationRule
    public let found: String
    public let expected: String

    public var sentence: String {
        "\(column.map { "column \($0.quoted): " } ?? "")\(rule.rawValue): found \(found), expected \(expected)"
    }
}
