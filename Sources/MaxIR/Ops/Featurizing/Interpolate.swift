extension Ops {
    /// The value at x of the polyline through the points (`xs`, `ys`); beyond its ends, the end's value.
    ///
    /// - Operand `x`: f64 of any shape. Result: as x; NaN stays NaN.
    /// - Attributes: at least one point; `xs` never fall, and finite; at equal xs the last y counts at x itself.
    /// - Between (a, ya) and (b, yb): `ya + (yb - ya) / (b - a) · (x - a)`. Source: NumPy `interp`.
    public static let interpolate = Operator(
        "interpolate", "The value at x of the polyline through points, constant beyond its ends; NaN stays NaN. Source: NumPy interp.",
        operands: [.one("x", [.f64])], attributes: [.required("xs", .floats), .required("ys", .floats)],
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

    init(_ node: some OperatorNode) throws(MaxError) {
        xs = try node.floats("xs")
        ys = try node.floats("ys")
        guard !xs.isEmpty, xs.count == ys.count else {
            throw MaxError(.malformed, "\(xs.count) xs and \(ys.count) ys, expected as many, and at least one")
        }
        guard xs.allSatisfy(\.isFinite), zip(xs, xs.dropFirst()).allSatisfy({ $0 <= $1 }) else {
            throw MaxError(.malformed, "xs: expected finite numbers that never fall")
        }
    }

    func value(_ x: Double) -> Double {
        guard !x.isNaN else { return x }
        // The last point at or before x.
        var (low, high) = (-1, xs.count)
        while high - low > 1 {
            let middle = (low + high) / 2
            if xs[middle] <= x { low = middle } else { high = middle }
        }
        guard low >= 0 else { return ys[0] }
        guard low + 1 < xs.count, x != xs[low] else { return ys[low] }
        let slope = (ys[low + 1] - ys[low]) / (xs[low + 1] - xs[low])
        return ys[low] + slope * (x - xs[low])
    }
}
