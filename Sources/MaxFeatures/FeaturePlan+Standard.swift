import MaxIR
import MaxLearning
import MaxSettings

extension FeaturePlan {
    /// What a practitioner would accept per type of column, for what a learner needs.
    ///
    /// - Parameters:
    ///   - leaveOut: target, weight, identifiers.
    ///   - hasTarget: whether features may be learned from a target.
    /// - Throws: `.malformed` when no column is left.
    public static func standard(for table: Table, leaveOut: Set<Text>, needs: Learner.Needs, hasTarget: Bool = true) throws(MaxError)
        -> (plan: FeaturePlan, reasons: [(column: Text, reason: String)])
    {
        var plans: [ColumnPlan] = []
        var reasons: [(column: Text, reason: String)] = []
        var numbers: [Text] = []
        for name in leaveOut.sorted() where table.index(of: name) == nil {
            throw MaxError(.malformed, "features: the table has no column \(name.quoted), which is to be left out")
        }
        let rows = try RowSelection(nil, of: table)
        for (index, column) in table.columns.enumerated() where !leaveOut.contains(column.name) {
            switch column.element {
            case .string:
                let (steps, reason) = text(FeaturePlan.count(table, index, rows), needs, hasTarget)
                if !steps.isEmpty { plans.append(ColumnPlan(columns: [column.name], steps: steps)) }
                reasons.append((column.name, reason))
            case .timestamp:
                guard try varies(table, index) else {
                    reasons.append((column.name, "left out: it has no two different times"))
                    continue
                }
                plans += times(column.name, needs)
                let form = needs.contains(.scaled) ? "sine and cosine of its periods, and its distance in days" : "parts of the date"
                reasons.append((column.name, "a time: \(form)"))
            default:
                guard try varies(table, index) else {
                    reasons.append((column.name, "left out: it has no two different values"))
                    continue
                }
                if column.element?.isInteger == true, try isRunningNumber(table, index) {
                    reasons.append((column.name, "left out: it counts the rows"))
                    continue
                }
                numbers.append(column.name)
                let extras = [
                    needs.contains(.complete) ? "missing values become the median, with an indicator" : nil,
                    needs.contains(.scaled) ? "standardized" : nil,
                ].compactMap { $0 }
                reasons.append((column.name, "a number: \(extras.isEmpty ? "as it is" : extras.joined(separator: "; "))"))
            }
        }
        if !numbers.isEmpty { plans.insert(ColumnPlan(columns: numbers, steps: complete(needs)), at: 0) }
        guard !plans.isEmpty else { throw MaxError(.malformed, "features: no column is left that could say something") }
        return (FeaturePlan(columns: plans), reasons)
    }

    private static func complete(_ needs: Learner.Needs) -> [FeatureStep] {
        (needs.contains(.complete) ? [FeatureStep("impute", ["strategy": "median", "indicator": true])] : [])
            + (needs.contains(.scaled) ? [FeatureStep("standard")] : [])
    }

    private static func times(_ name: Text, _ needs: Learner.Needs) -> [ColumnPlan] {
        guard needs.contains(.scaled) else {
            return [ColumnPlan(columns: [name], steps: [FeatureStep("date_parts")] + complete(needs))]
        }
        return [
            ColumnPlan(columns: [name], steps: [FeatureStep("cyclic")] + complete(needs)),
            ColumnPlan(columns: [name], steps: [FeatureStep("time_since")] + complete(needs)),
        ]
    }

    /// Values that a one-hot encoding may have, and that categories of trees may have.
    static let fewValues = (oneHot: 100, trees: 1000)

    private static func text(_ categories: Categories, _ needs: Learner.Needs, _ hasTarget: Bool) -> (
        steps: [FeatureStep], reason: String
    ) {
        let count = categories.counts.count
        let rows = categories.codes.count - categories.missingCount
        if count == 0 || (count == 1 && categories.missingCount == 0) { return ([], "left out: it has no two different texts") }
        if let steps = freeText(categories) { return steps }
        if count == rows, rows > 20 { return ([], "left out: every text is another, as in a name or a number") }
        let many =
            hasTarget
            ? ([FeatureStep("target")], "\(count) texts: the mean of the target for each")
            : ([FeatureStep("frequency")], "\(count) texts: how often each occurs")
        if needs.contains(.numbers) {
            if count <= fewValues.oneHot {
                return ([FeatureStep("one_hot", ["min_frequency": 0.001])], "\(count) texts: one column each, rare ones together")
            }
            return many
        }
        if count <= fewValues.trees { return ([FeatureStep("category")], "\(count) texts: a category") }
        return many
    }

    private static func varies(_ table: Table, _ index: Int) throws(MaxError) -> Bool {
        var first: Double?
        var hasMissing = false
        for batch in table.batches {
            let column = batch.columns[index]
            for row in 0..<batch.rows {
                let value = column.isValid(row) ? column.number(row) : .nan
                if value.isNaN { hasMissing = true } else if let first { if value != first { return true } } else { first = value }
                if hasMissing, first != nil { return true }
            }
        }
        return false
    }

    private static func isRunningNumber(_ table: Table, _ index: Int) throws(MaxError) -> Bool {
        guard table.rows > 20 else { return false }
        var last: Int64?
        for batch in table.batches {
            let column = batch.columns[index]
            for row in 0..<batch.rows {
                guard column.isValid(row) else { return false }
                let value = column.integer(row)
                if let last, last == .max || value != last + 1 { return false }
                last = value
            }
        }
        return true
    }
}
