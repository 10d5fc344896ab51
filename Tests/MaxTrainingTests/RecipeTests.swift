import MaxIR
import MaxSettings
import MaxTraining
import Testing

@Suite struct RecipeTests {
    static func message(_ text: String, _ overrides: [String: SettingValue] = [:]) -> String {
        do { _ = try Recipe.read(text, file: "r.yaml", overrides: overrides) } catch { return "\(error.code.rawValue) \(error.message)" }
        return ""
    }

    @Test func aWholeRecipeIsRead() throws {
        let recipe = try Recipe.read(
            """
            version: 1
            seed: 7
            data: {train: [a.csv, b.csv], ignore: id}
            target: {column: late, positive: "yes"}
            features:
              columns:
                - columns: [distance]
                  steps: [log, {impute: {strategy: mean}}, standard]
            learner:
              name: gbdt
              settings: {trees: 300, monotone: {distance: 1}}
            validation: {method: kfold, folds: 3}
            gates:
              - {metric: auc, minimum: 0.7}
            """, file: "r.yaml", overrides: ["learner.settings.trees": 20])
        #expect(recipe.seed == 7)
        #expect(recipe.data.texts("train") == ["a.csv", "b.csv"])
        #expect(recipe.data.texts("ignore") == ["id"])
        #expect(recipe.columns.count == 1 && recipe.columns[0].steps.map(\.name) == ["log", "impute", "standard"])
        #expect(recipe.learnerSettings.integer("trees") == 20)
        #expect(recipe.learnerSettings.numberByName("monotone") == ["distance": 1])
        #expect(recipe.gates == [Recipe.Gate(metric: "auc", minimum: 0.7, maximum: nil)])
    }

    @Test(arguments: [
        ("dta: {}", "20 r.yaml:1:1: \"dta\" is no part of a recipe"),
        ("learner:\n  name: gbtd", "20 r.yaml:2:9: learner.name: no learner \"gbtd\""),
        ("learner:\n  settings:\n    tres: 1", "20 r.yaml:3:5: learner.settings.tres: no such setting"),
        (
            "learner: {settings: {trees: many}}",
            "20 r.yaml:1:22: learner.settings.trees: found \"many\", expected an integer from 1 to 100000"
        ),
        ("validation:\n  share: 2", "20 r.yaml:2:3: validation.share: found 2, expected a number from 0.01 to 0.9"),
        ("features:\n  columns:\n    - columns: [a]\n      steps: [impte]", "20 r.yaml:4:15: no featurizer \"impte\""),
        ("features:\n  columns:\n    - steps: [log]", "20 r.yaml:3:7: features.columns: no column is named"),
        ("version: 2", "22 r.yaml:1:1: version: found 2, expected 1"),
        ("seed: -1", "20 r.yaml:1:1: seed: found -1"),
        ("gates:\n  - {metric: auc}", "20 r.yaml:2:5: gates: auc: neither minimum nor maximum"),
        ("data: [a]", "20 r.yaml:1:7: data: found [\"a\"], expected a table of names and values"),
        ("data: {train: a", "20 r.yaml:"),
        ("a: 1\na: 2", "20 r.yaml:"),
        ("", "20 r.yaml: the recipe is empty"),
        ("seed: 1\nx: \"\u{1}\"", "20 r.yaml"),
    ])
    func whatIsWrongIsSaidWithItsPlace(text: String, start: String) {
        let found = Self.message(text)
        #expect(found.hasPrefix(start), "found \(found)")
    }

    @Test func hostileTextsAreRefused() {
        #expect(Self.message(String(repeating: "[", count: 200_000)).hasPrefix("2"))
        #expect(Self.message(String(repeating: "a: {", count: 20_000)).hasPrefix("2"))
        var bomb = "a0: &a0 [x,x,x,x,x,x,x,x,x]\n"
        for level in 1..<12 {
            bomb += "a\(level): &a\(level) [" + [String](repeating: "*a\(level - 1)", count: 9).joined(separator: ",") + "]\n"
        }
        #expect(Self.message(bomb).hasPrefix("2"))
        #expect(Self.message(String(repeating: "x", count: 2 << 20)).hasPrefix("21"))
    }

    @Test func anUnknownOverrideIsWrongUsage() {
        #expect(Self.message("seed: 1", ["learner.tree": 1]).hasPrefix("2 learner.tree: no such setting"))
        #expect(Self.message("seed: 1", ["learner.settings.tree": 1]).hasPrefix("2 learner.settings.tree: no such setting"))
    }
}
