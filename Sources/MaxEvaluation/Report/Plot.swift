import MaxFormats
import MaxIR

/// A drawing with two axes, as SVG.
struct Plot {
    enum Mark {
        case line(dashed: Bool)
        case points
        /// Vertical bars, `width` on the x axis.
        case bars(width: Double)
    }

    struct Series {
        var name: String
        var mark: Mark
        var points: [(x: Double, y: Double)]
        /// Half lengths of error bars, one per point.
        var errors: [Double] = []
    }

    var title: String
    var xLabel: String
    var yLabel: String
    var series: [Series]
    var x: ClosedRange<Double>? = nil
    var y: ClosedRange<Double>? = nil
    /// Names under the x axis at 0, 1, 2 … instead of numbers.
    var xNames: [String] = []

    private static let size = (width: 440.0, height: 300.0)
    private static let margin = (left: 58.0, right: 14.0, top: 12.0, bottom: 46.0)

    func draw(into page: inout HTMLPage) {
        let shown = series.map { one in
            var one = one
            let finite = one.points.indices.filter { one.points[$0].x.isFinite && one.points[$0].y.isFinite }
            if one.errors.count == one.points.count { one.errors = finite.map { one.errors[$0] } } else { one.errors = [] }
            one.points = finite.map { one.points[$0] }
            return one
        }.filter { !$0.points.isEmpty }
        guard !shown.isEmpty else { return }
        let xs = x ?? Self.range(shown.flatMap { $0.points.map(\.x) })
        let ys = y ?? Self.range(shown.flatMap { one in one.points.map(\.y) + (Self.startsAtZero(one.mark) ? [0] : []) })
        func px(_ value: Double) -> Double {
            Self.margin.left + (value - xs.lowerBound) / (xs.upperBound - xs.lowerBound)
                * (Self.size.width - Self.margin.left - Self.margin.right)
        }
        func py(_ value: Double) -> Double {
            Self.size.height - Self.margin.bottom - (value - ys.lowerBound) / (ys.upperBound - ys.lowerBound)
                * (Self.size.height - Self.margin.top - Self.margin.bottom)
        }
        page.raw("<figure><figcaption>")
        page.escaped(title)
        page.raw("</figcaption><svg viewBox=\"0 0 440 300\" role=\"img\"><title>")
        page.escaped("\(title): \(yLabel) by \(xLabel)")
        page.raw("</title>")
        for tick in Self.ticks(ys) {
            page.number(
                "<line class=\"grid\" x1=\"58\" x2=\"426\" y1=\"\(Self.coordinate(py(tick)))\" y2=\"\(Self.coordinate(py(tick)))\"/>")
            page.number("<text class=\"tick end\" x=\"52\" y=\"\(Self.coordinate(py(tick) + 4))\">")
            page.escaped(Shown.number(tick))
            page.raw("</text>")
        }
        for (place, tick) in (xNames.isEmpty ? Self.ticks(xs) : xNames.indices.map { Double($0) }).enumerated() {
            page.number("<text class=\"tick middle\" x=\"\(Self.coordinate(px(tick)))\" y=\"270\">")
            page.escaped(xNames.isEmpty ? Shown.number(tick) : String(xNames[place].prefix(xNames.count > 6 ? 6 : 12)))
            page.raw("</text>")
        }
        page.number(
            "<line class=\"axis\" x1=\"58\" x2=\"426\" y1=\"254\" y2=\"254\"/><line class=\"axis\" x1=\"58\" x2=\"58\" y1=\"12\" y2=\"254\"/>"
        )
        page.raw("<text class=\"label middle\" x=\"242\" y=\"292\">")
        page.escaped(xLabel)
        page.raw("</text><text class=\"label middle\" transform=\"translate(13,133) rotate(-90)\">")
        page.escaped(yLabel)
        page.raw("</text>")
        for (number, one) in shown.enumerated() { draw(one, number, px, py, ys, into: &page) }
        page.raw("</svg>")
        if shown.count > 1 {
            page.raw("<p class=\"legend\">")
            for (number, one) in shown.enumerated() where !shown[..<number].contains(where: { $0.name == one.name }) {
                page.number("<span class=\"s\(number % 4)\">■</span> ")
                page.escaped(one.name + "  ")
            }
            page.raw("</p>")
        }
        page.raw("</figure>\n")
    }

    private func draw(
        _ one: Series, _ number: Int, _ px: (Double) -> Double, _ py: (Double) -> Double, _ ys: ClosedRange<Double>,
        into page: inout HTMLPage
    ) {
        func at(_ value: Double) -> String { Self.coordinate(value) }
        switch one.mark {
        case .line(let dashed):
            let path = one.points.map { "\(at(px($0.x))),\(at(py($0.y)))" }.joined(separator: " ")
            page.number("<polyline class=\"line s\(number % 4)\(dashed ? " dashed" : "")\" points=\"\(path)\"/>")
        case .points:
            for point in one.points {
                page.number("<circle class=\"dot s\(number % 4)\" cx=\"\(at(px(point.x)))\" cy=\"\(at(py(point.y)))\" r=\"2.5\"/>")
            }
        case .bars(let width):
            let base = py(max(min(0, ys.upperBound), ys.lowerBound))
            for point in one.points {
                let (left, right, top) = (px(point.x - width / 2), px(point.x + width / 2), py(point.y))
                page.number(
                    "<rect class=\"bar s\(number % 4)\" x=\"\(at(left))\" width=\"\(at(max(right - left - 1, 0.5)))\" y=\"\(at(min(top, base)))\" height=\"\(at(abs(base - top)))\"><title>"
                )
                page.escaped("\(Shown.number(point.x)): \(Shown.number(point.y))")
                page.raw("</title></rect>")
            }
        }
        for (point, error) in zip(one.points, one.errors) where error.isFinite {
            page.number(
                "<line class=\"error\" x1=\"\(at(px(point.x)))\" x2=\"\(at(px(point.x)))\" y1=\"\(at(py(point.y - error)))\" y2=\"\(at(py(point.y + error)))\"/>"
            )
        }
    }

    private static func startsAtZero(_ mark: Mark) -> Bool { if case .bars = mark { true } else { false } }

    private static func range(_ values: [Double]) -> ClosedRange<Double> {
        let (low, high) = (values.min() ?? 0, values.max() ?? 1)
        let pad = high > low ? (high - low) * 0.04 : max(abs(low) * 0.1, 1e-9)
        guard (low - pad).isFinite, (high + pad).isFinite, (high - low).isFinite else { return 0...1 }
        return low - (low == 0 ? 0 : pad)...high + pad
    }

    /// Three to seven round numbers within a range.
    private static func ticks(_ range: ClosedRange<Double>) -> [Double] {
        let span = range.upperBound - range.lowerBound
        var step = 1.0
        while step > span / 4 { step /= 10 }
        while step < span / 40 { step *= 10 }
        for factor in [5.0, 2.5, 2.0] where span / (step * factor) >= 3 {
            step *= factor
            break
        }
        var tick = (range.lowerBound / step).rounded(.up) * step
        var ticks: [Double] = []
        while tick <= range.upperBound + step * 1e-9, ticks.count < 12 {
            ticks.append(abs(tick) < step * 1e-9 ? 0 : tick)
            tick += step
        }
        return ticks
    }

    static func coordinate(_ value: Double) -> String { Shown.fixed(min(max(value.isFinite ? value : 0, -1e4), 1e4), 1) }
}
