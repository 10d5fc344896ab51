import MaxIR
import MaxSettings

/// (x - center) / scale, per column.
extension Featurizers {
    static let scalers: [Featurizer] = [standard, minMax, maxAbs, robust]

    private static func scaler(
        _ name: String, _ summary: String, _ settings: [Setting] = [],
        _ learn: @escaping @Sendable (UnsafeBufferPointer<Double>, Settings) -> (center: Double, scale: Double)
    ) -> Featurizer {
        Featurizer(
            name,
            summary
                + " A scale of 0, or without finite values, counts as 1. Infinite values are not learned from; NaN stays NaN. Differs from "
                + "scikit-learn in that no scale is too small (there 2.2e-15 counts as 0), and that a constant column has its value as mean, to the bit.",
            takes: [.numbers], settings: settings
        ) { fit, flow, settings throws(MaxError) in
            var (centers, scales): ([Double], [Double]) = ([], [])
            for column in 0..<flow.width {
                let (center, scale) = try fit.withNumbers(flow, column) { learn($0, settings) }
                centers.append(center.isFinite ? center : 0)
                // Also 1 where the scale would round to 0 in f32.
                let isUsable = scale.isFinite && scale != 0 && (fit.element == .f64 || Float(scale) != 0)
                scales.append(isUsable ? scale : 1)
            }
            var out = flow
            if centers.contains(where: { $0 != 0 }) { out.value = try fit.add(Ops.sub, [out.value, try fit.constant(centers)]) }
            out.value = try fit.add(Ops.div, [out.value, try fit.constant(scales)])
            return out
        }
    }

    static let standard = scaler(
        "standard",
        "(x - mean) / standard deviation, with the variance of the population (divided by the number of values). "
            + "Source: scikit-learn StandardScaler.",
        [Setting("center", .flag, true, "whether the mean is subtracted"), Setting("scale", .flag, true, "whether to divide")]
    ) { numbers, settings in
        let moments = Moments(numbers)
        return (settings.flag("center") ? moments.mean : 0, settings.flag("scale") ? standardScale(moments).scale : 1)
    }

    /// Mean and standard deviation, or 1 for the spread of a constant.
    static func standardScale(_ moments: Moments) -> (mean: Double, scale: Double) {
        (moments.mean, moments.isConstant ? 1 : moments.variance.squareRoot())
    }

    static let minMax = scaler(
        "min_max",
        "(x - least) / (largest - least): 0 to 1 on what was learned from. Source: scikit-learn MinMaxScaler, which multiplies instead."
    ) { numbers, _ in
        let moments = Moments(numbers)
        return (moments.least, moments.largest - moments.least)
    }

    static let maxAbs = scaler("max_abs", "x / largest magnitude. Source: scikit-learn MaxAbsScaler.") { numbers, _ in
        let moments = Moments(numbers)
        return (0, max(moments.least.magnitude, moments.largest.magnitude))
    }

    static let robust = scaler(
        "robust",
        "(x - median) / (quantile at `high` - quantile at `low`), linear between order statistics. Source: scikit-learn RobustScaler.",
        [Setting("low", .number(0...1), 0.25, "quantile"), Setting("high", .number(0...1), 0.75, "quantile")]
    ) { numbers, settings in
        let sorted = Quantiles.sorted(numbers)
        return (
            Quantiles.of(sorted, 0.5), Quantiles.of(sorted, settings.number("high")) - Quantiles.of(sorted, settings.number("low"))
        )
    }
}
