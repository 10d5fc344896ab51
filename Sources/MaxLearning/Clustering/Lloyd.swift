import COpenBLAS
import Glibc
import MaxIR

/// Lloyd's iterations on rows less their means. Sums are made in blocks of a fixed size, in order.
final class Lloyd: @unchecked Sendable {
    struct Solution {
        /// `[clusters, columns]`
        var centres: [Double]
        /// Weighted sum of squared distances to the own centre.
        var inertia: Double
        var iterations: Int
        var isStable: Bool
    }

    let clusters: Int
    let means: [Double]
    /// Mean over the columns.
    let variance: Double
    private let rows: CompleteRows
    private let weights: [Double]
    private let crew: Crew
    private let norms: Block<Double>
    private let label: Block<Int32>
    private let distance: Block<Double>

    /// Changes `rows`: their means are subtracted.
    init(_ rows: CompleteRows, weights: [Double], clusters: Int, crew: Crew) {
        self.rows = rows
        self.weights = weights
        self.clusters = clusters
        self.crew = crew
        norms = Block<Double>(rows.rows, 0)
        label = Block<Int32>(rows.rows, -1)
        distance = Block<Double>(rows.rows, 0)
        let columns = rows.columns
        let sums = OrderedChains(width: columns).total(of: rows.rows, size: CompleteRows.blockRows, crew: crew) { block, sums in
            for row in block {
                let x = rows.row(row)
                for column in 0..<columns { sums[column] += x[column] }
            }
        }
        let means = sums.map { $0 / Double(rows.rows) }
        let norms = norms
        let squares = OrderedChains(width: 1).total(of: rows.rows, size: CompleteRows.blockRows, crew: crew) { block, sums in
            for row in block {
                let x = rows.row(row)
                for column in 0..<columns { x[column] -= means[column] }
                norms[row] = rows.squareNorm(row)
                sums[0] += norms[row]
            }
        }
        self.means = means
        variance = squares[0] / Double(rows.rows) / Double(max(columns, 1))
    }

    /// Greedy k-means++: each new centre is the best of 2 + log k rows, drawn by weight times squared distance to the nearest centre.
    func seeds(_ seed: UInt64) -> [Double] {
        let (count, columns) = (rows.rows, rows.columns)
        let trials = 2 + Int(Glibc.log(Double(clusters)))
        var counter: UInt64 = 0
        func draw(_ cumulated: Block<Double>) -> Int {
            counter += 1
            let level = CounterGenerator.unit(counter, seed: seed) * cumulated[count - 1]
            var (low, high) = (0, count - 1)
            while low < high {
                let middle = (low + high) / 2
                if cumulated[middle] > level { high = middle } else { low = middle + 1 }
            }
            return low
        }
        let cumulated = Block<Double>(count, 0)
        var sum = 0.0
        for row in 0..<count {
            sum += weights[row]
            cumulated[row] = sum
        }
        let closest = Block<Double>(count, .infinity)
        let candidates = (0..<trials).map { _ in Block<Double>(count, 0) }
        var centres: [Double] = []
        for cluster in 0..<clusters {
            if cluster > 0 {
                sum = 0
                for row in 0..<count {
                    sum += weights[row] * closest[row]
                    cumulated[row] = sum
                }
            }
            let drawn = (0..<(cluster == 0 ? 1 : trials)).map { _ in draw(cumulated) }
            var best = (potential: Double.infinity, trial: 0)
            for (trial, chosen) in drawn.enumerated() {
                let potential = potential(of: chosen, closest, into: candidates[trial])
                if potential < best.potential { best = (potential, trial) }
            }
            closest.start.update(from: candidates[best.trial].start, count: count)
            centres += UnsafeBufferPointer(start: rows.row(drawn[best.trial]), count: columns)
        }
        return centres
    }

    /// What the sum of squared distances becomes when row `chosen` is a centre too.
    private func potential(of chosen: Int, _ closest: Block<Double>, into out: Block<Double>) -> Double {
        let (columns, centre, norm) = (rows.columns, rows.row(chosen), norms[chosen])
        return OrderedChains(width: 1).total(of: rows.rows, size: CompleteRows.blockRows, crew: crew) { [self] block, sums in
            cblas_dgemv(
                CblasRowMajor, CblasNoTrans, Int32(block.count), Int32(columns), -2, rows.row(block.lowerBound), Int32(columns), centre, 1,
                0,
                out.start + block.lowerBound, 1)
            var sum = 0.0
            for row in block {
                out[row] = row == chosen ? 0 : min(closest[row], max(0, norms[row] + norm + out[row]))
                sum += weights[row] * out[row]
            }
            sums[0] += sum
        }[0]
    }

