import MaxIR
import MaxSettings
import Testing

@Suite struct SettingsTests {
    static let declared = [
        Setting("trees", .integer(1...1000), 100, "how many"), Setting("rate", .number(0...1), 0.1, "step"),
        Setting("growth", .choice(["leaf", "depth"]), "leaf", "order"), Setting("monotone", .numberByName(-1...1), nil, "directions"),
    ]

    @Test func defaultsStandAndWholeNumbersAreIntegers() throws {
        let settings = try Settings(["trees": 7.0, "monotone": .table(["age": 1])], for: Self.declared)
        #expect(settings.integer("trees") == 7)
        #expect(settings.number("rate") == 0.1)
        #expect(settings.numberByName("monotone") == ["age": 1])
    }

    @Test(arguments: [
        ("trees", SettingValue.integer(0), "trees: found 0, expected an integer from 1 to 1000"),
        ("growth", "width", "growth: found \"width\", expected one of leaf, depth"),
        ("tree", 1, "tree: no such setting: expected trees, rate, growth, monotone"),
        ("monotone", .table(["age": 2]), "monotone.age: found 2, expected a number from -1.0 to 1.0"),
    ])
    func whatIsWrongIsNamed(name: String, value: SettingValue, message: String) {
        func attempt() -> String {
            do { _ = try Settings([name: value], for: Self.declared) } catch { return error.message }
            return ""
        }
        #expect(attempt() == message)
    }
}
