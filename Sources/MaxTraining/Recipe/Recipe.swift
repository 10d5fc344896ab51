import MaxFeatures
import MaxIR
import MaxLearning
import MaxSettings

/// Everything that a training run is told: read from YAML, or put together from a command line; checked in either case.
public struct Recipe: Sendable {
    public var data: Settings
    public var target: Settings
    public var features: Settings
    /// What stands under `features.columns`, in order.
    public var columns: [ColumnPlan]
    public var learner: Learner
    public var learnerSettings: Settings
    public var validation: Settings
    public var calibration: Settings
    public var evaluation: Settings
    public var checks: Settings
    public var gates: [Gate]
    public var seed: UInt64

    /// A metric that the model must reach, or nothing is written.
    public struct Gate: Sendable, Hashable {
        public var metric: String
        public var minimum: Double?
        public var maximum: Double?
        public init(metric: String, minimum: Double? = nil, maximum: Double? = nil) {
            self.metric = metric
            self.minimum = minimum
            self.maximum = maximum
        }

        static let settings = [
            Setting("metric", .text, nil, "a metric's name"),
            Setting("minimum", .number(-1e300...1e300), nil, "the least that is good enough"),
            Setting("maximum", .number(-1e300...1e300), nil, "the most that is good enough"),
        ]
    }

    /// - Parameter overrides: settings by `section.name`, as a command line gives them; `learner.settings.NAME` for the learner's.
    /// - Throws: `.malformed` with file, line and column; `.usage` for an override.
    public static func read(_ text: String, file: String, overrides: [String: SettingValue] = [:]) throws(MaxError) -> Recipe {
        try Recipe(RecipeNode.read(text, file: file), overrides: overrides)
    }

    /// A value as YAML writes it, such as `0.5`, `[a, b]` or `{age: 1}`.
    public static func value(_ text: String) throws(MaxError) -> SettingValue { try RecipeNode.read(text, file: "value").settingValue }

    /// A recipe with the defaults and `overrides`.
    public init(overrides: [String: SettingValue]) throws(MaxError) { try self.init(nil, overrides: overrides) }

    private init(_ root: RecipeNode?, overrides: [String: SettingValue]) throws(MaxError) {
        var parts = Parts(overrides: overrides)
        for entry in try root?.table("recipe") ?? [] {
            switch entry.key {
            case "version":
                guard entry.value.settingValue == .integer(1) else {
                    throw MaxError(.unsupported, "\(entry.place): version: found \(entry.value.settingValue.shown), expected 1")
                }
            case "seed": parts.seed = try Self.seed(entry.value.settingValue, "\(entry.place): ", .malformed)
            case "gates": parts.gates = try entry.value.list("gates").map { node throws(MaxError) in try Self.gate(node) }
            default: try parts.add(entry)
            }
        }
        if let seed = overrides["seed"] { parts.seed = try Self.seed(seed, "", .usage) }
        for name in overrides.keys.sorted() where name != "seed" && !parts.knows(name) {
            throw MaxError(
                .usage, "\(name): no such setting: expected seed, learner.settings.NAME or one of \(Parts.names.joined(separator: ", "))")
        }
        data = try parts.settings(RecipeSections.data)
        target = try parts.settings(RecipeSections.target)
        features = try parts.settings(RecipeSections.features)
        validation = try parts.settings(RecipeSections.validation)
        calibration = try parts.settings(RecipeSections.calibration)
        evaluation = try parts.settings(RecipeSections.evaluation)
        checks = try parts.settings(RecipeSections.checks)
        columns = parts.columns
        gates = parts.gates
        seed = parts.seed
        (learner, learnerSettings) = try parts.learner()
    }

    private static func seed(_ value: SettingValue, _ place: String, _ code: MaxError.Code) throws(MaxError) -> UInt64 {
        guard case .integer(let seed) = value, seed >= 0 else {
            throw MaxError(code, "\(place)seed: found \(value.shown), expected an integer from 0 on")
        }
        return UInt64(seed)
    }

    private static func gate(_ node: RecipeNode) throws(MaxError) -> Gate {
        let settings = try node.settings(Gate.settings, "gates")
        guard let metric = settings.optionalText("metric") else { throw MaxError(.malformed, "\(node.place): gates: no metric is named") }
        let gate = Gate(metric: metric, minimum: settings.optionalNumber("minimum"), maximum: settings.optionalNumber("maximum"))
        guard gate.minimum != nil || gate.maximum != nil else {
            throw MaxError(.malformed, "\(node.place): gates: \(metric): neither minimum nor maximum")
        }
        return gate
    }
}
