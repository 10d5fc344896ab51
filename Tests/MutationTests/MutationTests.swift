import MaxIR
import MaxMutations
import Testing

/// The short form of `make check-full`: the same damage, fewer cases, no sanitizers.
@Suite struct MutationTests {
    @Test(arguments: InputKind.allCases)
    func damagedInputsAreReadOrRefusedWithADocumentedCode(kind: InputKind) throws {
        let campaign = try Campaign(kind, seed: 7)
        let tally = campaign.run(0..<200)
        for offence in tally.offences { Issue.record("\(kind.rawValue) case \(offence.case): \(offence.message)") }
        #expect(tally.accepted < 200)
    }

    /// If the inputs were refused as they are, damaging them would show nothing.
    @Test(arguments: InputKind.allCases)
    func whatIsDamagedWasGood(kind: InputKind) throws {
        let campaign = try Campaign(kind, seed: 7)
        let refused = campaign.readSeeds()
        #expect(refused.count * 4 <= campaign.seeds.count, "\(refused.prefix(5).map(\.message))")
    }
}
