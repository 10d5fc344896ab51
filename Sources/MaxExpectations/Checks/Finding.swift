import MaxIR

/// One thing that a check found in a table.
public struct Finding: Sendable {
    public enum Severity: String, Sendable, Comparable, CaseIterable {
        /// Training would fail, or its result would be worthless.
        case error
        /// Most likely a mistake in the data.
        case warning
        /// Worth knowing.
        case note

        private var rank: Int { self == .error ? 0 : self == .warning ? 1 : 2 }
        public static func < (a: Severity, b: Severity) -> Bool { a.rank < b.rank }
    }

    /// The check's name and code.
    public let check: String
    public let code: String
    public let severity: Severity
    /// nil: the table as a whole.
    public let column: Text?
    /// The other column, where two are compared.
    public let other: Text?
    public let numbers: [(name: String, value: Double)]
    /// What was found, with its numbers; no row data.
    public let sentence: String
    /// What to do about it.
    public let advice: String
    /// Values from the table, only if they were asked for.
    public let examples: [String]
}

extension [Finding] {
    /// Whether training should not begin.
    public var hasErrors: Bool { contains { $0.severity == .error } }
}
