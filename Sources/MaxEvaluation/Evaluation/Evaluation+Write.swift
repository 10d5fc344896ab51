import MaxFormats
import MaxIR

extension Evaluation {
    public static let format = "maxai-evaluation"
    public static let version = 1

    /// The evaluation as JSON: `formats/evaluation.md`. Equal evaluations give equal bytes.
    public var json: [UInt8] {
        var out = JSONWriter()
        out.object { out in
            out.member("format", Self.format)
            out.member("version", Self.version)
            out.member("task", task.rawValue)
            out.member("target", text: target)
            out.member("sample", text: sample)
            out.member("rows", rows)
            out.member("classes", texts: classLabels)
            out.member("threshold", threshold)
            out.member("principal", principal)
            out.member("metrics", metrics)
            if let baseline {
                out.member("baseline") { out in
                    out.member("name", text: baseline.name)
                    out.member("metrics", baseline.metrics)
                }
            }
            if let confusion { out.member("confusion") { out in confusion.write(&out) } }
            out.member("curves") { out in curves.write(&out) }
            if let calibration { out.member("calibration") { out in calibration.write(&out) } }
            out.member("thresholds", list: thresholds) { out, found in
                out.member("name", found.name)
                out.member("value", found.threshold.value)
                out.member("objective", found.threshold.objective)
                out.member("confusion") { out in found.threshold.matrix.write(&out) }
            }
            out.member("segments", list: segments) { out, segments in
                out.member("column", text: segments.column)
                out.member("parts", list: segments.parts) { out, part in
                    out.member("value", text: part.value)
                    out.member("rows", part.rows)
                    out.member("metrics", part.metrics)
                }
            }
            out.member("fairness", list: fairness) { out, fairness in
                out.member("column", text: fairness.column)
                out.member("groups", list: fairness.groups) { out, group in
                    out.member("value", text: group.value)
                    out.member("rows", group.rows)
                    for (name, rate) in Fairness.Group.rates { out.member(name) { out in group[keyPath: rate].write(&out) } }
                }
                out.member("gaps") { out in for (name, gap) in Fairness.Gaps.members { out.member(name, fairness.gaps[keyPath: gap]) } }
            }
            out.member("importances", list: importances) { out, importance in
                out.member("column", text: importance.column)
                out.member("mean", importance.mean)
                if let error = importance.standardError { out.member("standard_error", error) }
            }
            out.member("partial_dependence", list: partialDependence) { out, dependence in
                out.member("column", text: dependence.column)
                out.member("values", texts: dependence.values)
                out.member("positions", numbers: dependence.positions)
                out.member("means", numbers: dependence.means)
            }
        }
        return out.bytes
    }
}

extension Fairness.Group {
    /// In the order and with the names of the JSON.
    static var rates: [(String, WritableKeyPath<Fairness.Group, Measured>)] {
        [
            ("base_rate", \.baseRate), ("selection_rate", \.selectionRate), ("true_positive_rate", \.truePositiveRate),
            ("false_positive_rate", \.falsePositiveRate), ("false_negative_rate", \.falseNegativeRate), ("precision", \.precision),
            ("auc", \.auc), ("calibration_gap", \.calibrationGap), ("calibration_error", \.calibrationError),
        ]
    }
}

extension Fairness.Gaps {
    static var members: [(String, KeyPath<Fairness.Gaps, Double>)] {
        [
            ("demographic_parity_difference", \.demographicParityDifference), ("demographic_parity_ratio", \.demographicParityRatio),
            ("equalised_odds_difference", \.equalisedOddsDifference), ("equal_opportunity_difference", \.equalOpportunityDifference),
            ("predictive_parity_difference", \.predictiveParityDifference),
        ]
    }
}

extension JSONWriter {
    mutating func member(_ name: String, _ body: (inout JSONWriter) -> Void) { member(name, object: body) }

    mutating func member(_ name: String, text: Text) {
        key(name)
        value(text)
    }

    mutating func member(_ name: String, texts: [Text]) { member(name, array: { out in for text in texts { out.value(text) } }) }
    mutating func member(_ name: String, numbers: [Double]) { member(name, array: { out in for number in numbers { out.value(number) } }) }

    mutating func member<Element>(_ name: String, list: [Element], _ body: (inout JSONWriter, Element) -> Void) {
        member(name, array: { out in for element in list { out.object { body(&$0, element) } } })
    }

    mutating func member(_ name: String, _ metrics: [MetricValue]) {
        member(name, list: metrics) { out, metric in
            out.member("name", metric.name)
            metric.measured.write(&out)
        }
    }
}

extension Measured {
    fileprivate func write(_ out: inout JSONWriter) {
        out.member("value", value)
        if let standardError { out.member("standard_error", standardError) }
        if let reason { out.member("reason", reason) }
    }
}

extension ConfusionMatrix {
    fileprivate func write(_ out: inout JSONWriter) {
        out.member("classes", classes)
        out.member("counts", numbers: counts)
    }
}

extension Histogram {
    fileprivate func write(_ out: inout JSONWriter) {
        out.member("low", low)
        out.member("high", high)
        out.member("series", array: { out in for one in series { out.array { out in for number in one { out.value(number) } } } })
    }
}

extension Evaluation.Curves {
    fileprivate func write(_ out: inout JSONWriter) {
        for (name, curve) in [("roc", roc), ("precision_recall", precisionRecall), ("gain", gain)] {
            guard let curve else { continue }
            out.member(name) { out in
                out.member("x", numbers: curve.x)
                out.member("y", numbers: curve.y)
                out.member("thresholds", numbers: curve.thresholds)
            }
        }
        if !liftByTenth.isEmpty { out.member("lift", numbers: liftByTenth) }
        if let reliability {
            out.member("reliability") { out in
                out.member("binning", reliability.binning.rawValue)
                out.member("bins", list: reliability.bins) { out, bin in
                    out.member("weight", bin.weight)
                    out.member("prediction", bin.meanPrediction)
                    out.member("share", bin.shareOfOnes)
                    if let error = bin.standardError { out.member("standard_error", error) }
                }
            }
        }
        if let scores { out.member("scores") { out in scores.write(&out) } }
        if let residuals {
            out.member("residuals") { out in
                out.member("predictions", numbers: residuals.predictions)
                out.member("residuals", numbers: residuals.residuals)
                out.member("histogram") { out in residuals.histogram.write(&out) }
            }
        }
    }
}

extension Calibration {
    fileprivate func write(_ out: inout JSONWriter) {
        out.member("method", name)
        switch self {
        case .platt(let slope, let intercept):
            out.member("slope", slope)
            out.member("intercept", intercept)
        case .isotonic(let x, let y):
            out.member("x", numbers: x)
            out.member("y", numbers: y)
        case .temperature(let temperature): out.member("temperature", temperature)
        }
    }
}
