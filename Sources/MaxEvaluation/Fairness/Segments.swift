import MaxIR

/// Metrics of the rows of each value of one column.
public struct Segments: Sendable, Equatable {
    public struct Part: Sendable, Equatable {
        public var value: Text
        public var rows: Int
        public var metrics: [MetricValue]
    }

    /// Values beyond these are pooled as `others`, the rarest first.
    public static let maximumParts = 20
    public static let others: Text = "(others)"

    public var column: Text
    /// Most rows first, then by value; the pooled ones last.
    public var parts: [Part]

    public init(column: Text, parts: [Part]) {
        self.column = column
        self.parts = parts
    }

    /// - values: one per row; nil when their count is another.
    public init?(column: Text, values: [Text], scored: Scored, metrics: [Metric]) {
        guard values.count == scored.rows else { return nil }
        self.column = column
        parts = Self.groups(values).map { value, rows in
            let subset = scored.subset(rows)
            return Part(value: value, rows: rows.count, metrics: metrics.map { MetricValue($0, $0.value(subset)) })
        }
    }

    /// The parts that are worse than all rows by the most standard errors of their own, worst first; nothing better than all rows.
    public func worst(_ metric: Metric, whole: Double, count: Int = 5) -> [Part] {
        let distances: [(part: Part, distance: Double)] = parts.compactMap { part in
            guard let found = part.metrics.first(where: { $0.name == metric.name })?.measured, found.value.isFinite,
                let error = found.standardError, error > 0
            else { return nil }
            return (part, (metric.isLargerBetter ? whole - found.value : found.value - whole) / error)
        }
        return distances.filter { $0.distance > 0 }.sorted {
            ($1.distance, $0.part.value) < ($0.distance, $1.part.value)
        }.prefix(count).map(\.part)
    }

    static func groups(_ values: [Text]) -> [(Text, [Int])] {
        var place: [Text: Int] = [:]
        var groups: [(value: Text, rows: [Int])] = []
        for (row, value) in values.enumerated() {
            if let known = place[value] {
                groups[known].rows.append(row)
            } else {
                place[value] = groups.count
                groups.append((value, [row]))
            }
        }
        groups.sort { ($1.rows.count, $0.value) < ($0.rows.count, $1.value) }
        guard groups.count > maximumParts else { return groups.map { ($0.value, $0.rows) } }
        let pooled = groups[maximumParts...].flatMap(\.rows).sorted()
        return groups[..<maximumParts].map { ($0.value, $0.rows) } + [(others, pooled)]
    }
}

/// A metric by name with what it came to.
public struct MetricValue: Sendable, Equatable {
    public var name: String
    public var measured: Measured

    public init(_ metric: Metric, _ measured: Measured) { self.init(name: metric.name, measured: measured) }

    public init(name: String, measured: Measured) {
        self.name = name
        self.measured = measured
    }
}
