import MaxIR
import MaxSettings

/// One step of a recipe: a featurizer by name, with its settings.
public struct FeatureStep: Sendable {
    public var name: String
    public var settings: [String: SettingValue]

    public init(_ name: String, _ settings: [String: SettingValue] = [:]) {
        self.name = name
        self.settings = settings
    }
}

/// Some columns and the steps that they go through, in order.
public struct ColumnPlan: Sendable {
    public var columns: [Text]
    public var steps: [FeatureStep]

    public init(columns: [Text], steps: [FeatureStep]) {
        self.columns = columns
        self.steps = steps
    }
}

/// How the columns of a table become features, in the order of the plans.
public struct FeaturePlan: Sendable {
    public var columns: [ColumnPlan]

    public init(columns: [ColumnPlan]) { self.columns = columns }
}
