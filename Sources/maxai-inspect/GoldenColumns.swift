import MaxIR
import MaxRuntime

/// Golden inputs as columns in memory that stays: repeated, each time in another order, so that processors do not learn the
/// way of every row by heart. The orders are the same in every run.
final class GoldenColumns {
    let rows: Int
    private var views: [ColumnView] = []
    private var memory: [UnsafeMutableRawPointer] = []
    /// The views where calls read them.
    private let buffer: UnsafeMutableBufferPointer<ColumnView>

    /// - Parameter rows: how many there are to be.
    init(_ tensors: [Tensor], _ schema: Schema, rows: Int) {
        self.rows = rows
        buffer = .allocate(capacity: schema.columns.count)
        let order = Self.order(of: tensors.first?.shape.first ?? 0, rows: rows)
        for (port, tensor) in zip(schema.inputs, tensors) {
            for k in 0..<port.width { views.append(column(tensor.storage.picking(order.map { $0 * port.width + k }))) }
        }
        _ = buffer.initialize(from: views)
    }

    deinit {
        for block in memory { block.deallocate() }
        buffer.deinitialize()
        buffer.deallocate()
    }

    /// Positions below `count`, each as often as any other.
    private static func order(of count: Int, rows: Int) -> [Int] {
        var random = Orders()
        var order: [Int] = []
        while order.count < rows, count > 0 { order += (0..<count).shuffled(using: &random) }
        return Array(order.prefix(rows))
    }

    /// Calls read from row `first` on.
    func start(at first: Int) {
        for index in views.indices { buffer[index] = views[index].dropping(first) }
    }

    func predict(_ context: Context, rows: Int) throws(MaxError) { try context.predict(UnsafeBufferPointer(buffer), rows: rows) }

    private func column(_ storage: TensorStorage) -> ColumnView {
        guard case .string(let texts) = storage else {
            let bytes: UnsafeRawPointer = block(of: storage)
            return ColumnView(storage.elementType, bytes, strideBytes: storage.elementType.byteCount ?? 1)
        }
        var ends: [Int64] = [0]
        for text in texts { ends.append((ends.last ?? 0) + Int64(text.utf8.count)) }
        let bytes = texts.flatMap(\.utf8).withUnsafeBytes { block(copying: $0) }
        let offsets = ends.withUnsafeBytes { block(copying: $0) }.assumingMemoryBound(to: Int64.self)
        return ColumnView(.string, bytes, strideBytes: 0, offsets: .wide(offsets))
    }

    private func block(of storage: TensorStorage) -> UnsafeRawPointer {
        var made: UnsafeRawPointer?
        storage.withBytes { made = block(copying: $0) }
        return made ?? block(copying: UnsafeRawBufferPointer(start: nil, count: 0))
    }

    private func block(copying bytes: UnsafeRawBufferPointer) -> UnsafeRawPointer {
        let block = UnsafeMutableRawPointer.allocate(byteCount: max(bytes.count, 1), alignment: 64)
        if let start = bytes.baseAddress { block.copyMemory(from: start, byteCount: bytes.count) }
        memory.append(block)
        return UnsafeRawPointer(block)
    }
}

/// SplitMix64 from a fixed seed.
private struct Orders: RandomNumberGenerator {
    private var state: UInt64 = 0x6d61_7861_6921

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var z = state
        z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
        return z ^ (z >> 31)
    }
}
