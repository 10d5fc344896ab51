import MaxFeatures
import MaxIR
import MaxLearning
import MaxSettings

extension Recipe {
    /// What was found in a file, before the defaults are filled in.
    struct Parts {
        let overrides: [String: SettingValue]
        private var sections: [String: [String: SettingValue]] = [:]
        private var learnerSettings: RecipeNode?
        private var learnerPlace: RecipeNode.Place?
        var columns: [ColumnPlan] = []
        var gates: [Gate] = []
        var seed: UInt64 = 1

        init(overrides: [String: SettingValue]) { self.overrides = overrides }

        static let names = RecipeSections.all.flatMap { section in section.settings.map { "\(section.name).\($0.name)" } }

        func knows(_ name: String) -> Bool { name.hasPrefix("learner.settings.") || Self.names.contains(name) }

        mutating func add(_ entry: RecipeNode.Entry) throws(MaxError) {
            guard let section = RecipeSections.all.first(where: { $0.name == entry.key }) else {
                let known = ["version", "seed"] + RecipeSections.all.map(\.name) + ["gates"]
                throw MaxError(
                    .malformed,
                    "\(entry.place): \(Text(entry.key).quoted) is no part of a recipe: expected \(known.joined(separator: ", "))")
            }
            var given: [String: SettingValue] = [:]
            for part in try entry.value.table(section.name) {
                switch (section.name, part.key) {
                case ("learner", "settings"): learnerSettings = part.value
                case ("features", "columns"):
                    columns = try part.value.list("features.columns").map { node throws(MaxError) in try Self.plan(node) }
                default:
                    do { _ = try Settings([part.key: part.value.settingValue], for: section.settings) } catch {
                        throw MaxError(.malformed, "\(part.place): \(section.name).\(error.message)")
                    }
                    if section.name == "learner" { learnerPlace = part.value.place }
                    given[part.key] = part.value.settingValue
                }
            }
            sections[section.name] = given
        }

        func settings(_ section: RecipeSection) throws(MaxError) -> Settings {
            var given = sections[section.name] ?? [:]
            for setting in section.settings {
                if let value = overrides["\(section.name).\(setting.name)"] { given[setting.name] = value }
            }
            do { return try Settings(given, for: section.settings) } catch {
                throw MaxError(error.code, "\(section.name).\(error.message)")
            }
        }

        /// - Throws: naming the learners that there are, or the setting that the learner does not have.
        func learner() throws(MaxError) -> (Learner, Settings) {
            let name = try settings(RecipeSections.learner).text("name")
            guard let learner = Learners.named(name) else {
                let message = "learner.name: no learner \(Text(name).quoted): expected \(Learners.all.map(\.name).joined(separator: ", "))"
                if overrides["learner.name"] == nil, let learnerPlace { throw MaxError(.malformed, "\(learnerPlace): \(message)") }
                throw MaxError(.usage, message)
            }
            var given: [String: SettingValue] = [:]
            // A learner chosen on the command line does not take the settings of the file's.
            if let learnerSettings, overrides["learner.name"] == nil {
                _ = try learnerSettings.settings(learner.settings, "learner.settings")
                for entry in try learnerSettings.table("learner.settings") { given[entry.key] = entry.value.settingValue }
            }
            let prefix = "learner.settings."
            for (name, value) in overrides where name.hasPrefix(prefix) { given[String(name.dropFirst(prefix.count))] = value }
            do { return (learner, try Settings(given, for: learner.settings)) } catch {
                throw MaxError(error.code, "\(prefix)\(error.message)")
            }
        }

        /// `{columns: [a, b], steps: [impute, {one_hot: {drop: first}}]}`
        private static func plan(_ node: RecipeNode) throws(MaxError) -> ColumnPlan {
            let declared = [Setting("columns", .texts, nil, ""), Setting("steps", .texts, nil, "")]
            var columns: [Text] = []
            var steps: [FeatureStep] = []
            for entry in try node.table("features.columns") {
                switch entry.key {
                case "columns":
                    do {
                        columns = try Settings(["columns": entry.value.settingValue], for: declared).texts("columns").map { Text($0) }
                    } catch {
                        throw MaxError(.malformed, "\(entry.place): features.columns.\(error.message)")
                    }
                case "steps": steps = try entry.value.list("steps").map { step throws(MaxError) in try Self.step(step) }
                default: throw MaxError(.malformed, "\(entry.place): \(Text(entry.key).quoted): expected columns or steps")
                }
            }
            guard !columns.isEmpty else { throw MaxError(.malformed, "\(node.place): features.columns: no column is named") }
            return ColumnPlan(columns: columns, steps: steps)
        }

        private static func step(_ node: RecipeNode) throws(MaxError) -> FeatureStep {
            var (name, given, place) = ("", RecipeNode?.none, node.place)
            switch node.content {
            case .scalar(.text(let text)): name = text
            case .table(let entries) where entries.count == 1: (name, given, place) = (entries[0].key, entries[0].value, entries[0].place)
            default: throw MaxError(.malformed, "\(node.place): a step is a name, or one name with its settings")
            }
            guard let featurizer = Featurizers.named(name) else {
                throw MaxError(
                    .malformed,
                    "\(place): no featurizer \(Text(name).quoted): expected \(Featurizers.all.map(\.name).joined(separator: ", "))")
            }
            guard let given else { return FeatureStep(name, [:]) }
            _ = try given.settings(featurizer.settings, name)
            var settings: [String: SettingValue] = [:]
            for entry in try given.table(name) { settings[entry.key] = entry.value.settingValue }
            return FeatureStep(name, settings)
        }
    }
}
