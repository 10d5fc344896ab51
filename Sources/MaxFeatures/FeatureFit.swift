import MaxIR
import MaxLearning
import MaxRuntime
import Synchronization

/// Memory for columns of numbers, used again when its values are given up: fresh memory costs as much as filling it.
private final class ColumnPool {
    private let rows: Int
    private var free: [UnsafeMutablePointer<Double>] = []

    init(rows: Int) { self.rows = rows }
    deinit { for column in free { column.deallocate() } }

    func take() -> UnsafeMutablePointer<Double> { free.popLast() ?? .allocate(capacity: max(rows, 1)) }
    func give(_ columns: [UnsafeMutablePointer<Double>]) { free += columns }
}

/// Columns of numbers, each in memory of its own.
private final class NumberColumns {
    let columns: [UnsafeMutablePointer<Double>]
    private let rows: Int
    private let pool: ColumnPool

    init(_ width: Int, rows: Int, from pool: ColumnPool) throws(MaxError) {
        _ = try elementCount(of: [width, rows])
        self.rows = rows
        self.pool = pool
        columns = (0..<width).map { _ in pool.take() }
    }

    deinit { pool.give(columns) }

    subscript(_ index: Int) -> UnsafeBufferPointer<Double> { UnsafeBufferPointer(start: columns[index], count: rows) }
}

/// Where the threads of a run write.
private struct Destinations: @unchecked Sendable {
    let columns: [[UnsafeMutablePointer<Double>]]
}

/// The graph while it is built, and the values that steps learn from.
///
/// Values lie in the order of the rows, so that what is learned depends neither on threads nor on how a table is divided.
final class FeatureFit {
    var builder: GraphBuilder
    let element: ElementType
    let table: Table
    let rows: RowSelection
    /// One per row that counts.
    let target: [Double]?
    let classes: Int
    let seed: UInt64
    let threads: Int
    /// Values of the last step that differ in training: of one column, for the rows that count.
    var held: [(value: ValueID, column: Int, values: [Double])] = []

    private var numbers: [ValueID: NumberColumns] = [:]
    private let pool: ColumnPool
    private var foldsByNumber: [Int: [UInt16]] = [:]
    private var texts: [ValueID: Categories] = [:]

    init(
        _ builder: GraphBuilder, _ element: ElementType, _ table: Table, _ rows: RowSelection, target: [Double]?, classes: Int,
        seed: UInt64, threads: Int
    ) {
        self.builder = builder
        self.element = element
        self.table = table
        self.rows = rows
        pool = ColumnPool(rows: rows.count)
        self.target = target
        self.classes = classes
        self.seed = seed
        self.threads = threads
    }

    /// The fold of each row that counts, for target encoding.
    func folds(_ count: Int) -> [UInt16] {
        if let known = foldsByNumber[count] { return known }
        let dealt = Folds.deal(rows.count, classes: classes > 1 ? target : nil, folds: count, seed: seed)
        foldsByNumber[count] = dealt
        return dealt
    }

    /// Gives up the values of all but these.
    func keep(_ flows: [FeatureFlow]) {
        let kept = Set(flows.map(\.value))
        for value in Array(numbers.keys) where !kept.contains(value) { numbers[value] = nil }
    }

    func give(_ value: ValueID, categories: Categories) { texts[value] = categories }

    /// The values of column `column` of a flow of numbers, for the rows that count.
    func withNumbers<Result>(_ flow: FeatureFlow, _ column: Int, _ body: (UnsafeBufferPointer<Double>) -> Result) throws(MaxError) -> Result
    {
        try compute([flow])
        guard let values = numbers[flow.value] else { throw MaxError(.internal, "features: values that were not computed") }
        return withExtendedLifetime(values) { body(values[column]) }
    }

    func categories(_ flow: FeatureFlow, _ column: Int) throws(MaxError) -> Categories {
        if flow.kind == .texts {
            try compute([flow])
            guard let found = texts[flow.value] else { throw MaxError(.internal, "features: texts that were not computed") }
            return found
        }
        return try withNumbers(flow, column) { Categories(numbers: $0) }
    }

