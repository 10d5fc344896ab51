import CAllocations
import MaxCases
import MaxIR
import MaxImport
import MaxRuntime
import Testing

/// A model of the zoo on every family of kernels that this machine has; nil if it does not score rows at all.
private func zooModels(_ name: String) throws -> ([Model], Case)? {
    let zoo = try CaseFolder.zoo.read(name)
    guard zoo.skipReason == nil else { return nil }
    guard let graph = try? zoo.graph(name) else { return nil }
    let models = KernelChoice.available.compactMap { choice in
        KernelChoice.$forced.withValue(choice) { try? Model(graph: graph, info: ModelInfo(name: "m")) }
    }
    return models.isEmpty ? nil : (models, zoo)
}

private func rows(_ tensors: [Tensor], _ range: Range<Int>) -> [Tensor] {
    tensors.map { tensor in
        let width = tensor.shape.dropFirst().reduce(1, *)
        let picked = Array(range.lowerBound * width..<range.upperBound * width)
        return Tensor(unchecked: tensor.storage.picking(picked), shape: [range.count] + tensor.shape.dropFirst())
    }
}

/// What every lane gives is what the reference evaluator gives for all rows at once, bit for bit.
@Suite(.enabled(if: !CaseFolder.zoo.names().isEmpty, "make the zoo first")) struct LaneTests {
    @Test(arguments: CaseFolder.zoo.names())
    func `all rows, one row at a time, and two threads agree with the reference`(name: String) async throws {
        guard let (models, zoo) = try zooModels(name), let graph = try models.first?.graph else { return }
        for set in zoo.sets {
            let arguments = try zip(graph.inputs, set.inputs).map { try $1.value(for: $0) }
            let inputs = arguments.compactMap(\.tensor)
            guard let count = inputs.first?.shape.first, inputs.allSatisfy({ $0.shape.first == count }) else { continue }
            guard let expected = try? graph.evaluate(arguments).compactMap(\.tensor) else {
                for model in models { #expect(throws: MaxError.self) { try model.predict(inputs) } }
                continue
            }
            for model in models { try await expect(inputs, expected, model, rows: count) }
        }
    }

    private func expect(_ inputs: [Tensor], _ expected: [Tensor], _ model: Model, rows count: Int) async throws {
        async let first = model.predict(inputs)
        async let second = model.predict(inputs)
        for found in try await [first, second] { expect(found, expected, model, "all rows") }
        // The evaluator of whole graphs is what is expected; a few of its rows will do.
        for row in 0..<(model.plan.isPlanned ? count : min(count, 16)) {
            let range = row..<row + 1
            expect(try model.predict(rows(inputs, range)), rows(expected, range), model, "row \(row)")
        }
        // Across the border of a block, whatever the number of rows is.
        let repeated = (0..<3).map { _ in inputs }
        let joined = try inputs.indices.map { k in
            let storage = try #require(repeated[0][k].storage.appending(repeated.dropFirst().map { $0[k].storage }))
            return Tensor(unchecked: storage, shape: [3 * count] + inputs[k].shape.dropFirst())
        }
        let thrice = try model.predict(joined)
        for part in 0..<3 { expect(rows(thrice, part * count..<(part + 1) * count), expected, model, "part \(part)") }
    }

    /// Where a node runs on the reference evaluator, or all do, calls allocate; unoptimized code does too.
    @Test(.enabled(if: !_isDebugAssertConfiguration(), "allocations are counted in release builds"), arguments: CaseFolder.zoo.names())
    func `a call on kernels allocates nothing`(name: String) throws {
        guard let (models, zoo) = try zooModels(name), let graph = try models.first?.graph, let set = zoo.sets.first else { return }
        let inputs = try zip(graph.inputs, set.inputs).map { try $1.value(for: $0) }.compactMap(\.tensor)
        guard let count = inputs.first?.shape.first, count > 0, inputs.count == graph.inputs.count else { return }
        for model in models where model.plan.isPlanned && !model.plan.summary.contains("reference(") {
            for rows in [1, 300] {
                let repeated = inputs.map { tensor in
                    let width = tensor.shape.dropFirst().reduce(1, *)
                    let picked = (0..<rows).flatMap { row in (0..<width).map { row % count * width + $0 } }
                    return Tensor(unchecked: tensor.storage.picking(picked), shape: [rows] + tensor.shape.dropFirst())
                }
                let source = ColumnSource(repeated, schema: model.schema)
                let context = try model.makeContext(maximumRows: rows)
                let isScored = source.views(from: 0).withUnsafeBufferPointer { columns in
                    guard (try? context.predict(columns, rows: rows)) != nil else { return false }
                    let before = maxai_allocation_count()
                    try? context.predict(columns, rows: rows)
                    let made = maxai_allocation_count() - before
                    #expect(made == 0, "\(rows) rows, \(model.plan.summary)")
                    return true
                }
                guard isScored else { break }
                for index in model.schema.outputs.indices where model.schema.outputs[index].element == .string {
                    let before = maxai_allocation_count()
                    let texts = context.withStrings(index) { $0.count }
                    let made = maxai_allocation_count() - before
                    #expect(made == 0 && texts == rows * model.schema.outputs[index].width)
                }
            }
        }
    }

    private func expect(_ found: [Tensor], _ expected: [Tensor], _ model: Model, _ place: String) {
        #expect(found.count == expected.count)
        for (a, b) in zip(found, expected) {
            #expect(a.shape == b.shape && a.elementType == b.elementType, "\(place): \(a.type), expected \(b.type)")
            guard a.shape == b.shape, let at = a.firstDifference(from: b) else { continue }
            Issue.record("\(place): element \(at) is \(a.describe(at)), expected \(b.describe(at)); \(model.plan.summary)")
        }
    }
}
