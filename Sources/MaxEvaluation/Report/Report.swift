import MaxFormats
import MaxIR

/// What a report tells beside an evaluation.
public struct ReportFacts: Sendable {
    public var model: Text
    /// In words: names and values, such as learner, rows, digest.
    public var facts: [(name: String, value: String)]
    /// Each column of the data: name, type, missing, values.
    public var columns: [[String]]
    /// Findings of the data checks: severity, place, what, what to do.
    public var findings: [[String]]
    public var recipe: String

    public init(model: Text, facts: [(name: String, value: String)], columns: [[String]], findings: [[String]], recipe: String) {
        self.model = model
        self.facts = facts
        self.columns = columns
        self.findings = findings
        self.recipe = recipe
    }
}

/// A page about how good a model is, for people who did not train it: one file, no scripts, nothing from elsewhere.
public enum Report {
    /// - Parameters:
    ///   - evaluation: on held-out rows.
    ///   - test: on rows that were kept apart altogether.
    public static func html(_ evaluation: Evaluation, test: Evaluation? = nil, facts: ReportFacts) -> String {
        var page = HTMLPage()
        page.begin(title: "\(facts.model.string): how good it is")
        page.element("h1", facts.model.string)
        summary(evaluation, test, into: &page)
        metrics(evaluation, test, into: &page)
        curves(evaluation, into: &page)
        confusion(evaluation, into: &page)
        explanations(evaluation, into: &page)
        segments(evaluation, into: &page)
        page.element("h2", "The data")
        page.table(["", ""], facts.facts.map { [$0.name, $0.value] })
        if !facts.findings.isEmpty {
            page.element("h2", "What the checks of the data found")
            page.table(["", "where", "what", "what to do"], facts.findings)
        }
        page.element("h2", "Columns")
        page.table(["column", "type", "missing", "values"], facts.columns)
        page.element("h2", "Recipe")
        page.element("pre", facts.recipe)
        page.end()
        return page.text
    }

    private static func summary(_ evaluation: Evaluation, _ test: Evaluation?, into page: inout HTMLPage) {
        let task: String =
            switch evaluation.task {
            case .binary: "whether \(evaluation.target.string) is \(evaluation.classLabels.last?.string ?? "true")"
            case .multiclass: "which of \(evaluation.classLabels.count) classes \(evaluation.target.string) is"
            case .regression: "the number \(evaluation.target.string)"
            case .ranking: "the order of rows by \(evaluation.target.string)"
            case .anomaly: "how unusual a row is"
            case .clustering: "which group a row belongs to"
            }
        page.raw("<div class=\"lead\"><p>")
        page.escaped(
            "This model predicts \(task). It was judged on \(Shown.count(evaluation.rows)) rows that it had not learned from (\(evaluation.sample.string))."
        )
        page.raw("</p>")
        for one in [evaluation, test].compactMap({ $0 }) {
            guard let metric = try? Metrics.named(one.principal), let found = one.value(one.principal) else { continue }
            let (value, error) = Shown.measured(found)
            page.raw("<p><b>")
            page.escaped("\(metric.title) \(value)\(error.isEmpty ? "" : " ± \(error)")")
            page.raw("</b> ")
            page.escaped("on \(one.sample.string)")
            if let baseline = one.baseline, let trivial = baseline.metrics.first(where: { $0.name == one.principal }),
                trivial.measured.value.isFinite
            {
                page.escaped("; \(Shown.number(trivial.measured.value)) would be reached by \(baseline.name.string)")
            }
            page.escaped(metric.isLargerBetter ? ". Larger is better." : ". Smaller is better.")
            page.raw("</p>")
        }
        page.raw("</div>\n")
    }

    private static func metrics(_ evaluation: Evaluation, _ test: Evaluation?, into page: inout HTMLPage) {
        page.element("h2", "Metrics")
        let rows = evaluation.metrics.map { one in
            let metric = try? Metrics.named(one.name)
            let (value, error) = Shown.measured(one.measured)
            let trivial = evaluation.baseline?.metrics.first { $0.name == one.name }.map { Shown.number($0.measured.value) } ?? ""
            let tested = test?.value(one.name).map { Shown.measured($0) }
            let shown = error.isEmpty ? value : "\(value) ± \(error)"
            return [metric?.title ?? one.name, one.measured.reason.map { "\(shown) (\($0))" } ?? shown]
                + (test == nil ? [] : [tested.map { $0.error.isEmpty ? $0.value : "\($0.value) ± \($0.error)" } ?? ""])
                + [trivial, metric?.isLargerBetter == false ? "smaller is better" : "larger is better"]
        }
        page.table(
            ["", evaluation.sample.string] + (test.map { [$0.sample.string] } ?? []) + [
                evaluation.baseline.map { "baseline: \($0.name.string)" } ?? "baseline", "",
            ], rows)
        page.raw("<p class=\"note\">± is one standard error: another sample of as many rows would often differ by that much.</p>\n")
    }

