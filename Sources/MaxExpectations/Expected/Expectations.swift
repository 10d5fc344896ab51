import MaxIR

/// What the rows that a model is given are expected to be like: learned from training data, kept in a file, enforced where rows
/// are scored. `formats/expectations.md` specifies the file and what each rule means.
public struct Expectations: Sendable, Hashable {
    /// Rows that a table must have.
    public var minimumRows: Int
    public var columns: [ColumnExpectation]

    /// Rows that a table, or a window of a server's rows, needs before its shares are judged.
    public static let judgedRows = 100

    public init(minimumRows: Int = 0, columns: [ColumnExpectation]) {
        self.minimumRows = minimumRows
        self.columns = columns
    }
}

/// What is expected of one column; a rule that is nil does not bind.
public struct ColumnExpectation: Sendable, Hashable {
    public var name: Text
    /// The type of the values: others are taken where each value is one of this type.
    public var element: ElementType
    /// Share of rows that may have no value; at 0 every row must have one.
    public var maximumMissingShare: Double?
    /// Bounds of every value, for numbers.
    public var minimum: Double?
    public var maximum: Double?
    /// The texts that are known, for texts.
    public var categories: [Text]?
    /// Share of values that may be other texts; at 0 none may.
    public var maximumOtherShare: Double
    /// Whether values must differ.
    public var isNotConstant: Bool

    public init(
        name: Text, element: ElementType, maximumMissingShare: Double? = nil, minimum: Double? = nil, maximum: Double? = nil,
        categories: [Text]? = nil, maximumOtherShare: Double = 0, isNotConstant: Bool = false
    ) {
        self.name = name
        self.element = element
        self.maximumMissingShare = maximumMissingShare
        self.minimum = minimum
        self.maximum = maximum
        self.categories = categories
        self.maximumOtherShare = maximumOtherShare
        self.isNotConstant = isNotConstant
    }
}

extension Expectations {
    /// How much further than the training data rows may go.
    public struct Slack: Sendable, Hashable {
        /// Added at both ends of a range, in widths of the range; what was never negative stays so.
        public var range = 0.1
        /// Added to the share of missing values, where there were any: a column that was always filled must stay so.
        public var missing = 0.05
        /// Share of texts that may be of no known category.
        public var others = 0.01

        public init() {}
    }

    /// Expectations of rows like those that were summarized.
    ///
    /// Ranges are for numbers without infinite values, not for times, which go on; categories for columns of at most
    /// `ColumnSummary.allValuesLimit` different texts, all UTF-8.
    ///
    /// - Parameter summaries: of the columns that the model takes; others are of no use.
    public init(from summaries: [ColumnSummary], slack: Slack = Slack(), minimumRows: Int = 1) {
        self.init(minimumRows: minimumRows, columns: summaries.map { ColumnExpectation($0, slack) })
    }
}

extension ColumnExpectation {
    init(_ summary: ColumnSummary, _ slack: Expectations.Slack) {
        self.init(name: summary.name, element: summary.element)
        guard summary.present > 0 else { return }
        maximumMissingShare = summary.missing == 0 ? 0 : min(summary.missingShare + slack.missing, 1)
        if summary.element.isNumeric, let numbers = summary.numbers, numbers.infinite == 0, let low = numbers.minimum,
            let high = numbers.maximum
        {
            let margin = (high - low) * slack.range
            if margin.isFinite {
                minimum = Self.finite(low >= 0 ? max(low - margin, 0) : low - margin)
                maximum = Self.finite(high <= 0 ? min(high + margin, 0) : high + margin)
                if summary.element.isInteger {
                    minimum = minimum?.rounded(.down)
                    maximum = maximum?.rounded(.up)
                }
            }
        }
        if summary.element == .string, summary.texts?.notUTF8 == 0, let values = summary.allValues {
            categories = values.compactMap { if case .text(let text) = $0 { text } else { nil } }.sorted()
            maximumOtherShare = slack.others
        }
        // A value that stands nearly everywhere may fill a table by chance.
        isNotConstant = summary.isExact && summary.distinct > 1 && (summary.frequent.first?.count ?? 0) * 10 <= summary.present * 9
    }

    private static func finite(_ value: Double) -> Double? { value.isFinite ? value : nil }
}
