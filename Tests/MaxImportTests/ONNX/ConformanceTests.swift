import MaxCases
import Testing

/// The backend tests of the onnx package, and the zoo, by the reference evaluator.
@Suite(.enabled(if: !CaseFolder.conformance.names().isEmpty, "make cases first"))
struct ConformanceTests {
    /// Every ai.onnx.ml case, whatever the list says.
    @Test func everyCaseOfTheMLDomainPasses() {
        let names = CaseFolder.conformance.names("node-ai_onnx_ml_")
        #expect(names.count >= 8)
        for name in names { expectPassed(name, CaseFolder.conformance) }
    }

    @Test func whatPassedBeforeStillPasses() throws {
        let demanded = try CaseFolder.floor()
        #expect(demanded == demanded.sorted() && Set(demanded).count == demanded.count)
        let known = Set(CaseFolder.conformance.names())
        let zoo = Set(CaseFolder.zoo.names())
        #expect(demanded.filter(known.contains).count >= 1199)
        for name in demanded {
            // The packages of another day may have fewer or other cases.
            if known.contains(name) { expectPassed(name, .conformance) } else if zoo.contains(name) { expectPassed(name, .zoo) }
        }
    }

    private func expectPassed(_ name: String, _ folder: CaseFolder) {
        guard case .failed(_, let detail) = Outcome(of: name, in: folder) else { return }
        Issue.record("\(name): \(detail)")
    }
}
