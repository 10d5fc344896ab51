import MaxIR
import MaxRuntime

/// Holds rows against expectations, batch by batch, and counts. For one thread; nothing is allocated for rows that are as
/// expected.
public final class ExpectationCheck {
    public let rules: ExpectationRules
    /// Since the start or the last `reset`: all rows, and those that violate a rule.
    public private(set) var rows = 0
    public private(set) var violatingRowCount = 0
    /// One for each column of the table.
    public private(set) var tallies: [ColumnTally]
    /// Rows of the last batch that violate a rule, in order.
    public private(set) var violatingRows: [Int] = []
    /// The violation in the first such row; of several, the first column's.
    public private(set) var firstViolation: RowViolation?
    private var counts: [Int]

    private let keys = UnsafeMutablePointer<UInt64>.allocate(capacity: CellKeys.chunk)
    private let isPresent = UnsafeMutablePointer<Bool>.allocate(capacity: CellKeys.chunk)
    private var isMarked: UnsafeMutablePointer<Bool>
    private var markCapacity = 256
    private var hasMarks = false
    private var batchRows = 0

    public init(_ rules: ExpectationRules) {
        self.rules = rules
        tallies = Array(repeating: ColumnTally(), count: rules.columns.count)
        counts = Array(repeating: 0, count: rules.columns.count * ExpectationRule.ofRows.count)
        isMarked = .allocate(capacity: markCapacity)
    }

    deinit {
        keys.deallocate()
        isPresent.deallocate()
        isMarked.deallocate()
    }

    /// Values of one column that violate a rule of rows.
    public func count(column: Int, _ rule: ExpectationRule) -> Int { counts[column * ExpectationRule.ofRows.count + rule.place] }

    /// What the rows so far violate as a table or window.
    public func tableViolations(isTable: Bool = true) -> [TableViolation] { rules.violations(of: tallies, rows: rows, isTable: isTable) }

    /// Forgets all rows.
    public func reset() {
        rows = 0
        violatingRowCount = 0
        for index in tallies.indices { tallies[index] = ColumnTally() }
        for index in counts.indices { counts[index] = 0 }
    }

    /// Looks at the first `rows` rows of columns in the order of the rules.
    ///
    /// - Returns: whether all rows are as expected; else `violatingRows` and `firstViolation` say which are not.
    @discardableResult
    public func check(_ columns: UnsafeBufferPointer<ColumnView>, rows count: Int) -> Bool {
        precondition(columns.count == rules.columns.count, "One view for each column that the rules were made for")
        batchRows = count
        hasMarks = false
        if firstViolation != nil { firstViolation = nil }
        if !violatingRows.isEmpty { violatingRows.removeAll(keepingCapacity: true) }
        rows += count
        for index in columns.indices {
            guard let rules = rules.columns[index] else { continue }
            if rules.expectation.element == .string { texts(columns[index], rules, index) } else { numbers(columns[index], rules, index) }
        }
        guard hasMarks else { return true }
        for row in 0..<count where isMarked[row] { violatingRows.append(row) }
        violatingRowCount += violatingRows.count
        describeFirst(columns)
        return false
    }

    private func mark(_ row: Int, _ column: Int, _ rule: ExpectationRule) {
        if !hasMarks {
            if batchRows > markCapacity {
                isMarked.deallocate()
                markCapacity = batchRows
                isMarked = .allocate(capacity: markCapacity)
            }
            isMarked.initialize(repeating: false, count: batchRows)
            hasMarks = true
        }
        isMarked[row] = true
        counts[column * ExpectationRule.ofRows.count + rule.place] += 1
    }

    private func numbers(_ view: ColumnView, _ rules: ColumnRules, _ column: Int) {
        guard view.element != .string else {
            for row in 0..<batchRows {
                if view.isValid(row) { mark(row, column, .type) } else { miss(row, column, rules) }
            }
            return
        }
        let domain = ValueDomain(view.element)
        var tally = tallies[column]
        for first in stride(from: 0, to: batchRows, by: CellKeys.chunk) {
            let range = first..<min(first + CellKeys.chunk, batchRows)
            _ = CellKeys.read(view, range, keys: keys, isPresent: isPresent)
            for index in 0..<range.count {
                guard isPresent[index] else {
                    tally.missing += 1
                    if rules.requiresValue { mark(first + index, column, .missing) }
                    continue
                }
                let number = domain.number(keys[index])
                if !tally.varies { tally.see(number.bitPattern) }
                if let rule = Self.violated(number, rules) { mark(first + index, column, rule) }
            }
        }
        tallies[column] = tally
    }

