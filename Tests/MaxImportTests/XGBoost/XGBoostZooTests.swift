import MaxCases
import MaxIR
import MaxImport
import Testing

/// The model; nil where XGBoost itself lost category texts when it saved them, as releases before 3.4 do.
private func read(_ model: [UInt8], _ name: String) throws -> Graph? {
    do {
        return try XGBoost.read(model, name: Text(name))
    } catch {
        guard name.contains("strings"), error.message.contains("outside ASCII") else { throw error }
        return nil
    }
}

@Suite struct XGBoostZooTests {
    @Test(.enabled(if: !CaseFolder.zoo.names("xgboost-").isEmpty, "make the zoo first"), arguments: CaseFolder.zoo.names("xgboost-"))
    func `margins are XGBoost's bit for bit, predictions within its links' last places`(name: String) throws {
        let zoo = try CaseFolder.zoo.read(name)
        #expect(XGBoost.detect(zoo.model))
        guard let graph = try read(zoo.model, name) else { return }
        #expect(graph.inputs.map(\.name) == zoo.sets[0].inputs.map(\.name))
        for set in zoo.sets {
            let arguments = try zip(graph.inputs, set.inputs).map { try $1.value(for: $0) }
            let found = try graph.evaluate(arguments)
            let margin: [Float] = try #require(set.outputs.first { $0.name == "margin" }?.tensor?.values())
            let raw: [Float] = try #require(found[0].tensor?.values())
            #expect(raw.count == margin.count)
            let isWrong = zip(raw, margin).map { $0.bitPattern != $1.bitPattern && !($0.isNaN && $1.isNaN) }
            #expect(
                !isWrong.contains(true),
                "\(isWrong.count { $0 }) of \(isWrong.count), first at \(isWrong.firstIndex(of: true) ?? 0)")

            let prediction: [Float] = try #require(set.outputs.first { $0.name == "prediction" }?.tensor?.values())
            for (output, value) in zip(graph.outputs, found).dropFirst() {
                guard let scores: [Float] = value.tensor?.values(), scores.count == prediction.count else { continue }
                for (a, b) in zip(scores, prediction) {
                    #expect(a == b || abs(a - b) <= 1e-7 + 1e-6 * abs(b) || (a.isNaN && b.isNaN), "\(output.name)")
                }
            }
        }
    }
}
