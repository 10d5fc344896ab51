import Glibc

/// Gauss–Legendre quadrature on 0...1: with `n` nodes, exact for polynomials of degree up to 2n - 1.
package struct GaussLegendre: Sendable {
    /// Ascending, inside 0...1.
    package let nodes: [Double]
    /// They add up to 1.
    package let weights: [Double]

    /// By Newton's method on the Legendre polynomial of degree `count`, from the usual cosine estimates.
    package init(_ count: Int) {
        var (nodes, weights) = ([Double](repeating: 0, count: count), [Double](repeating: 0, count: count))
        for k in 0..<count {
            var x = cos(Double.pi * (Double(k) + 0.75) / (Double(count) + 0.5))
            var slope = 1.0
            for _ in 0..<64 {
                var (value, below) = (1.0, 0.0)
                for degree in 0..<count {
                    let next = (Double(2 * degree + 1) * x * value - Double(degree) * below) / Double(degree + 1)
                    (below, value) = (value, next)
                }
                slope = Double(count) * (x * value - below) / (x * x - 1)
                let change = value / slope
                x -= change
                if change.magnitude < 1e-16 { break }
            }
            nodes[count - 1 - k] = (1 + x) / 2
            weights[count - 1 - k] = 1 / ((1 - x * x) * slope * slope)
        }
        self.nodes = nodes
        self.weights = weights
    }

    /// The rules for paths of 0 ... `slots` columns: rule d integrates polynomials of degree d - 1.
    package static func rules(slots: Int) -> [GaussLegendre] { (0...slots).map { GaussLegendre(max(($0 + 1) / 2, 1)) } }
}