    @inline(__always) private static func violated(_ number: Double, _ rules: ColumnRules) -> ExpectationRule? {
        if rules.isWhole, number != number.rounded(.towardZero) || number < rules.typeLower || number > rules.typeUpper { return .type }
        if rules.hasBounds, number < rules.lower || number > rules.upper || !number.isFinite { return .range }
        return nil
    }

    private func miss(_ row: Int, _ column: Int, _ rules: ColumnRules) {
        tallies[column].missing += 1
        if rules.requiresValue { mark(row, column, .missing) }
    }

    private func texts(_ view: ColumnView, _ rules: ColumnRules, _ column: Int) {
        if view.element.isFloat {
            for row in 0..<batchRows { if view.isValid(row) { mark(row, column, .type) } else { miss(row, column, rules) } }
            return
        }
        let isText = view.element == .string
        for row in 0..<batchRows {
            guard view.isValid(row) else {
                miss(row, column, rules)
                continue
            }
            if isText {
                take(view.text(row), row, rules, column)
            } else {
                Self.withDecimal(view, row) { take($0, row, rules, column) }
            }
        }
    }

    @inline(__always) private func take(_ text: UnsafeBufferPointer<UInt8>, _ row: Int, _ rules: ColumnRules, _ column: Int) {
        if !tallies[column].varies, rules.expectation.isNotConstant { tallies[column].see(Hashing.bytes(text)) }
        guard let categories = rules.categories, categories.find(text) == nil else { return }
        tallies[column].others += 1
        if rules.bindsEveryText { mark(row, column, .category) }
    }

    /// An integer, boolean or time as the decimal text that a model's text input takes it as.
    private static func withDecimal(_ view: ColumnView, _ row: Int, _ body: (UnsafeBufferPointer<UInt8>) -> Void) {
        var (key, isPresent) = (UInt64(0), false)
        _ = CellKeys.read(view, row..<row + 1, keys: &key, isPresent: &isPresent)
        let isNegative = ValueDomain(view.element) == .signed && Int64(bitPattern: key) < 0
        var magnitude = isNegative ? 0 &- key : key
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 21) { digits in
            var position = digits.count
            repeat {
                position -= 1
                digits[position] = UInt8(truncatingIfNeeded: magnitude % 10) + 0x30
                magnitude /= 10
            } while magnitude > 0
            if isNegative {
                position -= 1
                digits[position] = UInt8(ascii: "-")
            }
            body(UnsafeBufferPointer(rebasing: digits[position...]))
        }
    }

    // What the first violation says, looked up again: only then is a sentence made.

    private func describeFirst(_ columns: UnsafeBufferPointer<ColumnView>) {
        guard let row = violatingRows.first else { return }
        for index in columns.indices {
            guard let rules = rules.columns[index], let violation = violation(columns[index], row, rules) else { continue }
            firstViolation = violation
            return
        }
    }

    private func violation(_ view: ColumnView, _ row: Int, _ rules: ColumnRules) -> RowViolation? {
        let expectation = rules.expectation
        func made(_ rule: ExpectationRule, _ found: String, _ expected: String) -> RowViolation {
            RowViolation(row: row, column: expectation.name, rule: rule, found: found, expected: expected)
        }
        let missing = rules.requiresValue ? made(.missing, "no value", "one in every row") : nil
        guard view.isValid(row) else { return missing }
        if expectation.element == .string {
            guard !view.element.isFloat else { return made(.type, "\(view.element.rawValue)", "string") }
            guard let categories = rules.categories, rules.bindsEveryText else { return nil }
            var (isKnown, length) = (true, 0)
            let look = { (text: UnsafeBufferPointer<UInt8>) in (isKnown, length) = (categories.find(text) != nil, text.count) }
            if view.element == .string { look(view.text(row)) } else { Self.withDecimal(view, row, look) }
            return isKnown
                ? nil : made(.category, "a text of \(Shown.count(length, "byte", "bytes"))", "one of the \(categories.distinct) known")
        }
        guard view.element != .string else { return made(.type, "a text", expectation.element.rawValue) }
        var (key, isPresent) = (UInt64(0), false)
        _ = CellKeys.read(view, row..<row + 1, keys: &key, isPresent: &isPresent)
        guard isPresent else { return missing }
        let number = ValueDomain(view.element).number(key)
        switch Self.violated(number, rules) {
        case .type: return made(.type, "\(number)", expectation.element.rawValue)
        case .range?:
            let bounds =
                switch (expectation.minimum, expectation.maximum) {
                case (let low?, let high?): "\(low) to \(high)"
                case (let low?, nil): "at least \(low)"
                case (nil, let high?): "at most \(high)"
                case (nil, nil): "a finite number"
                }
            return made(.range, "\(number)", bounds)
        default: return nil
        }
    }
}
