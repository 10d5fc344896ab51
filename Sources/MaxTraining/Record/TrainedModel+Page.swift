import MaxEvaluation
import MaxExpectations
import MaxFeatures
import MaxIR
import MaxRuntime

extension TrainedModel {
    /// The report as a page; nil where there was nothing to judge by.
    public func page(recipe: String) -> String? {
        guard let evaluation else { return nil }
        var shown: [(name: String, value: String)] = [
            ("rows", "\(report.rows)"), ("features", "\(features.count)"), ("learner", record.learner),
        ]
        shown += facts
        shown.append(("data, SHA-256", record.dataDigest))
        return Report.html(
            evaluation, test: testEvaluation,
            facts: ReportFacts(
                model: graph.name, facts: shown,
                columns: report.summaries.map { summary in
                    [
                        summary.name.string, summary.element.rawValue,
                        summary.missing == 0 ? "" : "\((summary.missingShare * 1000).rounded() / 10) %", summary.range,
                    ]
                },
                findings: report.findings.map { [$0.severity.rawValue, $0.column?.string ?? "", $0.sentence, $0.advice] }, recipe: recipe))
    }
}