    private static func pairs(_ curve: Curve) -> [(x: Double, y: Double)] { zip(curve.x, curve.y).map { ($0, $1) } }

    private static func curves(_ evaluation: Evaluation, into page: inout HTMLPage) {
        let curves = evaluation.curves
        var plots: [Plot] = []
        let diagonal = Plot.Series(name: "by chance", mark: .line(dashed: true), points: [(0, 0), (1, 1)])
        if let roc = curves.roc {
            plots.append(
                Plot(
                    title: "ROC", xLabel: "false positive rate", yLabel: "true positive rate",
                    series: [.init(name: "model", mark: .line(dashed: false), points: pairs(roc)), diagonal], x: 0...1, y: 0...1))
        }
        if let curve = curves.precisionRecall {
            plots.append(
                Plot(
                    title: "Precision and recall", xLabel: "recall", yLabel: "precision",
                    series: [.init(name: "model", mark: .line(dashed: false), points: pairs(curve))], x: 0...1, y: 0...1))
        }
        if let reliability = curves.reliability {
            let bins = reliability.bins.filter { $0.weight > 0 }
            plots.append(
                Plot(
                    title: "Reliability: do probabilities mean what they say?", xLabel: "predicted probability",
                    yLabel: "share that came true",
                    series: [
                        .init(
                            name: "model", mark: .points, points: bins.map { ($0.meanPrediction, $0.shareOfOnes) },
                            errors: bins.map { $0.standardError ?? .nan }),
                        .init(name: "model", mark: .line(dashed: false), points: bins.map { ($0.meanPrediction, $0.shareOfOnes) }),
                        .init(name: "as it should be", mark: .line(dashed: true), points: [(0, 0), (1, 1)]),
                    ], x: 0...1, y: 0...1))
        }
        if let gain = curves.gain {
            plots.append(
                Plot(
                    title: "Gain", xLabel: "share of rows, highest scores first", yLabel: "share of positives found",
                    series: [.init(name: "model", mark: .line(dashed: false), points: pairs(gain)), diagonal], x: 0...1, y: 0...1))
        }
        if !curves.liftByTenth.isEmpty {
            let points = curves.liftByTenth.enumerated().map { (x: Double($0.offset + 1), y: $0.element) }
            plots.append(
                Plot(
                    title: "Lift by tenths of the rows", xLabel: "tenth, highest scores first", yLabel: "times the average",
                    series: [.init(name: "lift", mark: .bars(width: 0.8), points: points)], x: 0.4...10.6))
        }
        if let scores = curves.scores {
            plots.append(histogram(scores, "Scores by class", "predicted probability", evaluation.classLabels.map(\.string)))
        }
        if let residuals = curves.residuals {
            plots.append(
                Plot(
                    title: "Residuals", xLabel: "prediction", yLabel: "truth − prediction",
                    series: [.init(name: "rows", mark: .points, points: zip(residuals.predictions, residuals.residuals).map { ($0, $1) })]))
            plots.append(histogram(residuals.histogram, "How large the errors are", "truth − prediction", ["rows"]))
        }
        guard !plots.isEmpty else { return }
        page.element("h2", "Curves")
        page.raw("<div class=\"plots\">")
        for plot in plots { plot.draw(into: &page) }
        page.raw("</div>\n")
    }

    private static func histogram(_ histogram: Histogram, _ title: String, _ label: String, _ names: [String]) -> Plot {
        let bins = histogram.series.map(\.count).max() ?? 1
        let width = (histogram.high - histogram.low) / Double(max(bins, 1))
        let series = histogram.series.enumerated().map { number, counts in
            let total = counts.reduce(0, +)
            return Plot.Series(
                name: number < names.count ? names[number] : "\(number)", mark: .bars(width: width),
                points: counts.enumerated().map { (histogram.low + width * (Double($0.offset) + 0.5), total > 0 ? $0.element / total : 0) })
        }
        return Plot(title: title, xLabel: label, yLabel: "share of rows", series: series)
    }