    func iterate(from seeds: [Double], iterations: Int, tolerance: Double) -> Solution {
        var centres = seeds
        for row in 0..<label.count { label[row] = -1 }
        let columns = rows.columns
        var (iteration, isStable) = (0, false)
        while iteration < iterations {
            iteration += 1
            let totals = assign(to: centres)
            isStable = totals[totals.count - 2] == 0
            if isStable { break }
            var next = centres
            var empty: [Int] = []
            for cluster in 0..<clusters {
                let weight = totals[cluster * (columns + 1) + columns]
                guard weight > 0 else {
                    empty.append(cluster)
                    continue
                }
                for column in 0..<columns { next[cluster * columns + column] = totals[cluster * (columns + 1) + column] / weight }
            }
            place(empty, in: &next)
            var shift = 0.0
            for place in centres.indices { shift += (next[place] - centres[place]) * (next[place] - centres[place]) }
            centres = next
            if empty.isEmpty, shift <= tolerance * variance { break }
        }
        if !isStable { _ = assign(to: centres) }
        return Solution(centres: centres, inertia: inertia(centres), iterations: iteration, isStable: isStable)
    }

    /// Centres without rows become the rows that are farthest from theirs.
    private func place(_ empty: [Int], in centres: inout [Double]) {
        guard !empty.isEmpty else { return }
        let farthest = (0..<rows.rows).filter { weights[$0] > 0 }.sorted { (-distance[$0], $0) < (-distance[$1], $1) }
        for (cluster, row) in zip(empty, farthest) {
            for column in 0..<rows.columns { centres[cluster * rows.columns + column] = rows.row(row)[column] }
        }
    }

    /// Gives every row its nearest centre. For each cluster sums of the columns and the weight; then how many rows changed, and 0.
    private func assign(to centres: [Double]) -> [Double] {
        let (columns, clusters) = (rows.columns, clusters)
        let squares = (0..<clusters).map { cluster in
            (0..<columns).reduce(0.0) { $0 + centres[cluster * columns + $1] * centres[cluster * columns + $1] }
        }
        return OrderedChains(width: clusters * (columns + 1) + 2).total(of: rows.rows, size: 256, crew: crew) { [self] block, sums in
            withUnsafeTemporaryAllocation(of: Double.self, capacity: block.count * clusters) { products in
                guard let products = products.baseAddress else { return }
                centres.withUnsafeBufferPointer { centres in
                    guard let centres = centres.baseAddress else { return }
                    rows.product(block, centres, width: clusters, isTransposed: true, into: products)
                }
                for row in block {
                    let own = products + (row - block.lowerBound) * clusters
                    var (best, nearest) = (Double.infinity, 0)
                    for cluster in 0..<clusters {
                        let relative = squares[cluster] - 2 * own[cluster]
                        if relative < best { (best, nearest) = (relative, cluster) }
                    }
                    if label[row] != Int32(nearest) { sums[clusters * (columns + 1)] += 1 }
                    label[row] = Int32(nearest)
                    distance[row] = max(0, norms[row] + best)
                    let (place, x, weight) = (sums + nearest * (columns + 1), rows.row(row), weights[row])
                    for column in 0..<columns { place[column] += weight * x[column] }
                    place[columns] += weight
                }
            }
        }
    }

    /// From differences, which lose no digits.
    private func inertia(_ centres: [Double]) -> Double {
        let columns = rows.columns
        return OrderedChains(width: 1).total(of: rows.rows, size: CompleteRows.blockRows, crew: crew) { [self] block, sums in
            for row in block {
                let (x, first) = (rows.row(row), Int(label[row]) * columns)
                var square = 0.0
                for column in 0..<columns { square += (x[column] - centres[first + column]) * (x[column] - centres[first + column]) }
                sums[0] += weights[row] * square
            }
        }[0]
    }
}
