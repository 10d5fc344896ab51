import ArgumentParser
import MaxCommand
import MaxExpectations
import MaxFormats
import MaxIR
import MaxRuntime

/// What becomes of a row that is not as expected.
enum OnViolation: String, ExpressibleByArgument { case fail, warn, null, skip }

/// Holds the rows of a table against an expectations file while they are scored.
final class ExpectationGate {
    private let path: String
    private let check: ExpectationCheck
    private let action: OnViolation
    private var first: (row: Int, violation: RowViolation)?

    /// - Throws: what reading the file throws; `.malformed` when it is of another model.
    init(_ path: String, _ schema: Schema, _ action: OnViolation) throws(MaxError) {
        self.path = path
        self.action = action
        let bytes = try FileBytes(path: path, limit: UInt64(Expectations.FileLimits.bytes)).array
        do throws(MaxError) {
            check = ExpectationCheck(try ExpectationRules(try Expectations(json: bytes), schema))
        } catch {
            throw error.inside(path)
        }
    }

    /// The rows of a batch that must have no result.
    ///
    /// - Parameter firstRow: the batch's first row, counted from the table's start.
    /// - Throws: `.policyFailed` for the first row that is not as expected, where that must fail.
    func rowsToLeaveOut(_ views: [ColumnView], rows: Int, firstRow: Int) throws(MaxError) -> [Int] {
        guard !views.withUnsafeBufferPointer({ check.check($0, rows: rows) }) else { return [] }
        if let violation = check.firstViolation {
            first = first ?? (firstRow + violation.row, violation)
            if action == .fail {
                throw MaxError(
                    .policyFailed,
                    "\(path): row \(firstRow + violation.row) of the table: \(violation.sentence): use --on-violation to go on without such rows"
                )
            }
        }
        return action == .warn ? [] : check.violatingRows
    }

    /// - Throws: `.policyFailed` for the first rule of tables that is violated, where that must fail.
    func finish() throws(MaxError) {
        guard action == .fail, let violation = check.tableViolations().first else { return }
        throw MaxError(.policyFailed, "\(path): the table: \(violation.sentence): use --on-violation warn to write it all the same")
    }

    /// A line for each column and rule.
    func warn() {
        for item in rules {
            printWarning("\(path): column \(item.column.quoted): \(item.rule.rawValue): \(item.count) of \(check.rows) rows")
        }
        if let first { printWarning("\(path): first at row \(first.row) of the table: \(first.violation.sentence)") }
        for violation in check.tableViolations() { printWarning("\(path): the table: \(violation.sentence)") }
    }

    func write(_ out: inout JSONWriter) {
        out.object { out in
            out.member("violating_rows", check.violatingRowCount)
            out.member(
                "rows",
                array: { out in
                    for item in rules {
                        out.object { out in
                            out.key("column")
                            out.value(item.column)
                            out.member("rule", item.rule.rawValue)
                            out.member("count", item.count)
                        }
                    }
                })
            out.member(
                "table",
                array: { out in
                    for violation in check.tableViolations() {
                        out.object { out in
                            if let column = violation.column {
                                out.key("column")
                                out.value(column)
                            }
                            out.member("rule", violation.rule.rawValue)
                            out.member("found", violation.found)
                            out.member("expected", violation.expected)
                        }
                    }
                })
        }
    }

    private var rules: [(column: Text, rule: ExpectationRule, count: Int)] {
        check.rules.matched.flatMap { position, name in
            ExpectationRule.ofRows.map { (name, $0, check.count(column: position, $0)) }.filter { $0.2 > 0 }
        }
    }
}
