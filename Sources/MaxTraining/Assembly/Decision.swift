import MaxEvaluation
import MaxIR
import MaxLearning

/// What is done with a model's scores after it was fitted: how they become probabilities, and when the label is which class.
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
