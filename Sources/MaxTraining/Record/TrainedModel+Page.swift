import MaxEvaluation
import MaxFeatures
import MaxIR

extension TrainedModel {
    /// The report as a page; nil where there is nothing to show.
    public func page(name: Text, recipe: Recipe, table: Table) -> String? { nil }
}
