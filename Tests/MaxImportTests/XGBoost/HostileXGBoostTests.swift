import MaxFormats
import MaxIR
import MaxImport
import Testing

@Suite struct HostileXGBoostTests {
    static let faults: [(String, MaxError.Code, @Sendable (inout XGBoostModel) -> Void)] = [
        ("reached twice", .malformed, { $0.left = "[0,-1,-1]" }),
        ("reached twice", .malformed, { $0 = XGBoostModel(left: "[1,2,1]", right: "[2,1,2]") }),
        ("child 9", .malformed, { $0.left = "[9,-1,-1]" }),
        ("child -7", .malformed, { $0.right = "[-7,-1,-1]" }),
        ("column", .malformed, { $0.columns = "[2,0,0]" }),
        ("column", .malformed, { $0.columns = "[-1,0,0]" }),
        ("column", .malformed, { $0.columns = "[9223372036854775807,0,0]" }),
        ("right_children", .malformed, { $0.right = "[2,-1]" }),
        ("split_conditions", .malformed, { $0.conditions = "[1,2]" }),
        ("integer", .malformed, { $0.left = "[1.5,-1,-1]" }),
        ("tree_info", .malformed, { $0.treeInfo = "[1]" }),
        ("tree_info", .malformed, { $0.treeInfo = "[0,0]" }),
        ("num_nodes", .malformed, { $0.nodes = "0" }),
        ("num_nodes", .malformed, { $0.nodes = "99999999999999" }),
        ("left_children", .malformed, { $0.nodes = "2000000000" }),
        ("num_feature", .limitExceeded, { $0.features = "4000000000" }),
        ("num_feature", .malformed, { $0.features = "0" }),
        ("num_feature", .malformed, { $0.features = "many" }),
        ("num_class", .malformed, { $0.classes = "-1" }),
        ("base_score", .malformed, { $0.baseScore = "[1,2]" }),
        ("base_score", .malformed, { $0.baseScore = "NaN" }),
        ("base_score", .malformed, { $0.baseScore = "[" }),
        ("base_score", .malformed, { $0 = XGBoostModel(objective: "binary:logistic", baseScore: "2") }),
        ("base_score", .malformed, { $0 = XGBoostModel(objective: "count:poisson", baseScore: "0") }),
        ("objective", .unsupported, { $0.objective = "reg:mystery" }),
        ("booster", .unsupported, { $0.booster = "forest" }),
        ("version", .unsupported, { $0.version = "[0,90,0]" }),
        ("weight_drop", .malformed, { $0.modelExtra = "\"weight_drop\":[1,1]," }),
        ("categories_nodes", .malformed, { $0.extra = "\"split_type\":[1,0,0]," }),
        (
            "categories_segments", .malformed,
            {
                $0.extra =
                    XGBoostModel.categorical(segments: "[9223372036854775807]", sizes: "[1]", categories: "[1]")
            }
        ),
        (
            "category", .malformed,
            {
                $0.extra =
                    XGBoostModel.categorical(segments: "[0]", sizes: "[1]", categories: "[16777216]")
            }
        ),
        (
            "offsets", .malformed,
            {
                $0.modelExtra =
                    "\"cats\":{\"enc\":[{\"offsets\":[0,5],\"values\":[97]},{\"offsets\":[],\"values\":[]}]},"
            }
        ),
        (
            "stands twice", .malformed,
            { $0.modelExtra = "\"cats\":{\"enc\":[{\"type\":15,\"values\":[1,1]},{\"offsets\":[],\"values\":[]}]}," }
        ),
    ]

    @Test(arguments: faults.indices)
    func `a spoiled model is refused with the name of what is wrong`(index: Int) throws {
        let (expected, code, spoil) = Self.faults[index]
        var model = XGBoostModel()
        spoil(&model)
        let bytes = model.bytes
        let error = #expect(throws: MaxError.self) { try XGBoost.read(bytes, name: "m") }
        #expect(error?.code == code, "\(error?.message ?? "")")
        #expect(error?.message.contains(expected) == true, "\(error?.message ?? "")")
    }

    @Test func `every shorter prefix of a model is refused`() {
        let bytes = XGBoostModel().bytes
        for length in bytes.indices {
            #expect(throws: MaxError.self) { try XGBoost.read(Array(bytes[..<length]), name: "m") }
        }
    }

    @Test func `a model with one byte changed is read or refused, never worse`() {
        let bytes = XGBoostModel().bytes
        for position in bytes.indices {
            for byte in [UInt8(0), 0x22, 0x2d, 0x30, 0x39, 0x5b, 0x5d, 0x7d, 0xff] {
                var changed = bytes
                changed[position] = byte
                if let graph = try? XGBoost.read(changed, name: "m") {
                    let columns = graph.inputs.map { _ in Value.tensor(Tensor([Float(1)])) }
                    _ = try? graph.evaluate(columns)
                }
            }
        }
    }

    @Test func `nesting beyond the limit is refused in both encodings`() {
        let json = Array(String(repeating: "{\"learner\":", count: 100_000).utf8)
        #expect(throws: MaxError.self) { try XGBoost.read(json, name: "m") }
        let key: [UInt8] = [0x7b, 0x69, 7] + Array("learner".utf8)
        let ubjson = Array(repeating: key, count: 100_000).flatMap { $0 }
        #expect(throws: MaxError.self) { try XGBoost.read(ubjson, name: "m") }
    }

    @Test func `a UBJSON array of more elements than bytes is refused before anything is reserved`() {
        let head: [UInt8] = [0x7b, 0x69, 7] + Array("learner".utf8)
        let huge: [UInt8] = [0x5b, 0x24, 0x4c, 0x23, 0x4c, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]
        #expect(throws: MaxError.self) { try XGBoost.read(head + huge, name: "m") }
        let counted: [UInt8] = [0x5b, 0x23, 0x4c, 0, 0, 0, 1, 0, 0, 0, 0]
        #expect(throws: MaxError.self) { try XGBoost.read(head + counted, name: "m") }
    }

    @Test func `other files are not taken for models`() {
        #expect(!XGBoost.detect([]))
        #expect(!XGBoost.detect(Array("{}".utf8)))
        #expect(!XGBoost.detect(Array("{\"model\":1}".utf8)))
        #expect(!XGBoost.detect(Array("tree\nversion=v4".utf8)))
        #expect(XGBoost.detect(XGBoostModel().bytes))
    }
}
