import MaxCases
import MaxIR
import MaxImport
import Testing

@Suite struct LightGBMZooTests {
    @Test(.enabled(if: !CaseFolder.zoo.names("lightgbm-").isEmpty, "make the zoo first"), arguments: CaseFolder.zoo.names("lightgbm-"))
    func `raw scores are LightGBM's bit for bit, predictions within its links' last places`(name: String) throws {
        let zoo = try CaseFolder.zoo.read(name)
        #expect(ModelFormat.detect(zoo.model) == .lightgbm)
        let graph = try LightGBM.read(zoo.model, name: Text(name))
        for set in zoo.sets {
            let arguments = try zip(graph.inputs, set.inputs).map { try $1.value(for: $0) }
            let found = try graph.evaluate(arguments)
            let expected = try #require(set.outputs.first { $0.name == "margin" }?.tensor)
            let raw = try #require(found[0].tensor)
            let flat = [expected.count]
            let (a, b) = (Tensor(unchecked: raw.storage, shape: flat), Tensor(unchecked: expected.storage, shape: flat))
            #expect(raw.count == expected.count && raw.elementType == expected.elementType)
            if let at = a.firstDifference(from: b) { Issue.record("element \(at): found \(a.describe(at)), expected \(b.describe(at))") }

            let prediction: [Double] = try #require(set.outputs.first { $0.name == "prediction" }?.tensor?.values())
            let scores: [Double] = try #require(found[1].tensor?.values())
            #expect(scores.count == prediction.count)
            for (x, y) in zip(scores, prediction) { #expect(x == y || abs(x - y) <= 1e-15 + 1e-14 * abs(y) || (x.isNaN && y.isNaN)) }
        }
    }

    @Test func `leaves have LightGBM's numbers, and nodes the rows that passed them`() throws {
        let model = LightGBMModel()
        let graph = try LightGBM.read(model.bytes, name: "m")
        let trees = try #require(graph.nodes.first { $0.op == Ops.trees })
        #expect(trees.attributes["leaf_ids"] == .tensor(Tensor([Int32(0), 1, 2])))
        #expect(trees.attributes["node_cover"] == .tensor(Tensor([60.0, 40])))
        #expect(trees.attributes["leaf_cover"] == .tensor(Tensor([20.0, 30, 10])))
    }
}
