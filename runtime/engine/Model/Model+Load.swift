import MaxIR

extension Model {
    /// Loads a bundle: structure, digests, graph, plan, and the golden rows replayed on this machine. A bundle that holds
    /// its large ensembles packed is loaded by those, unless `MAXAI_KERNELS` asks for other kernels.
    ///
    /// - Throws: `.contentMismatch` when a digest or a golden row does not come out; `.malformed`, `.unsupported`,
    ///   `.limitExceeded`, `.notFound`, `.io` as their names say.
    public static func load(_ bundle: Bundle) throws(MaxError) -> Model {
        if TreeKernel.wanted == nil, let (packed, arrays) = try bundle.packed(), let model = try Model(packed: packed, arrays, of: bundle) {
            if let golden = try bundle.golden(for: packed) { try model.replay(golden) }
            return model
        }
        let graph = try bundle.graph()
        let model = try Model(graph: graph, info: bundle.info, background: try bundle.background(for: graph))
        if let golden = try bundle.golden(for: graph) { try model.replay(golden) }
        return model
    }

    /// Reads of the file only what it needs, each section after its digest was compared.
    public static func load(path: String) throws(MaxError) -> Model {
        let bundle = try Bundle(path: path, integrity: .onUse)
        do {
            return try load(bundle)
        } catch {
            throw error.inside(path)
        }
    }

    /// Scores the golden rows and compares every output bit for bit (any NaN equals any NaN).
    public func replay(_ golden: GoldenRows) throws(MaxError) {
        let found = try predict(golden.inputs)
        for (port, (value, expected)) in zip(schema.outputs, zip(found, golden.outputs)) {
            guard value.shape == expected.shape, value.elementType == expected.elementType else {
                throw MaxError(.contentMismatch, "golden rows: output \(port.name.quoted) is \(value.type), expected \(expected.type)")
            }
            if let position = value.firstDifference(from: expected) {
                throw MaxError(
                    .contentMismatch,
                    "golden rows: output \(port.name.quoted), row \(position / max(port.width, 1)): found \(value.describe(position)), expected \(expected.describe(position))"
                )
            }
        }
    }

    /// Scores whole tensors, one per graph input, through a context of this model.
    public func predict(_ inputs: [Tensor]) throws(MaxError) -> [Tensor] {
        guard inputs.count == schema.inputs.count else {
            throw MaxError(.malformed, "\(inputs.count) tensors, expected \(schema.inputs.count)")
        }
        let rows = inputs.first?.shape.first ?? 0
        for (port, tensor) in zip(schema.inputs, inputs) {
            guard tensor.elementType == port.element, tensor.shape == [rows] + port.tail else {
                throw MaxError(.malformed, "input \(port.name.quoted): found \(tensor.type), expected \(port.element)\([rows] + port.tail)")
            }
        }
        let context = try makeContext(maximumRows: max(rows, 1))
        let views = ColumnSource(inputs, schema: schema)
        try views.predict(context, rows: rows)
        return try context.outputTensors(rows: rows)
    }
}
