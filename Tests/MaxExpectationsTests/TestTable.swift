import MaxExpectations
import MaxIR
import MaxRuntime

/// Columns in memory that live as long as this, cut into batches.
final class TestTable {
    enum Values {
        case doubles([Double?])
        case floats([Float])
        case integers([Int64?])
        case unsigned([UInt64])
        case booleans([Bool])
        case times([Int64?])
        case texts([Text?])

        var count: Int {
            switch self {
            case .doubles(let values): values.count
            case .floats(let values): values.count
            case .integers(let values), .times(let values): values.count
            case .unsigned(let values): values.count
            case .booleans(let values): values.count
            case .texts(let values): values.count
            }
        }

        var element: ElementType {
            switch self {
            case .doubles: .f64
            case .floats: .f32
            case .integers: .i64
            case .unsigned: .u64
            case .booleans: .bool
            case .times: .timestamp
            case .texts: .string
            }
        }
    }

    private var memory: [UnsafeMutableRawPointer] = []
    private(set) var views: [ColumnView] = []
    private let columns: [(name: Text, values: Values)]
    let rows: Int

    init(_ columns: [(Text, Values)]) {
        self.columns = columns.map { (name: $0.0, values: $0.1) }
        rows = columns.first?.1.count ?? 0
        views = columns.map { view($0.1) }
    }

    deinit { for pointer in memory { pointer.deallocate() } }

    /// - Parameter batch: rows of a batch; 0 for one batch.
    func batches(of batch: Int = 0) -> TableBatches {
        let size = batch == 0 ? max(rows, 1) : batch
        let counts = stride(from: 0, to: rows, by: size).map { min(size, rows - $0) }
        return TableBatches(columns: columns.map { ($0.name, $0.values.element) }, batchRows: counts) { index in
            self.views.map { $0.dropping(index * size) }
        }
    }

    private func copy<T: BitwiseCopyable>(_ values: [T]) -> UnsafeMutableRawPointer {
        let pointer = UnsafeMutableRawPointer.allocate(byteCount: max(values.count * MemoryLayout<T>.stride, 1), alignment: 64)
        values.withUnsafeBytes { if let start = $0.baseAddress { pointer.copyMemory(from: start, byteCount: $0.count) } }
        memory.append(pointer)
        return pointer
    }

    private func validity<T>(_ values: [T?]) -> UnsafePointer<UInt8>? {
        guard values.contains(where: { $0 == nil }) else { return nil }
        var bits = [UInt8](repeating: 0, count: values.count / 8 + 1)
        for (row, value) in values.enumerated() where value != nil { bits[row >> 3] |= 1 << UInt8(row & 7) }
        return UnsafePointer(copy(bits).assumingMemoryBound(to: UInt8.self))
    }

    private func view(_ values: Values) -> ColumnView {
        switch values {
        case .doubles(let values): ColumnView(.f64, copy(values.map { $0 ?? 0 }), strideBytes: 8, validity: validity(values))
        case .floats(let values): ColumnView(.f32, copy(values), strideBytes: 4)
        case .integers(let values): ColumnView(.i64, copy(values.map { $0 ?? 0 }), strideBytes: 8, validity: validity(values))
        case .times(let values): ColumnView(.timestamp, copy(values.map { $0 ?? 0 }), strideBytes: 8, validity: validity(values))
        case .unsigned(let values): ColumnView(.u64, copy(values), strideBytes: 8)
        case .booleans(let values): ColumnView(.bool, copy(values.map { $0 ? UInt8(1) : 0 }), strideBytes: 1)
        case .texts(let values): texts(values)
        }
    }

    private func texts(_ values: [Text?]) -> ColumnView {
        var offsets: [Int32] = [0]
        var bytes: [UInt8] = []
        for value in values {
            bytes += value?.utf8 ?? []
            offsets.append(Int32(bytes.count))
        }
        return ColumnView(
            .string, copy(bytes), strideBytes: 0, offsets: .narrow(UnsafePointer(copy(offsets).assumingMemoryBound(to: Int32.self))),
            validity: validity(values))
    }
}

/// Numbers that look random, the same every time.
struct Sequence64 {
    private var state: UInt64

    init(_ seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return (state ^ state >> 33) &* 0xff51_afd7_ed55_8ccd
    }

    mutating func unit() -> Double { Double(next() >> 11) * 0x1p-53 }
    mutating func below(_ bound: Int) -> Int { Int(next() >> 33) % bound }
}
