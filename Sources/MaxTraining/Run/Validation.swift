import MaxEvaluation
import MaxIR
import MaxLearning

/// Which rows a model is judged by, and which it learns from then.
struct Validation {
    /// In words: `hold-out of 20 %, stratified`.
    let name: String
    let splits: [Split]

    /// - Throws: `.usage` for a method that the data cannot serve.
    init(_ data: TrainingData, _ recipe: Recipe) throws(MaxError) {
        let settings = recipe.validation
        let rows = data.usable.indices.filter { data.usable[$0] }
        var method = settings.text("method")
        let folds = settings.optionalInteger("folds")
        if method == "auto" { method = data.times != nil ? "time" : data.groups != nil ? "group" : folds == nil ? "holdout" : "kfold" }
        let isClassification = data.task == .binary || data.task == .multiclass
        guard method != "none", !data.y.isEmpty else {
            (name, splits) = ("none", [])
            return
        }
        let labels = isClassification ? rows.map { Int(data.y[$0]) } : nil
        let share = settings.number("share")
        let percent = "\((share * 1000).rounded() / 10) %"
        func groups() throws(MaxError) -> [Int] {
            guard let groups = data.groups else { throw MaxError(.usage, "validation.method: group needs the column data.group") }
            return rows.map { groups[$0] }
        }
        let found: [Split]
        switch method {
        case "time":
            guard let times = data.times else { throw MaxError(.usage, "validation.method: time needs the column data.time") }
            let chosen = rows.map { times[$0] }
            let gap = settings.number("gap")
            if let folds {
                found = try Split.timeOrdered(times: chosen, folds: folds, gap: gap)
                name = "\(folds) folds in the order of time"
            } else {
                found = [try Split.lastInTime(times: chosen, share: share, gap: gap)]
                name = "the last \(percent) in time"
            }
        case "group":
            if let folds {
                found = try Split.folds(rows: rows.count, count: folds, seed: recipe.seed, groups: try groups())
                name = "\(folds) folds of whole groups"
            } else {
                found = [try Split.holdOut(rows: rows.count, share: share, seed: recipe.seed, groups: try groups())]
                name = "hold-out of \(percent), whole groups"
            }
        case "kfold", "stratified":
            let isStratified = method == "stratified" || isClassification
            if method == "stratified", labels == nil { throw MaxError(.usage, "validation.method: stratified needs classes") }
            let count = folds ?? 5
            found = try Split.folds(rows: rows.count, count: count, seed: recipe.seed, labels: isStratified ? labels : nil)
            name = "\(count) folds\(isStratified ? ", stratified" : "")"
        default:
            if let folds {
                found = try Split.folds(rows: rows.count, count: folds, seed: recipe.seed, labels: labels)
                name = "\(folds) folds\(labels == nil ? "" : ", stratified")"
            } else {
                found = [try Split.holdOut(rows: rows.count, share: share, seed: recipe.seed, labels: labels)]
                name = "hold-out of \(percent)\(labels == nil ? "" : ", stratified")"
            }
        }
        // Splits count among the usable rows; everybody else counts rows of the table.
        splits = found.map { Split(train: $0.train.map { rows[$0] }, test: $0.test.map { rows[$0] }) }
    }

    static func mask(_ rows: [Int], of count: Int) -> [Bool] {
        var mask = [Bool](repeating: false, count: count)
        for row in rows { mask[row] = true }
        return mask
    }
}
