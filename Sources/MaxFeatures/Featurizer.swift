import MaxIR
import MaxLearning
import MaxSettings

/// One way to make features, declared once: recipes, their checks and `docs/featurizers.md` follow from it.
public struct Featurizer: Sendable {
    public enum Kind: String, Sendable, CaseIterable {
        case numbers, texts, times
    }

    /// The name in a recipe.
    public let name: String
    /// What it computes, exactly, and the source of the rule.
    public let summary: String
    public let takes: Set<Kind>
    /// Whether it learns from the target; it has to be the last step of its plan then.
    public let usesTarget: Bool
    /// Whether it looks at all columns of its plan at once.
    public let isJoint: Bool
    /// Whether it learns from the rows at all.
    public let learns: Bool
    public let settings: [Setting]
    let apply: @Sendable (FeatureFit, FeatureFlow, Settings) throws(MaxError) -> FeatureFlow

    init(
        _ name: String, _ summary: String, takes: Set<Kind>, usesTarget: Bool = false, isJoint: Bool = false, learns: Bool = true,
        settings: [Setting] = [],
        apply: @escaping @Sendable (FeatureFit, FeatureFlow, Settings) throws(MaxError) -> FeatureFlow
    ) {
        self.name = name
        self.summary = summary
        self.takes = takes
        self.usesTarget = usesTarget
        self.isJoint = isJoint
        self.learns = learns
        self.settings = settings
        self.apply = apply
    }
}

/// What goes from step to step: numbers `[N, k]`; texts or times `[N]`.
struct FeatureFlow: Sendable {
    var value: ValueID
    var kind: Featurizer.Kind
    var columns: [FeatureMatrix.Column]
    var sources: [[Text]]
    /// For texts: what stands for a missing one.
    var missing: Text?

    var width: Int { columns.count }
}

/// Every featurizer that there is, by name.
public enum Featurizers {
    public static let all: [Featurizer] =
        numbers + scalers + transforms + categories + dates + texts + [discretize] + joint + selection + expressions

    public static func named(_ name: String) -> Featurizer? { all.first { $0.name == name } }

    /// `docs/featurizers.md`.
    public static var page: String {
        var out = "# Featurizers\n\n"
        out +=
            "Generated from the declarations. Numbers are computed in f64, or in f32 where every number column of the table that is used\n"
        out +=
            "is f32; what is learned is computed in f64, in the order of the rows, and rounded to that type once. NaN is a missing number.\n"
        for featurizer in all {
            out += "\n## \(featurizer.name)\n\n\(featurizer.summary)\n\n"
            let kinds = featurizer.takes.map(\.rawValue).sorted().joined(separator: ", ")
            out +=
                "- takes: \(kinds)\(featurizer.isJoint ? ", all columns at once" : "")\(featurizer.usesTarget ? "; uses the target" : "")\n"
            for setting in featurizer.settings {
                let standard = setting.defaultValue.map { " = \($0.shown)" } ?? ""
                out += "- `\(setting.name)`\(standard): \(setting.summary) (\(setting.kind.expectation))\n"
            }
        }
        return out
    }
}
