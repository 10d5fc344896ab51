import MaxIR
import MaxSettings

/// Looks for what is wrong with a table before a model is trained on it.
public enum DataChecks {
    /// The choices: which checks run and how strict each is.
    public static let settings: [Setting] =
        [
            Setting("skip", .texts, .list([]), "names of checks that do not run"),
            Setting("errors", .texts, .list([]), "names of checks whose every finding is an error"),
            Setting("quote", .flag, false, "give a few values from the table as examples"),
            Setting("task", .choice(["auto", "classification", "regression"]), "auto", "what the target is"),
        ] + Check.all.flatMap(\.settings)

    /// Runs all checks as they are by default.
    public static func run(table: TableBatches, target: Text? = nil, other: TableBatches? = nil) throws(MaxError) -> DataReport {
        try run(table: table, target: target, other: other, settings: try Settings(for: settings))
    }

    /// Runs all checks.
    ///
    /// - Parameters:
    ///   - target: the name of the column to predict; nil when there is none.
    ///   - other: a second table, such as the one to validate with, for `unseen-categories`.
    ///   - settings: as `DataChecks.settings` declares them.
    /// - Throws: `.usage` for a setting that names no check; `.malformed` for batches that are not of the columns' types.
    public static func run(
        table: TableBatches, target: Text? = nil, other: TableBatches? = nil, settings: Settings
    ) throws(MaxError) -> DataReport {
        for setting in ["skip", "errors"] {
            for name in settings.texts(setting) where !Check.all.contains(where: { $0.name == name }) {
                throw MaxError(
                    .usage, "\(setting): no check \(Text(name).quoted): expected some of \(Check.all.map(\.name).joined(separator: ", "))")
            }
        }
        let data = try CheckedData(table, other: other, target: target, settings: settings)
        var findings: [Finding] = []
        var notChecked: [NotChecked] = []
        for check in Check.all where !settings.texts("skip").contains(check.name) {
            var found = Findings(check, quotes: settings.flag("quote"), isRaised: settings.texts("errors").contains(check.name))
            try check.run(data, &found)
            findings += found.list
            notChecked += found.notChecked
        }
        let order = findings.indices.sorted { (findings[$0].severity, $0) < (findings[$1].severity, $1) }
        return DataReport(
            rows: data.rows, target: target, summaries: data.summaries, findings: order.map { findings[$0] }, notChecked: notChecked,
            quotes: settings.flag("quote"))
    }
}
