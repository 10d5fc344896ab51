import CMaxKernels
import MaxIR

/// The test of a node as `x < threshold`, exactly equivalent for every x of the type that is compared.
///
/// `x <= t` is `x < t'` with t' the next float above t; `x >= t` is the opposite of `x < t` but for NaN, whose side
/// the policy keeps. Where f32 values meet f64 thresholds, the threshold becomes the smallest f32 that is not below
/// it.
struct LessTest {
    /// Of the type that is compared.
    var threshold: Double
    /// Where missing values go, of `MAXAI_NAN_LEFT`...: left is the side of `x < threshold`.
    var policy: Int
    /// Whether `x < threshold` means that the node's test is false.
    var isSwapped: Bool

    /// nil when the test has no such form.
    ///
    /// - Parameters: what the ensemble has for the node; taken one by one, as a copy of the ensemble per node would cost
    ///   more than all else.
    init?(comparison: UInt8, missing flags: UInt8, threshold value: Double, comparesF64: Bool) {
        let isInclusive: Bool
        switch TreeEnsemble.Comparison(rawValue: comparison) {
        case .less: (isInclusive, isSwapped) = (false, false)
        case .lessOrEqual: (isInclusive, isSwapped) = (true, false)
        case .greaterOrEqual: (isInclusive, isSwapped) = (false, true)
        case .greater: (isInclusive, isSwapped) = (true, true)
        default: return nil
        }
        if comparesF64 {
            guard value.isFinite else { return nil }
            threshold = isInclusive ? value.nextUp : value
        } else {
            guard value.magnitude <= Double(Float.greatestFiniteMagnitude) else { return nil }
            var single = Float(value)
            if Double(single) < value { single = single.nextUp }
            if isInclusive, Double(single) == value { single = single.nextUp }
            threshold = Double(single)
        }
        let goesLeft = (flags & TreeEnsemble.missingGoesTrue != 0) != isSwapped
        switch TreeEnsemble.Missing(rawValue: flags & 3) ?? .none {
        case .none: policy = isSwapped ? MAXAI_NAN_LEFT : MAXAI_NAN_RIGHT
        case .nan: policy = goesLeft ? MAXAI_NAN_LEFT : MAXAI_NAN_RIGHT
        case .zero: policy = goesLeft ? MAXAI_ZERO_LEFT : MAXAI_ZERO_RIGHT
        case .nanIsZero: policy = MAXAI_NAN_ZERO
        }
    }
}

extension LessTest {
    /// One per node of an ensemble; nil where the test has no such form.
    static func all(_ e: TreeEnsemble, comparesF64: Bool) -> [LessTest?] {
        let (comparison, missing) = (e.comparison, e.missing)
        let thresholds: [Double] =
            switch e.threshold {
            case .f32(let values): values.map { Double($0) }
            case .f64(let values): values
            default: []
            }
        return thresholds.indices.map {
            LessTest(comparison: comparison[$0], missing: missing[$0], threshold: thresholds[$0], comparesF64: comparesF64)
        }
    }
}