    /// Computes what is not known yet of these flows, in one pass over the table.
    func compute(_ flows: [FeatureFlow]) throws(MaxError) {
        let wanted = flows.filter { $0.kind == .numbers ? numbers[$0.value] == nil : $0.kind == .texts && texts[$0.value] == nil }
        guard !wanted.isEmpty else { return }
        let run = try GraphRun(try GraphRun.slice(builder, giving: wanted.map(\.value)), on: table, rows: rows)
        let count = rows.count
        let ofNumbers = wanted.indices.filter { wanted[$0].kind == .numbers }
        let ofTexts = wanted.indices.filter { wanted[$0].kind == .texts }
        if !ofNumbers.isEmpty {
            var columns: [NumberColumns] = []
            for index in ofNumbers { columns.append(try NumberColumns(wanted[index].width, rows: count, from: pool)) }
            let destinations = Destinations(columns: columns.map(\.columns))
            let isSingle = element == .f32
            try run.run(threads: threads) { context, kept, place in
                for (k, index) in ofNumbers.enumerated() {
                    let out = destinations.columns[k]
                    if isSingle {
                        GraphRun.spread(context, index, kept: kept, place: place, into: out) { (x: Float) in Double(x) }
                    } else {
                        GraphRun.spread(context, index, kept: kept, place: place, into: out) { (x: Double) in x }
                    }
                }
            }
            for (k, index) in ofNumbers.enumerated() { numbers[wanted[index].value] = columns[k] }
        }
        for index in ofTexts {
            // In the order of the rows, so on one thread.
            let missing = wanted[index].missing
            let codes = Mutex(TextCodes(rows: count))
            try run.run(threads: 1) { context, kept, _ in
                codes.withLock { codes in
                    _ = context.withStrings(index) { views in
                        for row in kept {
                            if let missing, views[row].bytes.elementsEqual(missing.utf8) {
                                codes.appendMissing()
                            } else {
                                codes.append(views[row].bytes)
                            }
                        }
                    }
                }
            }
            texts[wanted[index].value] = codes.withLock { Categories($0) }
        }
    }

    // MARK: Nodes

    /// A constant of `element`.
    func constant(_ values: [Double], shape: [Int]? = nil) throws(MaxError) -> ValueID {
        try builder.constant(tensor(values, shape: shape ?? [values.count]))
    }

    func tensor(_ values: [Double], shape: [Int]? = nil) -> Tensor {
        let shape = shape ?? [values.count]
        return element == .f64 ? Tensor(values, shape: shape) : Tensor(values.map { Float($0) }, shape: shape)
    }

    func add(_ op: Operator, _ operands: [ValueID?], _ attributes: [String: Attribute] = [:], label: Text = "") throws(MaxError) -> ValueID
    {
        try builder.add(op, operands, attributes, label: label)
    }

    /// An operator that the lists of `Ops` know by name only.
    func add(_ op: String, _ operands: [ValueID?]) throws(MaxError) -> ValueID {
        guard let op = Ops.named[op] else { throw MaxError(.internal, "features: no operator \(op)") }
        return try add(op, operands)
    }

    func cast(_ value: ValueID) throws(MaxError) -> ValueID {
        builder.type(of: value).tensor?.element == element ? value : try add(Ops.cast, [value], ["to": .type(element)])
    }

    /// Values below `low` become it, values above `high` it; by `where` rather than `max`, so that a NaN takes the same way everywhere.
    func clamped(_ value: ValueID, _ low: ValueID, _ high: ValueID) throws(MaxError) -> ValueID {
        let floor = try add(Ops.select, [try add(Ops.less, [value, low]), low, value])
        return try add(Ops.select, [try add(Ops.greater, [floor, high]), high, floor])
    }

    /// `[N]` as `[N, 1]`.
    func column(_ value: ValueID) throws(MaxError) -> ValueID {
        try add(Ops.unsqueeze, [value, try builder.constant(Tensor([Int64(1)]))])
    }

    func concat(_ values: [ValueID]) throws(MaxError) -> ValueID {
        values.count == 1 ? values[0] : try add(Ops.concat, values.map { $0 }, ["axis": .int(1)])
    }

    /// Some columns of a matrix.
    func gather(_ value: ValueID, _ columns: [Int], of width: Int) throws(MaxError) -> ValueID {
        if columns == Array(0..<width) { return value }
        return try add(Ops.gather, [value, try builder.constant(Tensor(columns.map { Int64($0) }))], ["axis": .int(1)])
    }

    /// Flows of numbers as one.
    func joined(_ flows: [FeatureFlow]) throws(MaxError) -> FeatureFlow {
        FeatureFlow(
            value: try concat(flows.map(\.value)), kind: .numbers, columns: flows.flatMap(\.columns), sources: flows.flatMap(\.sources))
    }
}
