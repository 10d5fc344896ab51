import MaxEvaluation
import MaxIR
import MaxLearning

/// What is done with a classifier's scores after it was fitted: how they become probabilities, and from where on the label is
/// the positive class.
public struct Decision: Sendable {
    /// Learned from held-out predictions; nil: the learner's own probabilities stand.
    public var calibration: Calibration?
    /// Binary: the label is the positive class where the probability is at least this; nil: above one half.
    public var threshold: Double?

    public init(calibration: Calibration? = nil, threshold: Double? = nil) {
        self.calibration = calibration
        self.threshold = threshold
    }
}

extension Calibration {
    /// Appends the calibrated probability.
    ///
    /// - Parameters:
    ///   - raw: margins `[N]`, or logits `[N, K]` for a temperature; f64.
    ///   - probability: what the learner makes of them, which isotonic calibration starts from.
    func append(to graph: inout GraphBuilder, raw: ValueID, probability: ValueID) throws(MaxError) -> ValueID {
        func scalar(_ value: Double) throws(MaxError) -> ValueID { try graph.constant(Tensor(scalar: value)) }
        switch self {
        case .platt(let slope, let intercept):
            let scaled = try graph.add(Ops.named("mul"), [raw, try scalar(slope)])
            let margin = try graph.add(Ops.named("add"), [scaled, try scalar(intercept)])
            return try graph.add(Ops.named("logistic"), [margin], ["form": .string("clamped")])
        case .temperature(let temperature):
            let scaled = try graph.add(Ops.named("div"), [raw, try scalar(temperature)])
            if graph.type(of: raw).tensor?.rank == 2 { return try graph.add(Ops.named("softmax"), [scaled], ["axis": .int(1)]) }
            return try graph.add(Ops.named("logistic"), [scaled], ["form": .string("clamped")])
        case .isotonic(let x, let y):
            return try graph.add(Ops.named("interpolate"), [probability], ["xs": .floats(x), "ys": .floats(y)])
        }
    }

    /// Learned from margins and probabilities of rows that the model did not see.
    static func learned(_ method: String, raw: [Double], probability: [Double], target: [Double], classes: Int, weights: [Double]?)
        throws(MaxError) -> Calibration?
    {
        switch method {
        case "platt":
            guard classes == 2 else {
                throw MaxError(.usage, "calibration.method: platt needs two classes, found \(classes): use temperature")
            }
            return try .platt(margins: raw, targets: target, weights: weights)
        case "isotonic":
            guard classes == 2 else {
                throw MaxError(.usage, "calibration.method: isotonic needs two classes, found \(classes): use temperature")
            }
            return try .isotonic(scores: probability, targets: target, weights: weights)
        case "temperature": return try .temperature(logits: raw, targets: target, classes: classes, weights: weights)
        default: return nil
        }
    }
}
