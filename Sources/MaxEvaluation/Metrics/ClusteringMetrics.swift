import Glibc

/// Groups of equal numbers, in ascending order of the number; a number for noise (−1) is a group as any other.
struct Groups {
    let count: Int
    let of: [Int]
    let sizes: [Int]

    init(_ labels: [Double]) {
        let distinct = Set(labels).sorted()
        var place: [Double: Int] = [:]
        for (index, label) in distinct.enumerated() { place[label] = index }
        let of = labels.map { place[$0] ?? 0 }
        var sizes = [Int](repeating: 0, count: distinct.count)
        for group in of { sizes[group] += 1 }
        count = distinct.count
        self.of = of
        self.sizes = sizes
    }
}

extension Metrics {
    /// Silhouettes are taken among this many rows, drawn by a fixed seed, when there are more.
    static let silhouetteRows = 2000

    static let clustering: [Metric] = [
        Metric(
            "adjusted_rand", "Adjusted Rand index",
            "pairs of rows on which clusters and classes agree, corrected for chance; Hubert and Arabie 1985; scikit-learn",
            tasks: [.clustering], larger: true, kind: .clusters, error: "none"
        ) { scored, _ in Measured(adjustedRand(Groups(scored.target), Groups(scored.prediction))) },
        Metric(
            "nmi", "Normalised mutual information",
            "I(classes; clusters) ÷ mean of both entropies; scikit-learn normalized_mutual_info_score",
            tasks: [.clustering], larger: true, kind: .clusters, error: "none"
        ) { scored, _ in Measured(mutualInformation(Groups(scored.target), Groups(scored.prediction))) },
        Metric(
            "silhouette", "Silhouette",
            "mean (b − a)/max(a, b): a within the cluster, b to the nearest other, Euclidean; among at most \(silhouetteRows) rows drawn by a fixed seed; Rousseeuw 1987",
            tasks: [.clustering], larger: true, kind: .points, error: ofMean
        ) { scored, _ in
            var rows = Array(scored.prediction.indices)
            if rows.count > silhouetteRows {
                var random = SplitMix64(seed: Bootstrap.seed)
                random.shuffle(&rows)
                rows = rows.prefix(silhouetteRows).sorted()
            }
            return silhouette(scored, rows)
        },
        Metric(
            "davies_bouldin", "Davies-Bouldin index",
            "mean over clusters of the worst (sᵢ + sⱼ)/dᵢⱼ, s mean distance to the centre; Davies and Bouldin 1979; scikit-learn",
            tasks: [.clustering], larger: false, kind: .points, error: "none"
        ) { scored, _ in daviesBouldin(scored) },
        Metric(
            "calinski_harabasz", "Calinski-Harabasz index",
            "spread between clusters ÷ (k − 1) over spread within ÷ (n − k); Caliński and Harabasz 1974; scikit-learn",
            tasks: [.clustering], larger: true, kind: .points, error: "none"
        ) { scored, _ in calinskiHarabasz(scored) },
    ]

    private static func contingency(_ a: Groups, _ b: Groups) -> [(a: Int, b: Int, count: Double)] {
        let cells = zip(a.of, b.of).map { $0 * b.count + $1 }.sorted()
        var out: [(a: Int, b: Int, count: Double)] = []
        var last = -1
        for cell in cells {
            if cell == last {
                out[out.count - 1].count += 1
            } else {
                out.append((cell / b.count, cell % b.count, 1))
                last = cell
            }
        }
        return out
    }

    static func adjustedRand(_ a: Groups, _ b: Groups) -> Double {
        let n = Double(a.of.count)
        let both = Sum.of(contingency(a, b).map { $0.count * $0.count })
        let rows = Sum.of(a.sizes.map { Double($0) * Double($0) })
        let columns = Sum.of(b.sizes.map { Double($0) * Double($0) })
        // Pairs together in both, in one, in none, each counted twice.
        let together = both - n
        let onlyA = rows - both
        let onlyB = columns - both
        let apart = n * n - together - onlyA - onlyB - n
        if onlyA == 0, onlyB == 0 { return 1 }
        return 2 * (together * apart - onlyB * onlyA) / ((together + onlyB) * (onlyB + apart) + (together + onlyA) * (onlyA + apart))
    }

    static func mutualInformation(_ a: Groups, _ b: Groups) -> Double {
        let n = Double(a.of.count)
        if a.count == 1, b.count == 1 { return 1 }
        func entropy(_ groups: Groups) -> Double { Sum.of(groups.sizes.map { -Double($0) / n * log(Double($0) / n) }) }
        let shared = Sum.of(
            contingency(a, b).map { cell in
                cell.count / n * (log(cell.count) + log(n) - log(Double(a.sizes[cell.a])) - log(Double(b.sizes[cell.b])))
            })
        let scale = (entropy(a) + entropy(b)) / 2
        return scale > 0 && shared > 0 ? shared / scale : 0
    }

