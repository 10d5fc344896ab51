import MaxFeatures
import MaxIR
import MaxLearning

/// A table and what its columns mean for the run.
struct TrainingData {
    let table: Table
    let task: Task
    let target: TargetColumn?
    /// One per row, NaN where it is missing; empty without a target.
    let y: [Double]
    /// Rows that can be learned from: with a target and a weight.
    let usable: [Bool]
    let weights: [Double]?
    /// Equal numbers for rows that belong together, in the order of their first rows.
    let groups: [Int]?
    /// What orders rows in time; seconds for a column of times.
    let times: [Double]?
    /// Columns that are no features.
    let leftOut: Set<Text>

    var rows: Int { table.rows }
    var usableCount: Int { usable.count { $0 } }

    /// - Throws: `.malformed` naming a column that is not there or does not fit.
    init(_ table: Table, _ recipe: Recipe, target known: TargetColumn? = nil) throws(MaxError) {
        self.table = table
        guard table.rows > 0 else { throw MaxError(.malformed, "\(table.locations.first ?? "table"): no rows to learn from") }
        let named = recipe.target.text("task")
        let asked = Task(rawValue: named)
        var leftOut = Set(recipe.data.texts("ignore").map { Text($0) })
        for name in leftOut.sorted() where table.index(of: name) == nil { throw table.noColumn(name, "data.ignore") }
        var usable = [Bool](repeating: true, count: table.rows)
        if asked == .anomaly || asked == .clustering, recipe.target.optionalText("column") == nil {
            (target, task, y) = (nil, asked ?? .anomaly, [])
        } else {
            guard let column = recipe.target.optionalText("column") else {
                throw MaxError(.usage, "target.column: nothing is named: give the column to predict with --target")
            }
            var found = known
            if found == nil { found = try TargetColumn(table, Text(column), task: asked, positive: recipe.target.optionalText("positive")) }
            guard let found else { throw MaxError(.internal, "no target") }
            (target, task) = (found, found.task)
            y = try found.encode(table)
            for row in y.indices where y[row].isNaN { usable[row] = false }
            guard usable.contains(true) else { throw MaxError(.malformed, "target \(Text(column).quoted): no row has a value") }
            if let infinite = y.first(where: { $0.isInfinite }) {
                throw MaxError(.malformed, "target \(Text(column).quoted): found \(infinite), expected finite numbers")
            }
            leftOut.insert(Text(column))
        }
        func column(_ setting: String) throws(MaxError) -> Int? {
            guard let name = recipe.data.optionalText(setting) else { return nil }
            guard let index = table.index(of: Text(name)) else { throw table.noColumn(Text(name), "data.\(setting)") }
            return index
        }
        if let index = try column("weight") {
            let values = try table.numbers(index)
            let name = table.columns[index].name
            if let row = values.firstIndex(where: { $0 < 0 || $0.isInfinite }) {
                throw MaxError(.malformed, "weight \(name.quoted): row \(row): found \(values[row]), expected a finite number from 0 on")
            }
            for row in values.indices where values[row].isNaN { usable[row] = false }
            weights = values.map { $0.isNaN ? 0 : $0 }
            leftOut.insert(name)
        } else {
            weights = nil
        }
        if let index = try column("group") {
            groups = Self.codes(table, index)
            leftOut.insert(table.columns[index].name)
        } else {
            groups = nil
        }
        if let index = try column("time") {
            let scale = table.columns[index].element == .timestamp ? 1e-6 : 1
            let values = try table.numbers(index)
            if let row = values.firstIndex(where: \.isNaN) {
                throw MaxError(.malformed, "time \(table.columns[index].name.quoted): row \(row) has no value")
            }
            times = values.map { $0 * scale }
            // Rows to come have later times than any that was learned from.
            leftOut.insert(table.columns[index].name)
        } else {
            times = nil
        }
        if task == .ranking {
            guard let groups else { throw MaxError(.usage, "data.group: ranking needs the column that tells the query of each row") }
            try Self.checkTogether(groups)
        }
        self.usable = usable
        self.leftOut = leftOut
    }

    /// Numbers for the texts of a column; rows without a value are one group.
    static func codes(_ table: Table, _ index: Int) -> [Int] {
        var known: [Text?: Int] = [:]
        return table.texts(index).map { text in
            if let code = known[text] { return code }
            known[text] = known.count
            return known.count - 1
        }
    }

    private static func checkTogether(_ groups: [Int]) throws(MaxError) {
        var seen = Set<Int>()
        for row in groups.indices where row == 0 || groups[row] != groups[row - 1] {
            guard seen.insert(groups[row]).inserted else {
                throw MaxError(.malformed, "data.group: row \(row): its query began before and was interrupted: sort the rows by query")
            }
        }
    }

    /// The lengths of the queries among the rows of `mask`, in order.
    func queries(_ mask: [Bool]) -> [Int]? {
        guard task == .ranking, let groups else { return nil }
        var lengths: [Int] = []
        var last = -1
        for row in groups.indices where mask[row] {
            if groups[row] == last { lengths[lengths.count - 1] += 1 } else { lengths.append(1) }
            last = groups[row]
        }
        return lengths
    }

    /// The elements of `values` at the rows of `mask`; `width` values for each.
    static func picked<Element>(_ values: [Element], _ mask: [Bool], width: Int = 1) -> [Element] {
        var out: [Element] = []
        for row in mask.indices where mask[row] { out += values[row * width..<(row + 1) * width] }
        return out
    }
}
