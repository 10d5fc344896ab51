import MaxIR

extension Bundle {
    /// Most rows that explanations compare with.
    public static let maximumBackgroundRows = TreeBackground.maximumRows

    /// The rows that explanations compare with, one tensor per graph input; nil when the bundle has none.
    public func background(for graph: Graph) throws(MaxError) -> [Tensor]? {
        guard let bytes = try section(.background) else { return nil }
        let tensors: [Tensor]
        do {
            tensors = try bytes.withUnsafeBytes { raw in try TensorTable.read(raw, name: "background") }
        } catch let error as MaxError { throw error } catch { throw MaxError(.internal, "\(error)") }
        let ports = try Schema(of: graph).inputs
        guard tensors.count == ports.count, let rows = tensors.first?.shape.first, (1...Self.maximumBackgroundRows).contains(rows) else {
            throw MaxError(
                .malformed, "background: \(tensors.count) tensors, expected \(ports.count) of 1 to \(Self.maximumBackgroundRows) rows")
        }
        for (port, tensor) in zip(ports, tensors) {
            guard tensor.elementType == port.element, tensor.shape == [rows] + port.tail else {
                throw MaxError(
                    .malformed, "background: input \(port.name.quoted): found \(tensor.type), expected \(port.element)\([rows] + port.tail)"
                )
            }
        }
        return tensors
    }
}

extension Schema {
    /// Columns as the tensors of the graph's inputs.
    package func tensors(_ columns: [ColumnView], rows: Int) throws(MaxError) -> [Tensor] {
        let outcome: Result<[Tensor], MaxError> = columns.withUnsafeBufferPointer { buffer in
            do throws(MaxError) {
                return .success(try inputs.map { port throws(MaxError) in try Ingest.tensor(self, port, buffer, rows: rows) })
            } catch { return .failure(error) }
        }
        return try outcome.get()
    }
}