    private static func silhouette(_ scored: Scored, _ rows: [Int]) -> Measured {
        guard let points = scored.points else { return Measured(undefined: "needs the rows as points") }
        let groups = Groups(rows.map { scored.prediction[$0] })
        guard groups.count > 1, groups.count < rows.count else {
            return Measured(undefined: "found \(groups.count) clusters in \(rows.count) rows, needs 2 to one less than the rows")
        }
        let width = points.columns
        var values: [Double] = []
        var sums = [Double](repeating: 0, count: groups.count)
        for (i, row) in rows.enumerated() {
            for group in sums.indices { sums[group] = 0 }
            for (j, other) in rows.enumerated() where i != j {
                var square = 0.0
                for column in 0..<width {
                    let difference = points.values[row * width + column] - points.values[other * width + column]
                    square += difference * difference
                }
                sums[groups.of[j]] += square.squareRoot()
            }
            let mine = groups.of[i]
            guard groups.sizes[mine] > 1 else {
                values.append(0)
                continue
            }
            let within = sums[mine] / Double(groups.sizes[mine] - 1)
            let nearest = sums.indices.filter { $0 != mine }.map { sums[$0] / Double(groups.sizes[$0]) }.min() ?? 0
            values.append(max(within, nearest) > 0 ? (nearest - within) / max(within, nearest) : 0)
        }
        return WeightedMean.measure(values, scored.weights.map { weights in rows.map { weights[$0] } })
    }

    /// Centres, row by row, and each cluster's rows.
    private static func centres(_ points: Scored.Points, _ groups: Groups) -> [Double] {
        var sums = [Sum](repeating: Sum(), count: groups.count * points.columns)
        for (row, group) in groups.of.enumerated() {
            for column in 0..<points.columns { sums[group * points.columns + column].add(points.values[row * points.columns + column]) }
        }
        return sums.indices.map { sums[$0].value / Double(groups.sizes[$0 / points.columns]) }
    }

    private static func squaredDistance(_ a: ArraySlice<Double>, _ b: ArraySlice<Double>) -> Double {
        Sum.of(zip(a, b).map { ($0 - $1) * ($0 - $1) })
    }

    private static func daviesBouldin(_ scored: Scored) -> Measured {
        guard let points = scored.points else { return Measured(undefined: "needs the rows as points") }
        let groups = Groups(scored.prediction)
        guard groups.count > 1, groups.count < groups.of.count else {
            return Measured(undefined: "found \(groups.count) clusters in \(groups.of.count) rows, needs 2 to one less than the rows")
        }
        let width = points.columns
        let centres = centres(points, groups)
        func centre(_ group: Int) -> ArraySlice<Double> { centres[(group * width)..<((group + 1) * width)] }
        var spread = [Sum](repeating: Sum(), count: groups.count)
        for (row, group) in groups.of.enumerated() {
            spread[group].add(squaredDistance(points.values[(row * width)..<((row + 1) * width)], centre(group)).squareRoot())
        }
        let means = spread.indices.map { spread[$0].value / Double(groups.sizes[$0]) }
        var sum = Sum()
        for i in 0..<groups.count {
            var worst = 0.0
            for j in 0..<groups.count where j != i {
                let distance = squaredDistance(centre(i), centre(j)).squareRoot()
                if distance > 0 { worst = max(worst, (means[i] + means[j]) / distance) }
            }
            sum.add(worst)
        }
        return Measured(sum.value / Double(groups.count))
    }

    private static func calinskiHarabasz(_ scored: Scored) -> Measured {
        guard let points = scored.points else { return Measured(undefined: "needs the rows as points") }
        let groups = Groups(scored.prediction)
        let rows = groups.of.count
        guard groups.count > 1, groups.count < rows else {
            return Measured(undefined: "found \(groups.count) clusters in \(rows) rows, needs 2 to one less than the rows")
        }
        let width = points.columns
        let centres = centres(points, groups)
        let middle = Self.centres(points, Groups([Double](repeating: 0, count: rows)))
        func centre(_ group: Int) -> ArraySlice<Double> { centres[(group * width)..<((group + 1) * width)] }
        let between = Sum.of((0..<groups.count).map { Double(groups.sizes[$0]) * squaredDistance(centre($0), middle[...]) })
        let within = Sum.of(
            (0..<rows).map { squaredDistance(points.values[($0 * width)..<(($0 + 1) * width)], centre(groups.of[$0])) })
        guard within > 0 else { return Measured(1) }
        return Measured(between * Double(rows - groups.count) / (within * Double(groups.count - 1)))
    }
}
