import MaxIR

/// Tensors, one per graph input, seen as the columns of a batch.
package final class ColumnSource {
    private var views: [ColumnView] = []
    private var keptBytes: [UnsafeMutableRawPointer] = []

    package init(_ tensors: [Tensor], schema: Schema) {
        for (port, tensor) in zip(schema.inputs, tensors) {
            if case .string(let texts) = tensor.storage {
                for k in 0..<port.width {
                    views.append(strings(stride(from: k, to: texts.count, by: max(port.width, 1)).map { texts[$0] }))
                }
            } else {
                let width = tensor.elementType.byteCount ?? 1
                let base = keep(byteCount: tensor.count * width)
                tensor.storage.withBytes { base.copyMemory(from: $0.baseAddress ?? UnsafeRawPointer(base), byteCount: $0.count) }
                for k in 0..<port.width {
                    views.append(ColumnView(tensor.elementType, base + k * width, strideBytes: width * port.width))
                }
            }
        }
    }

    deinit { for pointer in keptBytes { pointer.deallocate() } }

    /// The columns from row `first` on; valid as long as the source.
    package func views(from first: Int) -> [ColumnView] { views.map { $0.dropping(first) } }

    package func predict(_ context: Context, rows: Int) throws(MaxError) {
        let buffer = UnsafeMutableBufferPointer<ColumnView>.allocate(capacity: views.count)
        defer {
            buffer.deinitialize()
            buffer.deallocate()
        }
        _ = buffer.initialize(from: views)
        try context.predict(UnsafeBufferPointer(buffer), rows: rows)
    }

    private func keep(byteCount: Int) -> UnsafeMutableRawPointer {
        let memory = UnsafeMutableRawPointer.allocate(byteCount: max(byteCount, 1), alignment: 64)
        keptBytes.append(memory)
        return memory
    }

    private func strings(_ texts: [Text]) -> ColumnView {
        let offsets = keep(byteCount: (texts.count + 1) * 8).bindMemory(to: Int64.self, capacity: texts.count + 1)
        let bytes = keep(byteCount: texts.reduce(0) { $0 + $1.utf8.count })
        var end = 0
        offsets[0] = 0
        for (index, text) in texts.enumerated() {
            text.utf8.withUnsafeBytes { if let start = $0.baseAddress { (bytes + end).copyMemory(from: start, byteCount: $0.count) } }
            end += text.utf8.count
            offsets[index + 1] = Int64(end)
        }
        return ColumnView(.string, bytes, strideBytes: 0, offsets: .wide(offsets))
    }
}

extension Context {
    /// The outputs of the last call, copied into tensors.
    public func outputTensors(rows: Int) throws(MaxError) -> [Tensor] {
        var out: [Tensor] = []
        for (index, port) in model.schema.outputs.enumerated() {
            let shape = [rows] + port.tail
            if port.element == .string {
                out.append(Tensor(withStrings(index) { $0.map(\.text) } ?? [], shape: shape))
            } else {
                let storage: Result<TensorStorage, MaxError>? = withOutput(index) { bytes in
                    do throws(MaxError) { return .success(try TensorStorage(port.element, count: rows * port.width, bytes: bytes)) } catch {
                        return .failure(error)
                    }
                }
                guard let storage else { throw MaxError(.internal, "output \(port.name.quoted) has no bytes") }
                out.append(Tensor(unchecked: try storage.get(), shape: shape))
            }
        }
        return out
    }
}
