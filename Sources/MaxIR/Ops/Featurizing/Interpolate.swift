extension Ops {
    /// The value at x of the polyline through the points (`xs`, `ys`); at and beyond its ends, the end's value.
    ///
    /// - Operand `x`: f64 of any shape. Result: as x; NaN stays NaN.
    /// - Attributes: at least one point; `xs` never fall, and finite. `ties` says what counts at an x that several points share:
    ///   `last`, or `mean`, the mean of the polyline followed from the left and from the right.
    /// - Between (a, ya) and (b, yb): `ya + (yb - ya) / (b - a) · (x - a)`; from the right `yb - (yb - ya) / (b - a) · (b - x)`.
    ///   Where the slope would be infinite, `ya + (yb - ya) · ((x - a) / (b - a))`.
    /// - Source: NumPy `interp`; `mean` is what scikit-learn's `QuantileTransformer` makes of it.
    public static let interpolate = Operator(
        "interpolate", "The value at x of the polyline through points, constant beyond its ends; NaN stays NaN. Source: NumPy interp.",
        operands: [.one("x", [.f64])],
        attributes: [.required("xs", .floats), .required("ys", .floats), .defaulted("ties", .string("last"))],
        scalar: { node throws(MaxError) in
            let line = try Polyline(node)
            return ScalarFunction(f64: { line.value($0) }, f32: { Float(line.value(Double($0))) })
        },
        infer: { node throws(MaxError) in
            _ = try Polyline(node)
            return [.tensor(try node.tensorType(0))]
        },
        evaluate: { node throws(MaxError) in
            let x = try node.tensor(0)
            let line = try Polyline(node)
            return [.tensor(Tensor(try node.values(0, as: Double.self).map { line.value($0) }, shape: x.shape))]
        })
}

/// Points that are joined by straight lines.
struct Polyline: Sendable {
    let xs: [Double]
    let ys: [Double]
    /// Of equal xs the mean of first and last y, rather than the last.
    let isMean: Bool

    init(_ node: some OperatorNode) throws(MaxError) {
        xs = try node.floats("xs")
        ys = try node.floats("ys")
        guard !xs.isEmpty, xs.count == ys.count else {
            throw MaxError(.malformed, "\(xs.count) xs and \(ys.count) ys, expected as many, and at least one")
        }
        guard xs.allSatisfy(\.isFinite), zip(xs, xs.dropFirst()).allSatisfy({ $0 <= $1 }) else {
            throw MaxError(.malformed, "xs: expected finite numbers that never fall")
        }
        let ties = try node.string("ties")
        guard ties == "last" || ties == "mean" else {
            throw MaxError(.malformed, "ties: found \(ties.quoted), expected last or mean")
        }
        isMean = ties == "mean"
    }

    func value(_ x: Double) -> Double {
        guard !x.isNaN else { return x }
        let last = xs.count - 1
        if isMean {
            if x <= xs[0] { return ys[0] }
            if x >= xs[last] { return ys[last] }
            let low = place(x) { $0 <= $1 }
            if x != xs[low] {
                let slope = (ys[low + 1] - ys[low]) / (xs[low + 1] - xs[low])
                guard slope.isFinite, slope != 0 else { return steep(x, low) }
                return 0.5 * (ys[low] + slope * (x - xs[low]) - (slope * (xs[low + 1] - x) - ys[low + 1]))
            }
            // The first of those equal to x follows the last one below it.
            return 0.5 * (ys[low] + ys[place(x) { $0 < $1 } + 1])
        }
        let low = place(x) { $0 <= $1 }
        guard low >= 0 else { return ys[0] }
        guard low < last, x != xs[low] else { return ys[low] }
        let slope = (ys[low + 1] - ys[low]) / (xs[low + 1] - xs[low])
        guard slope.isFinite, slope != 0 else { return steep(x, low) }
        return ys[low] + slope * (x - xs[low])
    }

    /// Where the slope is out of range: points that nearly touch, or lie farther apart than a number can say.
    private func steep(_ x: Double, _ low: Int) -> Double {
        let (width, along) = (xs[low + 1] - xs[low], x - xs[low])
        let share = width.isFinite ? along / width : (x / 2 - xs[low] / 2) / (xs[low + 1] / 2 - xs[low] / 2)
        return ys[low] + (ys[low + 1] - ys[low]) * share
    }

    /// The last point of which `isBefore` holds with x; -1 for none.
    @inline(__always) private func place(_ x: Double, _ isBefore: (Double, Double) -> Bool) -> Int {
        var (low, high) = (-1, xs.count)
        while high - low > 1 {
            let middle = (low + high) / 2
            if isBefore(xs[middle], x) { low = middle } else { high = middle }
        }
        return low
    }
}
