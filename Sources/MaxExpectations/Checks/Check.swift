import MaxIR
import MaxSettings

/// One check of a table, declared once: the list, its settings, the documentation and the report follow.
public struct Check: Sendable {
    /// Stable, as `skip` and `errors` take it.
    public let name: String
    /// Stable, for programs.
    public let code: String
    /// One line: what it looks for.
    public let summary: String
    /// What can be set; names begin with the check's own.
    public let settings: [Setting]
    let run: @Sendable (CheckedData, inout Findings) throws(MaxError) -> Void

    init(
        _ name: String, _ code: String, _ summary: String, _ settings: [Setting] = [],
        _ run: @escaping @Sendable (CheckedData, inout Findings) throws(MaxError) -> Void
    ) {
        self.name = name
        self.code = code
        self.summary = summary
        self.settings = settings
        self.run = run
    }

    /// All checks, in the order in which they run.
    public static let all: [Check] =
        tableChecks + targetChecks + textChecks + columnChecks + categoryChecks + duplicateChecks + leakageChecks
}

/// Gathers what one check finds.
struct Findings {
    let check: Check
    let quotes: Bool
    let isRaised: Bool
    private(set) var list: [Finding] = []
    private(set) var notChecked: [NotChecked] = []

    init(_ check: Check, quotes: Bool, isRaised: Bool) {
        self.check = check
        self.quotes = quotes
        self.isRaised = isRaised
    }

    mutating func add(
        _ severity: Finding.Severity, _ column: Text?, other: Text? = nil, _ numbers: [(name: String, value: Double)],
        _ sentence: String, _ advice: String, examples: @autoclosure () -> [String] = []
    ) {
        list.append(
            Finding(
                check: check.name, code: check.code, severity: isRaised ? .error : severity, column: column, other: other, numbers: numbers,
                sentence: sentence, advice: advice, examples: quotes ? examples() : []))
    }

    mutating func pass(_ column: Text?, _ reason: String) {
        notChecked.append(NotChecked(check: check.name, column: column, reason: reason))
    }
}

/// What a check could not look at, and why.
public struct NotChecked: Sendable {
    public let check: String
    public let column: Text?
    public let reason: String
}
