import MaxCases
import MaxIR
import MaxImport
import MaxRuntime
import Testing

/// A model of the zoo, if it scores rows at all.
private func zooModel(_ name: String) throws -> (Model, Case)? {
    let zoo = try CaseFolder.zoo.read(name)
    guard zoo.skipReason == nil else { return nil }
    let graph = try? zoo.isONNX ? ONNX.read(zoo.model, name: Text(name)) : XGBoost.read(zoo.model, name: Text(name))
    guard let graph, let model = try? Model(graph: graph, info: ModelInfo(name: "m")) else { return nil }
    return (model, zoo)
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
        guard let (model, zoo) = try zooModel(name) else { return }
        for set in zoo.sets {
            let arguments = try zip(model.graph.inputs, set.inputs).map { try $1.value(for: $0) }
            let inputs = arguments.compactMap(\.tensor)
            guard let count = inputs.first?.shape.first, inputs.allSatisfy({ $0.shape.first == count }) else { continue }
            guard let expected = try? model.graph.evaluate(arguments).compactMap(\.tensor) else {
                #expect(throws: MaxError.self) { try model.predict(inputs) }
                continue
            }
            async let first = model.predict(inputs)
            async let second = model.predict(inputs)
            for found in try await [first, second] { expect(found, expected, model, "all rows") }
            for row in 0..<min(count, 64) {
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
