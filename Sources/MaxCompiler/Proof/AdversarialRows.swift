import MaxIR

/// Rows made to find differences between two programs of one signature: for every input all values of its pool
/// in turn, beside random picks in the others, in batches of awkward sizes. The same seed gives the same rows.
public struct AdversarialRows: Sendable {
    /// Batches: arguments of a graph, one value per input.
    public let batches: [[Value]]
    /// Rows of each batch.
    public let rows: [Int]

    /// Sizes at the edges of blocks of 64 and 128 rows.
    public static let batchSizes = [0, 1, 63, 64, 65, 127, 128, 129]

    /// - Parameters:
    ///   - graph: the original: its signature and its constants.
    ///   - others: more graphs whose constants are tried, as that of the optimized one, whose thresholds may be new.
    ///   - coverage: at most so many further rows, to bring every value of the pools to a turn.
    public init(for graph: Graph, and others: [Graph] = [], seed: UInt64, coverage: Int = 1024) {
        let pool = ValuePool(of: [graph] + others)
        var maker = Maker(seed: seed, pool: pool, thresholds: ColumnThresholds(of: [graph] + others))
        let hasRows = graph.inputs.contains { $0.type.hasOpenRows }
        var sizes = hasRows ? Self.batchSizes : [1, 1, 1, 1]
        if hasRows {
            // A column meets its own thresholds in a third of the rows.
            let largest = max(
                graph.inputs.compactMap { $0.type.tensor?.element }.map { maker.count($0) }.max() ?? 0,
                maker.mostThresholds * 9)
            let missing = min(max(0, largest - sizes.reduce(0, +)), coverage)
            sizes += Array(repeating: 128, count: missing / 128) + (missing % 128 > 0 ? [missing % 128] : [])
        }
        var batches: [[Value]] = []
        for size in sizes {
            batches.append(graph.inputs.enumerated().map { maker.value($1.type, rows: size, input: $0) })
        }
        self.batches = batches
        rows = sizes
    }
}

private struct Maker {
    var random: SeededGenerator
    let pool: ValuePool
    private var candidates: [ElementType: TensorStorage] = [:]
    /// How far each element type has got through its candidates.
    private var turns: [ElementType: Int] = [:]

    private let thresholds: ColumnThresholds
    private var columnTurns: [ColumnThresholds.Place: Int] = [:]

    init(seed: UInt64, pool: ValuePool, thresholds: ColumnThresholds) {
        random = SeededGenerator(seed: seed)
        self.pool = pool
        self.thresholds = thresholds
    }

    /// Of one column.
    var mostThresholds: Int { thresholds.values.values.map(\.count).max() ?? 0 }

    mutating func count(_ type: ElementType) -> Int { storage(type).count }

    private mutating func storage(_ type: ElementType) -> TensorStorage {
        if let found = candidates[type] { return found }
        let made = pool.candidates(type)
        candidates[type] = made
        return made
    }

    mutating func value(_ type: ValueType, rows: Int, input: Int) -> Value {
        switch type {
        case .tensor(let type): return .tensor(tensor(type, rows: rows, input: input))
        case .map(let key, let value):
            var seen = Set<Tensor>()
            let keys = storage(key)
            let chosen = picks(keys.count, 3).filter { seen.insert(Tensor(unchecked: keys.picking([$0]), shape: [1])).inserted }
            let values = storage(value).picking(picks(storage(value).count, chosen.count))
            return .map(
                keys: Tensor(unchecked: keys.picking(chosen), shape: [chosen.count]),
                values: Tensor(unchecked: values, shape: [chosen.count]))
        case .sequence(let element): return .sequence((0..<rows).map { _ in value(element, rows: 1, input: -1) })
        }
    }

    private mutating func tensor(_ type: TensorType, rows: Int, input: Int) -> Tensor {
        var shape: [Int] = []
        for (axis, extent) in (type.shape ?? [.rows]).enumerated() {
            shape.append(extent.fixed ?? (extent == .rows || axis == 0 ? rows : 2))
        }
        let all = storage(type.element)
        let count = shape.reduce(1, *)
        // Two of three elements at random, one in turn.
        var turn = turns[type.element] ?? 0
        var indices = picks(all.count, count)
        for position in indices.indices where random.below(3) == 0 {
            indices[position] = turn % all.count
            turn += 1
        }
        turns[type.element] = turn
        return Tensor(unchecked: overlaid(all.picking(indices), width: shape.count == 2 ? shape[1] : 1, input), shape: shape)
    }

    /// With a third of the elements of columns that trees read replaced by their thresholds and the neighbours.
    private mutating func overlaid(_ storage: TensorStorage, width: Int, _ input: Int) -> TensorStorage {
        func next<F: BinaryFloatingPoint>(_ position: Int, _ old: F, _ read: (Double) -> F) -> F {
            let place = ColumnThresholds.Place(input: input, column: position % max(width, 1))
            guard let list = thresholds.values[place], random.below(3) == 0 else { return old }
            let turn = columnTurns[place, default: 0]
            columnTurns[place] = turn + 1
            let value = read(list[turn / 3 % list.count])
            return turn % 3 == 0 ? value : turn % 3 == 1 ? value.nextUp : value.nextDown
        }
        switch storage {
        case .f32(let a): return .f32(a.enumerated().map { next($0, $1) { Float($0) } })
        case .f64(let a): return .f64(a.enumerated().map { next($0, $1) { $0 } })
        default: return storage
        }
    }

    private mutating func picks(_ count: Int, _ number: Int) -> [Int] { (0..<number).map { _ in random.below(count) } }
}

extension ValueType {
    /// Whether the first extent is left to the caller.
    var hasOpenRows: Bool {
        switch self {
        case .tensor(let type): type.shape.map { $0.first.map { $0.fixed == nil } ?? false } ?? true
        case .map: false
        case .sequence: true
        }
    }
}
