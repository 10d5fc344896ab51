import MaxIR
import MaxLearning
import MaxSettings

/// Transforms of the shape of a column's distribution.
extension Featurizers {
    static let transforms: [Featurizer] = [quantile, power]

    /// Every column of a flow through nodes of its own.
    private static func byColumn(
        _ fit: FeatureFit, _ flow: FeatureFlow, _ body: (ValueID, Int) throws(MaxError) -> ValueID
    ) throws(MaxError) -> FeatureFlow {
        var parts: [ValueID] = []
        for column in 0..<flow.width {
            var x = try fit.gather(flow.value, [column], of: flow.width)
            if fit.element != .f64 { x = try fit.add(Ops.cast, [x], ["to": .type(.f64)]) }
            parts.append(try fit.cast(try body(x, column)))
        }
        var out = flow
        out.value = try fit.concat(parts)
        return out
    }

    static let quantile = Featurizer(
        "quantile",
        "The part of the rows that were learned from below x: the polyline through `points` quantiles (linear between order statistics; "
            + "no more than there are rows), from 0 to 1, and its ends beyond them; of equal quantiles the middle of first and last. With "
            + "`output` normal, the number that has this part of a standard normal distribution below it, from -5.2 to 5.2 (by another algorithm than SciPy's: values differ by 2e-16 of the largest). NaN stays NaN, "
            + "infinite values are not learned from. Source: scikit-learn QuantileTransformer without subsample. Differs with normal output "
            + "in that only the ends themselves give -5.2 and 5.2, where scikit-learn takes all within 1e-7 of them, which may be all there is.",
        takes: [.numbers],
        settings: [
            Setting("points", .integer(2...10_000), 1000, "quantiles that are kept"),
            Setting("output", .choice(["uniform", "normal"]), "uniform", "the distribution of what comes out"),
        ]
    ) { fit, flow, settings throws(MaxError) in
        let count = max(1, min(settings.integer("points"), fit.rows.count))
        // As numpy's `linspace` and `percentile` round.
        let step = 1 / Double(max(count - 1, 1))
        let parts = (0..<count).map { $0 > 0 && $0 == count - 1 ? 1 : Double($0) * step }
        return try byColumn(fit, flow) { x, column throws(MaxError) in
            let points = try fit.withNumbers(flow, column) { numbers in
                let sorted = Quantiles.sorted(numbers)
                return sorted.isEmpty ? [] : parts.map { Quantiles.of(sorted, $0 * 100 / 100) }
            }
            guard !points.isEmpty, points.allSatisfy(\.isFinite) else {
                throw MaxError(.malformed, "column \(flow.columns[column].name.quoted): no finite numbers to learn quantiles from")
            }
            let uniform = try fit.add(
                Ops.interpolate, [x], ["xs": .floats(rising(points)), "ys": .floats(parts), "ties": .string("mean")])
            guard settings.text("output") == "normal" else { return uniform }
            let (low, high) = (Ops.standardNormal(below: 1e-7 - 0x1p-52), Ops.standardNormal(below: 1 - (1e-7 - 0x1p-52)))
            return try fit.clamped(
                try fit.add(Ops.normalQuantile, [uniform]), try fit.builder.constant(Tensor([low])),
                try fit.builder.constant(Tensor([high]))
            )
        }
    }

    /// Quantiles between close order statistics may fall by a rounding.
    private static func rising(_ points: [Double]) -> [Double] {
        var largest = -Double.infinity
        return points.map { point in
            largest = max(largest, point)
            return largest
        }
    }

    static let power = Featurizer(
        "power",
        "The transform of Yeo and Johnson, or for numbers above 0 that of Box and Cox, with the exponent of greatest likelihood (Brent's method to "
            + "1.5e-8, among exponents for which twenty times the largest magnitude overflows no variance), then (x - mean) / standard deviation "
            + "unless `standardize` is false. NaN stays NaN, infinite values are not learned from, a column without spread keeps its values. "
            + "Source: scikit-learn PowerTransformer, whose exponents may differ in the eighth digit (standardized values by 2e-8 of the largest), and "
            + "who takes any exponent where a column's spread is below 1e-8 of its size, since rounding decides: here such a column keeps 1.",
        takes: [.numbers],
        settings: [
            Setting(
                "method", .choice(["yeo_johnson", "box_cox"]), "yeo_johnson", "the transform; box_cox refuses to learn from 0 and less"),
            Setting("standardize", .flag, true, "whether the result has mean 0 and variance 1"),
        ]
    ) { fit, flow, settings throws(MaxError) in
        let isBoxCox = settings.text("method") == "box_cox"
        return try byColumn(fit, flow) { x, column throws(MaxError) in
            let learned = try fit.withNumbers(flow, column) { numbers -> (lambda: Double, mean: Double, scale: Double)? in
                let finite = numbers.filter(\.isFinite)
                if isBoxCox, finite.contains(where: { $0 <= 0 }) { return nil }
                let lambda = PowerLikelihood(finite, isBoxCox: isBoxCox).exponent
                let moved = finite.map { isBoxCox ? Ops.boxCox($0, lambda) : Ops.yeoJohnson($0, lambda) }
                let scaling = moved.withUnsafeBufferPointer { standardScale(Moments($0)) }
                return (lambda, scaling.mean, scaling.scale)
            }
            guard let learned else {
                throw MaxError(
                    .malformed,
                    "power: column \(flow.columns[column].name.quoted): found numbers that are not above 0: use yeo_johnson")
            }
            let value = try fit.add(isBoxCox ? Ops.boxCox : Ops.yeoJohnson, [x], ["lambda": .float(learned.lambda)])
            guard settings.flag("standardize"), learned.mean.isFinite else { return value }
            let centered = try fit.add(Ops.sub, [value, try fit.builder.constant(Tensor([learned.mean]))])
            guard learned.scale > 0, learned.scale.isFinite, learned.scale != 1 else { return centered }
            return try fit.add(Ops.div, [centered, try fit.builder.constant(Tensor([learned.scale]))])
        }
    }
}
