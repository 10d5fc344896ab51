import Glibc
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
        "The part of the rows that were learned from below x: the polyline through `points` quantiles (linear between order statistics), "
            + "from 0 to 1, and its ends beyond them. Of equal quantiles the last counts, where scikit-learn takes the middle of first and "
            + "last. NaN stays NaN. Source: scikit-learn QuantileTransformer, output uniform.",
        takes: [.numbers], settings: [Setting("points", .integer(2...10_000), 1000, "quantiles that are kept")]
    ) { fit, flow, settings throws(MaxError) in
        let count = settings.integer("points")
        return try byColumn(fit, flow) { x, column throws(MaxError) in
            let points = try fit.withNumbers(flow, column) { numbers in
                let sorted = Quantiles.sorted(numbers)
                return sorted.isEmpty ? [] : (0..<count).map { Quantiles.of(sorted, Double($0) / Double(count - 1)) }
            }
            guard !points.isEmpty, points.allSatisfy(\.isFinite) else {
                throw MaxError(.malformed, "column \(flow.columns[column].name.quoted): no finite numbers to learn quantiles from")
            }
            return try fit.add(
                Ops.interpolate, [x], ["xs": .floats(points), "ys": .floats((0..<count).map { Double($0) / Double(count - 1) })])
        }
    }

    static let power = Featurizer(
        "power",
        "The transform of Yeo and Johnson with the exponent of greatest likelihood (Brent's method within -10 and 10, to 1e-10), then "
            + "(x - mean) / standard deviation unless `standardize` is false. NaN stays NaN. Source: scikit-learn PowerTransformer, whose exponents "
            + "may differ in the ninth digit.",
        takes: [.numbers], settings: [Setting("standardize", .flag, true, "whether the result has mean 0 and variance 1")]
    ) { fit, flow, settings throws(MaxError) in
        try byColumn(fit, flow) { x, column throws(MaxError) in
            let learned = try fit.withNumbers(flow, column) { numbers in
                let finite = numbers.filter(\.isFinite)
                let lambda = YeoJohnson.exponent(finite)
                let moments = finite.map { Ops.yeoJohnson($0, lambda) }.withUnsafeBufferPointer { Moments($0) }
                return (lambda: lambda, mean: moments.mean, scale: moments.variance.squareRoot())
            }
            let value = try fit.add(Ops.yeoJohnson, [x], ["lambda": .float(learned.lambda)])
            guard settings.flag("standardize"), learned.scale > 0, learned.scale.isFinite else { return value }
            let centered = try fit.add(Ops.sub, [value, try fit.builder.constant(Tensor([learned.mean]))])
            return try fit.add(Ops.div, [centered, try fit.builder.constant(Tensor([learned.scale]))])
        }
    }
}

/// The exponent of Yeo and Johnson's transform.
enum YeoJohnson {
    /// Of greatest likelihood of a normal distribution; 1 where values do not vary.
    static func exponent(_ values: [Double]) -> Double {
        guard let first = values.first, values.contains(where: { $0 != first }) else { return 1 }
        let logs = values.reduce(0.0) { $0 + ($1 < 0 ? -1 : 1) * log1p(abs($1)) }
        func loss(_ lambda: Double) -> Double {
            var (sum, square) = (0.0, 0.0)
            for value in values {
                let moved = Ops.yeoJohnson(value, lambda)
                sum += moved
                square += moved * moved
            }
            let count = Double(values.count)
            let variance = square / count - sum / count * (sum / count)
            guard variance > 0, variance.isFinite else { return .infinity }
            return count / 2 * log(variance) - (lambda - 1) * logs
        }
        return minimum(of: loss, from: -10, to: 10)
    }

    /// Source: Brent 1973, ch. 5, golden sections alone.
    private static func minimum(of body: (Double) -> Double, from low: Double, to high: Double) -> Double {
        let golden = (3 - 5.0.squareRoot()) / 2
        var (a, b) = (low, high)
        var (x, y) = (a + golden * (b - a), b - golden * (b - a))
        var (fx, fy) = (body(x), body(y))
        while b - a > 1e-10 {
            if fx <= fy {
                (b, y, fy) = (y, x, fx)
                x = a + golden * (b - a)
                fx = body(x)
            } else {
                (a, x, fx) = (x, y, fy)
                y = b - golden * (b - a)
                fy = body(y)
            }
        }
        return (a + b) / 2
    }
}
