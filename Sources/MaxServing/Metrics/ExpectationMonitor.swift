import MaxExpectations
import MaxIR
import Synchronization

/// What one model's rows are expected to be like, and how often they were not; shared by all event loops.
///
/// Rules of rows are judged in every request. Shares and variety are judged whenever `windowRows` rows have come, over all
/// of them.
public final class ExpectationMonitor: Sendable {
    public let rules: ExpectationRules
    /// Whether a request with a row that is not as expected is refused; else it is counted only.
    public let refuses: Bool
    public static let windowRows = 10_000

    private struct State {
        /// By column and rule.
        var counts: [Int]
        var window: [ColumnTally]
        var rows = 0
    }

    private let state: Mutex<State>
    private static let ruleCount = ExpectationRule.allCases.count

    public init(_ rules: ExpectationRules, refuses: Bool) {
        self.rules = rules
        self.refuses = refuses
        let columns = rules.columnCount
        state = Mutex(
            State(counts: Array(repeating: 0, count: columns * Self.ruleCount), window: Array(repeating: ColumnTally(), count: columns)))
    }

    /// Adds what was found in one request.
    func record(_ check: ExpectationCheck) {
        state.withLock { state in
            if check.violatingRowCount > 0 {
                for (column, _) in rules.matched {
                    for rule in ExpectationRule.ofRows {
                        state.counts[column * Self.ruleCount + rule.place] += check.count(column: column, rule)
                    }
                }
            }
            for column in state.window.indices { state.window[column].add(check.tallies[column]) }
            state.rows += check.rows
            guard state.rows >= Self.windowRows else { return }
            for violation in rules.violations(of: state.window, rows: state.rows, isTable: false) {
                guard let name = violation.column, let column = rules.matched.first(where: { $0.name == name })?.position else { continue }
                state.counts[column * Self.ruleCount + violation.rule.place] += 1
            }
            for column in state.window.indices { state.window[column] = ColumnTally() }
            state.rows = 0
        }
    }

    /// For every expected column and every rule: values that violated it, or windows for rules of shares.
    var counts: [(column: Text, rule: ExpectationRule, count: Int)] {
        let counts = state.withLock { $0.counts }
        return rules.matched.flatMap { position, name in
            ExpectationRule.allCases.filter { $0 != .rows }.map { (name, $0, counts[position * Self.ruleCount + $0.place]) }
        }
    }
}
