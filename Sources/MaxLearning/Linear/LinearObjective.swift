import MaxIR

/// The weighted mean of a loss, and penalties on the weights in the columns' own units:
///
///     Σᵢ vᵢ loss(xᵢ·w + b, yᵢ) / Σᵢ vᵢ + l1 ‖w‖₁ + l2/2 ‖w‖²
///
/// Points are weights of the standardized columns and intercepts: for each output k, `columns` weights; then the intercepts.
struct LinearObjective<Family: LinearFamily> {
    let features: StandardizedFeatures
    let family: Family
    let target: [Double]
    let weights: [Double]?
    let l1: Double
    let l2: Double
    let hasIntercept: Bool
    let crew: Crew
    private let total: Double

    init(
        _ features: StandardizedFeatures, _ family: Family, target: [Double], weights: [Double]?, l1: Double, l2: Double,
        hasIntercept: Bool,
        crew: Crew
    ) {
        self.features = features
        self.family = family
        self.target = target
        self.weights = weights
        self.l1 = l1
        self.l2 = l2
        self.hasIntercept = hasIntercept
        self.crew = crew
        total = weights.map { $0.reduce(0, +) } ?? Double(target.count)
    }

    var outputs: Int { family.outputs }
    var width: Int { features.columns * outputs }
    var count: Int { width + (hasIntercept ? outputs : 0) }

    /// What a weight of a standardized column costs: penalties divided by the column's scale.
    func l1(_ place: Int) -> Double { place < width ? l1 / features.scales[place % features.columns] : 0 }
    func l2(_ place: Int) -> Double {
        guard place < width else { return 0 }
        let scale = features.scales[place % features.columns]
        return l2 / (scale * scale)
    }

    /// Scores of all rows, block by block: output k of a block's row i at `first × outputs + k × block + i`.
    func scores(_ point: [Double], into eta: Block<Double>) {
        let outputs = outputs
        crew.pieces(of: features.rows, size: StandardizedFeatures.blockRows) { _, range in
            let out = eta.start + range.lowerBound * outputs
            point.withUnsafeBufferPointer { features.product(range, $0.baseAddress!, outputs: outputs, into: out) }
            guard hasIntercept else { return }
            for k in 0..<outputs { for row in 0..<range.count { out[k * range.count + row] += point[width + k] } }
        }
    }

    /// The objective without l1.
    func smooth(_ point: [Double], _ eta: Block<Double>) -> Double {
        let pieces = (features.rows + StandardizedFeatures.blockRows - 1) / StandardizedFeatures.blockRows
        let sums = Block<Double>(pieces, 0)
        crew.pieces(of: features.rows, size: StandardizedFeatures.blockRows) { piece, range in
            let base = eta.start + range.lowerBound * outputs
            var sum = 0.0
            for row in 0..<range.count {
                sum += family.loss(base + row, range.count, target[range.lowerBound + row]) * (weights?[range.lowerBound + row] ?? 1)
            }
            sums[piece] = sum
        }
        var value = 0.0
        for piece in 0..<pieces { value += sums[piece] }
        value /= total
        if l2 > 0 { for place in 0..<width { value += 0.5 * l2(place) * point[place] * point[place] } }
        return value
    }

    func penalty(_ point: [Double]) -> Double {
        guard l1 > 0 else { return 0 }
        return (0..<width).reduce(0) { $0 + l1($1) * abs(point[$1]) }
    }

    func gradient(_ point: [Double], _ eta: Block<Double>) -> [Double] {
        var out = reduced { row, base, stride, y, r in
            family.gradient(base, stride, y, r)
        } eta: {
            eta
        }
        for place in 0..<width { out[place] += l2(place) * point[place] }
        return out
    }

    /// Second derivatives times `direction`; `product` is what `scores` gives for it.
    func curvature(_ direction: [Double], product: Block<Double>, _ eta: Block<Double>) -> [Double] {
        let outputs = outputs
        var out = reduced { row, base, stride, y, r in
            withUnsafeTemporaryAllocation(of: Double.self, capacity: outputs) { local in
                let offset = base - UnsafePointer(eta.start)
                for k in 0..<outputs { local[k] = (product.start + offset)[k * stride] }
                if let local = local.baseAddress { family.curvature(base, stride, y, local, r) }
            }
        } eta: {
            eta
        }
        for place in 0..<width { out[place] += l2(place) * direction[place] }
        return out
    }

    /// Zᵀ r / total, with r made row by row; blocks are summed in order.
    private func reduced(
        _ body: (Int, UnsafePointer<Double>, Int, Double, UnsafeMutablePointer<Double>) -> Void, eta: () -> Block<Double>
    ) -> [Double] {
        let eta = eta()
        let pieces = (features.rows + StandardizedFeatures.blockRows - 1) / StandardizedFeatures.blockRows
        let (outputs, width, count) = (outputs, width, count)
        let partial = Block<Double>(pieces * count, 0)
        crew.pieces(of: features.rows, size: StandardizedFeatures.blockRows) { piece, range in
            let r = Block<Double>(range.count * outputs, 0)
            withUnsafeTemporaryAllocation(of: Double.self, capacity: outputs) { local in
                guard let local = local.baseAddress else { return }
                for row in 0..<range.count {
                    let at = range.lowerBound + row
                    body(row, UnsafePointer(eta.start + range.lowerBound * outputs + row), range.count, target[at], local)
                    let weight = weights?[at] ?? 1
                    for k in 0..<outputs { r[k * range.count + row] = local[k] * weight }
                }
            }
            let out = partial.start + piece * count
            features.transposed(range, r.start, outputs: outputs, into: out)
            guard hasIntercept else { return }
            for k in 0..<outputs {
                var sum = 0.0
                for row in 0..<range.count { sum += r[k * range.count + row] }
                out[width + k] = sum
            }
        }
        var out = [Double](repeating: 0, count: count)
        for piece in 0..<pieces { for place in 0..<count { out[place] += partial[piece * count + place] } }
        for place in 0..<count { out[place] /= total }
        return out
    }
}
