/// Weighted means with their standard errors. Weights are sampling weights: doubling all of them changes nothing.
enum WeightedMean {
    /// `n / (n − 1)` for equal weights; Kish's effective number of rows otherwise. nil with fewer than two rows' worth.
    static func correction(total: Double, squares: Double) -> Double? {
        guard squares > 0 else { return nil }
        let effective = total * total / squares
        return effective > 1 + 1e-9 ? effective / (effective - 1) : nil
    }

    static func measure(_ values: [Double], _ weights: [Double]?) -> Measured {
        var total = Sum()
        var weight = Sum()
        var squares = Sum()
        for row in values.indices {
            let w = weights?[row] ?? 1
            total.add(w * values[row])
            weight.add(w)
            squares.add(w * w)
        }
        let mean = total.value / weight.value
        var spread = Sum()
        for row in values.indices {
            let u = (weights?[row] ?? 1) * (values[row] - mean)
            spread.add(u * u)
        }
        let error = correction(total: weight.value, squares: squares.value).map {
            (spread.value * $0).squareRoot() / weight.value
        }
        return Measured(mean, error)
    }

    /// `Σ w a / Σ w b`, with its error by the delta method.
    static func ratio(_ above: [Double], _ below: [Double], _ weights: [Double]?) -> Measured {
        var a = Sum()
        var b = Sum()
        var weight = Sum()
        var squares = Sum()
        for row in above.indices {
            let w = weights?[row] ?? 1
            a.add(w * above[row])
            b.add(w * below[row])
            weight.add(w)
            squares.add(w * w)
        }
        guard b.value != 0 else { return Measured(undefined: "the denominator is 0") }
        let ratio = a.value / b.value
        var spread = Sum()
        for row in above.indices {
            let u = (weights?[row] ?? 1) * (above[row] - ratio * below[row])
            spread.add(u * u)
        }
        let error = correction(total: weight.value, squares: squares.value).map {
            (spread.value * $0).squareRoot() / abs(b.value)
        }
        return Measured(ratio, error)
    }
}
