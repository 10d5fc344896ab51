import MaxIR
import MaxRegistry
import MaxRuntime
import Testing

@Suite struct MaterialsTests {
    let digest = String(repeating: "ab", count: 32)

    private func bundle() throws -> Bundle {
        try scaledBundle(
            auc: "0.75",
            provenance: #"{"format":"xgboost","sourceSHA256":"\#(digest)","training":{"kind":"training","data":{"sha256":"\#(digest)"}}}"#)
    }

    @Test func theBillNamesModelDataAndProgram() throws {
        let bytes = try BillOfMaterials.cycloneDX(of: try bundle())
        let json = String(decoding: bytes, as: UTF8.self)
        for member in [
            "\"specVersion\":\"1.6\"", "\"type\":\"machine-learning-model\"", "\"task\":\"binary\"", "\"name\":\"maxai-compile\"",
            "\"version\":\"0.1.0\"", "\"confidenceInterval\":", "\"datasets\":[{\"ref\":\"data:training data#\(digest)\"}]",
            "{\"alg\":\"SHA-256\",\"content\":\"\(digest)\"}",
        ] { #expect(json.contains(member), "\(member)") }
        #expect(bytes == (try BillOfMaterials.cycloneDX(of: try bundle())))
    }

    @Test func provenanceNamesWhatWentIn() throws {
        let bytes = try Provenance.slsa(of: try bundle(), builderID: "https://ci.example/maxai", externalParameters: [("recipe", "r.yaml")])
        let json = String(decoding: bytes, as: UTF8.self)
        #expect(json.contains("\"resolvedDependencies\":[{\"name\":\"xgboost\",\"digest\":{\"sha256\":\"\(digest)\"}}"))
        #expect(json.contains("\"builder\":{\"id\":\"https://ci.example/maxai\""))
        #expect(!json.contains("metadata"))
    }

    @Test func aBuilderIsAURIAndParametersAreGivenOnce() throws {
        let bundle = try bundle()
        for builder in ["", "ci", "urn:a b"] { #expect(throws: MaxError.self) { try Provenance.slsa(of: bundle, builderID: builder) } }
        #expect(throws: MaxError.self) {
            try Provenance.slsa(of: bundle, builderID: "urn:ci", externalParameters: [("model", "x")])
        }
    }
}
