import MaxIR
import MaxImport
import Testing

@Suite struct LightGBMLinearLeavesTests {
    /// The raw scores of rows of a and b.
    func scores(_ model: LightGBMModel, _ rows: [(Double, Double)]) throws -> [Double] {
        let graph = try LightGBM.read(model.bytes, name: "m")
        let columns = [rows.map(\.0), rows.map(\.1)]
        return try #require(try graph.evaluate(columns.map { .tensor(Tensor($0)) })[0].tensor?.values())
    }

    @Test func `a leaf adds its terms in the file's order, and gives its value where one of them is NaN`() throws {
        var model = LightGBMModel()
        model.extra = LightGBMModel.linear()
        // a <= 0.5 goes to leaf 0; then b in {3, 5} to leaf 1, else to leaf 2.
        let found = try scores(
            model, [(0, 2), (.nan, 2), (0, .nan), (1, 3), (1, 2), (1, .nan), (.infinity, 2), (0, 1e-36), (0, -.infinity)])
        #expect(found == [0.1 + 0.3 * 2, 0.1 + 0.3 * 2, 1, 2, (-3 + -2.7 * 2) + 1e300, 3, .infinity, 0.1, -.infinity])
    }

    @Test func `a number that counts as zero is zero however large its coefficient`() throws {
        var model = LightGBMModel()
        model.extra = LightGBMModel.linear(base: "0 2 -3", coefficients: "1e35 0 0")
        let tiny = Double(Float(1e-35))
        #expect(try scores(model, [(0, tiny), (0, -tiny), (0, tiny.nextUp), (0, -0.0)]) == [0, 0, tiny.nextUp * 1e35, 0])
    }

    @Test func `a coefficient that is no number leaves no number, as in LightGBM`() throws {
        var model = LightGBMModel()
        model.extra = LightGBMModel.linear(coefficients: "nan inf 1")
        let found = try scores(model, [(0, 2), (0, .nan), (1, 0)])
        #expect(found[0].isNaN && found[1] == 1 && found[2].isNaN)
    }

    @Test func `a tree of a lone leaf may be linear`() throws {
        let text = """
            tree
            version=v4
            num_class=1
            num_tree_per_iteration=1
            max_feature_idx=1
            objective=regression
            feature_names=a b
            feature_infos=[-1:1] [-1:1]

            Tree=0
            num_leaves=1
            num_cat=0
            leaf_value=7
            is_linear=1
            leaf_const=0.1
            num_features=2
            leaf_features=1 0 \("")
            leaf_coeff=0.3 -2.7 \("")
            shrinkage=1

            end of trees

            """
        let graph = try LightGBM.read(Array(text.utf8), name: "m")
        let (a, b) = (Tensor([1.1, .nan]), Tensor([2.2, 1.0]))
        #expect(try graph.evaluate([.tensor(a), .tensor(b)])[0].tensor?.values() == [(0.1 + 0.3 * 2.2) + -2.7 * 1.1, 7])
    }
}
