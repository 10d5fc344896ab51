import MaxIR

/// One thing that a person can choose about a learner, a featurizer or a metric, declared once: the checks of a recipe, the
/// commented recipe and the documentation all follow from it.
public struct Setting: Sendable {
    public enum Kind: Sendable, Hashable {
        case flag
        case integer(ClosedRange<Int>)
        case number(ClosedRange<Double>)
        case choice([String])
        case text
        /// Lists; what they hold is checked element by element.
        case integers(ClosedRange<Int>)
        case numbers(ClosedRange<Double>)
        case texts
        /// Lists of lists of texts, such as the columns that may interact.
        case groups
        /// A number for each of some names, such as the direction of each column.
        case numberByName(ClosedRange<Double>)
        /// A choice for each of some names, such as the type of each column.
        case choiceByName([String])
    }

    public let name: String
    public let kind: Kind
    /// nil: absent unless given.
    public let defaultValue: SettingValue?
    /// One line that says what it does, with its unit.
    public let summary: String

    public init(_ name: String, _ kind: Kind, _ defaultValue: SettingValue? = nil, _ summary: String) {
        self.name = name
        self.kind = kind
        self.defaultValue = defaultValue
        self.summary = summary
    }
}

/// A value that a setting was given.
public indirect enum SettingValue: Sendable, Hashable {
    case flag(Bool)
    case integer(Int)
    case number(Double)
    case text(String)
    case list([SettingValue])
    case table([String: SettingValue])
    case null

    /// As messages show it.
    public var shown: String {
        switch self {
        case .flag(let value): value ? "true" : "false"
        case .integer(let value): "\(value)"
        case .number(let value): "\(value)"
        case .text(let value): Text(value).quoted
        case .list(let values): "[" + values.map(\.shown).joined(separator: ", ") + "]"
        case .table(let values):
            "{" + values.sorted { $0.key < $1.key }.map { "\($0.key): \($0.value.shown)" }.joined(separator: ", ") + "}"
        case .null: "null"
        }
    }
}

extension SettingValue: ExpressibleByIntegerLiteral, ExpressibleByFloatLiteral, ExpressibleByStringLiteral, ExpressibleByBooleanLiteral {
    public init(integerLiteral value: Int) { self = .integer(value) }
    public init(floatLiteral value: Double) { self = .number(value) }
    public init(stringLiteral value: String) { self = .text(value) }
    public init(booleanLiteral value: Bool) { self = .flag(value) }
}