    private static func confusion(_ evaluation: Evaluation, into page: inout HTMLPage) {
        guard let matrix = evaluation.confusion, matrix.classes <= 20 else { return }
        page.element("h2", evaluation.task == .binary ? "Decisions at a probability of \(Shown.number(evaluation.threshold))" : "Decisions")
        let labels = (0..<matrix.classes).map { $0 < evaluation.classLabels.count ? evaluation.classLabels[$0].string : "\($0)" }
        page.table(
            ["truth"] + labels.map { "chosen: \($0)" } + ["of these found"],
            (0..<matrix.classes).map { row in
                [labels[row]] + (0..<matrix.classes).map { Shown.number(matrix[row, $0], digits: 7) } + [Shown.percent(matrix.recall(row))]
            })
    }

    private static func explanations(_ evaluation: Evaluation, into page: inout HTMLPage) {
        guard !evaluation.importances.isEmpty || !evaluation.partialDependence.isEmpty else { return }
        page.element("h2", "What it looks at")
        if !evaluation.importances.isEmpty {
            let title = (try? Metrics.named(evaluation.principal))?.title ?? evaluation.principal
            page.element("p", "How much worse \(title) becomes when a column's values are given to the wrong rows:")
            let top = evaluation.importances.prefix(25)
            let most = top.map(\.mean).filter(\.isFinite).max() ?? 0
            page.raw("<div class=\"wide\"><table><tbody>\n")
            for one in top {
                page.raw("<tr>")
                page.element("td", one.column.string)
                page.element("td", "\(Shown.number(one.mean))\(one.standardError.map { " ± \(Shown.number($0, digits: 2))" } ?? "")")
                let width = most > 0 && one.mean.isFinite ? max(0, one.mean / most) * 300 : 0
                page.number(
                    "<td><svg viewBox=\"0 0 300 12\" style=\"width:300px;height:12px\"><rect class=\"bar s0\" width=\"\(Plot.coordinate(width))\" height=\"12\"/></svg></td></tr>\n"
                )
            }
            page.raw("</tbody></table></div>\n")
        }
        guard !evaluation.partialDependence.isEmpty else { return }
        page.element("p", "The mean prediction when a column has one value in all rows:")
        page.raw("<div class=\"plots\">")
        for one in evaluation.partialDependence {
            let points = one.means.enumerated().map {
                (x: one.positions.isEmpty ? Double($0.offset) : one.positions[$0.offset], y: $0.element)
            }
            Plot(
                title: one.column.string, xLabel: one.column.string, yLabel: "mean prediction",
                series: [.init(name: "mean", mark: one.positions.isEmpty ? .bars(width: 0.8) : .line(dashed: false), points: points)],
                x: one.positions.isEmpty ? -0.6...Double(max(points.count, 1)) - 0.4 : nil,
                xNames: one.positions.isEmpty ? one.values.map(\.string) : []
            ).draw(into: &page)
        }
        page.raw("</div>\n")
    }

    private static func segments(_ evaluation: Evaluation, into page: inout HTMLPage) {
        for one in evaluation.segments {
            page.element("h2", "By \(one.column.string)")
            let names = one.parts.first?.metrics.map(\.name) ?? []
            page.table(
                [one.column.string, "rows"] + names.map { (try? Metrics.named($0))?.title ?? $0 },
                one.parts.map { part in
                    [part.value.string, Shown.count(part.rows)]
                        + part.metrics.map { found in
                            let (value, error) = Shown.measured(found.measured)
                            return error.isEmpty ? value : "\(value) ± \(error)"
                        }
                })
        }
        for one in evaluation.fairness {
            page.element("h2", "Fairness by \(one.column.string)")
            page.table(
                [one.column.string, "rows", "positives in truth", "chosen", "found (TPR)", "false alarms (FPR)", "precision", "AUC"],
                one.groups.map { group in
                    [group.value.string, Shown.count(group.rows)]
                        + [group.baseRate, group.selectionRate, group.truePositiveRate, group.falsePositiveRate, group.precision].map {
                            Shown.percent($0.value)
                        }
                        + [Shown.number(group.auc.value)]
                })
            let gaps = one.gaps
            page.element(
                "p",
                "Chosen shares differ by \(Shown.percent(gaps.demographicParityDifference)); the smallest is \(Shown.percent(gaps.demographicParityRatio)) of the largest\(gaps.breaksFourFifthsRule ? ", below the four fifths of the rule of thumb" : ""). Equalised odds differ by \(Shown.percent(gaps.equalisedOddsDifference)), precision by \(Shown.percent(gaps.predictiveParityDifference))."
            )
        }
    }
}
