import MaxCases
import MaxIR

/// Rows that lie where tests change: on thresholds and next to them, at zeros, infinities, NaN, and around categories.
struct HostileRows {
    private let thresholds: [[Double]]

    init(_ e: TreeEnsemble, columns: Int) {
        var thresholds = [[Double]](repeating: [], count: columns)
        for node in 0..<e.nodeCount { thresholds[Int(e.column[node])].append(e.threshold.number(node)) }
        self.thresholds = thresholds
    }

    func matrix(_ random: inout SplitMix, rows: Int, _ element: ElementType) -> Tensor {
        let values = (0..<rows).flatMap { _ in thresholds.map { value(&random, $0) } }
        let shape = [rows, thresholds.count]
        return element == .f64 ? Tensor(values, shape: shape) : Tensor(values.map { Float($0) }, shape: shape)
    }

    private static let special: [Double] = [
        .nan, .infinity, -.infinity, 0, -0.0, 1e-35, -1e-35, Double(Float(1e-35)), -Double(Float(1e-35)),
        Double(Float(1e-35).nextUp), Double(Float(1e-35)).nextUp, Double.leastNonzeroMagnitude, Double(Float.leastNonzeroMagnitude),
        Double(Float.greatestFiniteMagnitude), -Double(Float.greatestFiniteMagnitude), 1e300, -1e300,
    ]
    private static let categories: [Double] = [
        0, 1, 2.9, -0.5, -1, 63, 64, 127, 191, 250, 251, 252, 253, 254, 255, 256, 300, 383, 384, 4e9,
    ]

    private func value(_ random: inout SplitMix, _ thresholds: [Double]) -> Double {
        switch random.below(8) {
        case 0: return Self.special[random.below(Self.special.count)]
        case 1: return random.below(2) == 0 ? Double(random.below(260)) : Self.categories[random.below(Self.categories.count)]
        case 2: return Double(random.below(80_000) - 40_000) / 1000
        default:
            guard !thresholds.isEmpty else { return Double(random.below(9)) }
            let t = thresholds[random.below(thresholds.count)]
            let near = [
                t, t.nextUp, t.nextDown, Double(Float(t)), Double(Float(t).nextUp), Double(Float(t).nextDown), Double(Float(t)).nextUp,
            ]
            return near[random.below(near.count)]
        }
    }
}
