import Glibc
import MaxIR
import MaxImport
import Testing

private func raw(_ model: XGBoostModel, _ columns: [[Float]]) throws -> [Float] {
    let graph = try XGBoost.read(model.bytes, name: "m")
    return try #require(try graph.evaluate(columns.map { .tensor(Tensor($0)) })[0].tensor?.values())
}

@Suite struct XGBoostTests {
    @Test func `a value on the threshold goes right, and a missing one where the node says`() throws {
        let x: [Float] = [1.4999999, 1.5, .nan, -.infinity]
        let other = [Float](repeating: 0, count: 4)
        #expect(try raw(XGBoostModel(), [x, other]) == [1.5, 2.5, 1.5, 1.5])
        #expect(try raw(XGBoostModel(defaultLeft: "[false,false,false]"), [x, other]) == [1.5, 2.5, 2.5, 1.5])
    }

    @Test func `columns without names are f0, f1, and named ones keep theirs`() throws {
        #expect(try XGBoost.read(XGBoostModel().bytes, name: "m").inputs.map(\.name) == ["f0", "f1"])
        var named = XGBoostModel()
        named.learnerExtra = ""
        let bytes = Array(
            named.text.replacing("\"feature_names\":[]", with: "\"feature_names\":[\"größe\",\"a b\"]").utf8)
        let graph = try XGBoost.read(bytes, name: "m")
        #expect(graph.inputs.map(\.name) == ["größe", "a b"])
        #expect(graph.inputs.allSatisfy { $0.missing == .nan })
        #expect(graph.outputs.map(\.name) == ["raw", "prediction"])
    }

    @Test func `a base score may be a number or a list, and goes through the link in f32`() throws {
        let (x, y): ([Float], [Float]) = ([0], [0])
        #expect(try raw(XGBoostModel(baseScore: "[5E-1]"), [x, y]) == [1.5])
        #expect(try raw(XGBoostModel(objective: "count:poisson", baseScore: "2.25E0"), [x, y]) == [logf(2.25) + 1])
        let margin = -logf(1 / Float(0.013) - 1)
        #expect(try raw(XGBoostModel(objective: "binary:logistic", baseScore: "1.3E-2"), [x, y]) == [margin + 1])
        let low = -logf(1 / Float(1e-6) - 1)
        #expect(try raw(XGBoostModel(objective: "binary:logistic", baseScore: "0"), [x, y]) == [low + 1])
    }

    @Test func `a classifier gives probability and label`() throws {
        let graph = try XGBoost.read(XGBoostModel(objective: "binary:logistic").bytes, name: "m")
        #expect(graph.outputs.map(\.name) == ["raw", "probability", "label"])
        let found = try graph.evaluate([.tensor(Tensor([Float(0)])), .tensor(Tensor([Float(0)]))])
        #expect(found[1].tensor?.values() == [1 / (expf(-1) + 1)])
        #expect(found[2].tensor?.values() == [Int64(1)])
    }

    @Test func `members of a category set go right, others and odd codes left`() throws {
        var model = XGBoostModel()
        model.extra = XGBoostModel.categorical(segments: "[0]", sizes: "[2]", categories: "[1,64]")
        let x: [Float] = [1, 1.9, 64, 0, 2, -1, -0.5, 16_777_216, 3e38, .nan]
        let expected: [Float] = [2.5, 2.5, 2.5, 1.5, 1.5, 1.5, 1.5, 1.5, 1.5, 1.5]
        #expect(try raw(model, [x, x]) == expected)
    }

    @Test func `texts and integers of a dictionary become codes, unseen and missing ones NaN`() throws {
        var model = XGBoostModel()
        model.modelExtra = """
            "cats":{"enc":[{"offsets":[0,1,3],"values":[97,98,99]},{"type":15,"values":[-1,7]}]},
            """
        model.conditions = "[5E-1,1E0,2E0]"
        let graph = try XGBoost.read(model.bytes, name: "m")
        #expect(
            graph.inputs.map(\.type) == [.tensor(TensorType(.string, [.rows])), .tensor(TensorType(.i64, [.rows]))])
        #expect(graph.inputs.map(\.missing) == [.value(.string("")), .value(.int(-2))])
        let texts = Tensor(["a", "bc", "x", ""] as [Text])
        let integers = Tensor([Int64](repeating: 7, count: 4))
        #expect(
            try graph.evaluate([.tensor(texts), .tensor(integers)])[0].tensor?.values() == [1.5, 2.5, 1.5, 1.5]
                as [Float])
    }

    @Test func `category texts outside ASCII are refused from releases that wrote them wrongly`() throws {
        var model = XGBoostModel()
        model.modelExtra = """
            "cats":{"enc":[{"offsets":[0,2],"values":[-61,-87]},{"offsets":[],"values":[]}],"feature_segments":[0,1,1]},
            """
        let bytes = model.bytes
        let error = #expect(throws: MaxError.self) { try XGBoost.read(bytes, name: "m") }
        #expect(error?.code == .unsupported)
        model.version = "[3,4,0]"
        #expect(try XGBoost.read(model.bytes, name: "m").inputs[0].type == .tensor(TensorType(.string, [.rows])))
    }

    @Test func `from release 3.4 on the quantiles of a row are sorted`() throws {
        var model = XGBoostModel(objective: "reg:quantileerror", baseScore: "[3,1]", treeInfo: "[1]")
        let parameters = "\"num_class\":\"0\""
        func prediction() throws -> [Float]? {
            let bytes = Array(model.text.replacing(parameters, with: "\"num_class\":\"0\",\"num_target\":\"2\"").utf8)
            let zero = Value.tensor(Tensor([Float(0)]))
            return try XGBoost.read(bytes, name: "m").evaluate([zero, zero])[1].tensor?.values()
        }
        #expect(try prediction() == [3, 2])
        model.version = "[3,4,0]"
        #expect(try prediction() == [2, 3])
    }
}
