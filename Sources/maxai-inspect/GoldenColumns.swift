import MaxIR
import MaxRuntime

/// Golden inputs as columns in memory that stays: as they stand, or as many as wanted, drawn with a fixed seed, so that no
/// processor learns the way of a few rows by heart.
final class GoldenColumns {
    private let memory: ColumnMemory
    /// The columns from row 0 on, from row 1 on, and so on: what calls read.
    private var starts: [UnsafeMutableBufferPointer<ColumnView>] = []
    private let width: Int
    let rows: Int

    /// - Parameters:
    ///   - count: rows wanted; nil takes those that there are.
    ///   - starts: rows that calls begin at, at most `count`.
    init(_ tensors: [Tensor], _ schema: Schema, drawn count: Int? = nil, starts: Int = 1) {
        let given = tensors.first?.shape.first ?? 0
        rows = count ?? given
        var state: UInt64 = 0x9e37_79b9_7f4a_7c15
        let order = (0..<rows).map { row in
            guard count != nil else { return row }
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(state >> 33) % max(given, 1)
        }
        memory = ColumnMemory()
        var views: [ColumnView] = []
        for (port, tensor) in zip(schema.inputs, tensors) {
            for k in 0..<port.width { views.append(memory.column(tensor.storage.picking(order.map { $0 * port.width + k }))) }
        }
        width = views.count
        for start in 0..<starts {
            let buffer = UnsafeMutableBufferPointer<ColumnView>.allocate(capacity: views.count)
            _ = buffer.initialize(from: views.map { $0.dropping(start) })
            self.starts.append(buffer)
        }
    }

    deinit { for buffer in starts { buffer.deallocate() } }

    func predict(_ context: Context, rows: Int, from start: Int = 0) throws(MaxError) {
        try context.predict(UnsafeBufferPointer(starts[start]), rows: rows)
    }
}

/// Columns copied to memory of their own.
private final class ColumnMemory {
    private var blocks: [UnsafeMutableRawPointer] = []

    deinit { for block in blocks { block.deallocate() } }

    func column(_ storage: TensorStorage) -> ColumnView {
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
        blocks.append(block)
        return UnsafeRawPointer(block)
    }
}
