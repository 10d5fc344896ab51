import MaxCases
import MaxIR
import MaxImport
import Testing

@Suite struct CatBoostZooTests {
    @Test(.enabled(if: !CaseFolder.zoo.names("catboost-").isEmpty, "make the zoo first"), arguments: CaseFolder.zoo.names("catboost-"))
    func `raw values are CatBoost's bit for bit, predictions within its links' last places`(name: String) throws {
        let zoo = try CaseFolder.zoo.read(name)
        guard zoo.kind == "catboost" else { return }
        #expect(ModelFormat.detect(zoo.model) == .catboost)
        let graph = try CatBoost.read(zoo.model, name: Text(name))
        for set in zoo.sets {
            let arguments = try graph.inputs.map { input in
                try #require(set.inputs.first { $0.name == input.name }).value(for: input)
            }
            let found = try graph.evaluate(arguments)
            let expected = try #require(set.outputs.first { $0.name == "raw" }?.tensor)
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

    /// Hashes that CatBoost 1.2.10 wrote for these texts, of every length class.
    @Test func `texts hash as CatBoost's do`() {
        let known: [(String, Int64)] = [
            ("red", -1_242_798_403), ("yes", -725_272_813), ("no", -1_101_447_917), ("green", 1_390_465_085), ("blue", -863_087_293),
        ]
        for (text, hash) in known { #expect(Array(text.utf8).withUnsafeBytes { CityHash.low32($0) } == hash) }
    }
}
