import MaxIR
import Testing

import MaxRegistry

@Suite struct PromotionTests {
    private func states(_ promotion: Registry.Promotion) -> [String: GateResult.State] {
        Dictionary(uniqueKeysWithValues: promotion.verdict.gates.map { ($0.id, $0.state) })
    }

    @Test func `approvers are counted as keys, for this alias, until their approval ends`() throws {
        let fixture = try RegistryFixture()
        let resolved = try fixture.push()
        let policy = RegistryFixture.requiring(#""signatures":[{"role":"approver","threshold":2,"distinctFrom":["builder"]}]"#)
        func state(at time: Timestamp = RegistryFixture.time) throws -> GateResult.State? {
            states(try fixture.promote(resolved, "prod", policy, time: time))["signatures/approver"]
        }
        #expect(try state() == .fail)
        try fixture.approve(resolved, "prod", fixture.bob)
        try fixture.approve(resolved, "prod", fixture.bob)
        // ann built it; cid approved another alias.
        try fixture.approve(resolved, "prod", fixture.ann)
        try fixture.approve(resolved, "staging", fixture.cid)
        #expect(try state() == .fail)
        try fixture.approve(resolved, "prod", fixture.cid, more: #","expires":"\#(RegistryFixture.time.adding(60).text)""#)
        #expect(try state(at: RegistryFixture.time.adding(61)) == .fail)
        #expect(try state() == .pass)
        // A signature over something else is no approval.
        try fixture.attest(resolved, "https://example.org/approval", #"{"alias":"prod"}"#, fixture.cid)
        #expect(try fixture.registry.pointers(of: "prod", model: "fraud").count == 1)
    }

    @Test func `metrics are held against values and against what the alias stands for`() throws {
        let fixture = try RegistryFixture()
        let policy = RegistryFixture.requiring(
            #""metrics":[{"id":"auc","op":">=","value":0.5},{"id":"auc","op":">=","baseline":"prod","delta":-0.01}]"#)
        let first = try fixture.push("1")
        #expect(states(try fixture.promote(first, "prod", policy))["metric/auc"] == .fail)
        try fixture.evaluate(first, auc: 0.8)
        #expect(try fixture.promote(first, "prod", policy).pointer?.sequence == 1)
        let worse = try fixture.push("2", factor: 3)
        try fixture.evaluate(worse, auc: 0.78)
        let refused = try fixture.promote(worse, "prod", policy)
        #expect(refused.pointer == nil)
        #expect(states(refused) == ["standing": .pass, "metric/auc": .pass, "metric/auc-against-prod": .fail])
        // An evaluation by somebody who is no evaluator changes nothing; the newest by one who is counts.
        try fixture.attest(
            worse, PredicateType.evaluation, #"{"evaluation":{"metrics":[{"name":"auc","value":0.99}]}}"#, fixture.cid)
        #expect(try fixture.promote(worse, "prod", policy).pointer == nil)
        try fixture.evaluate(worse, auc: 0.795)
        #expect(try fixture.promote(worse, "prod", policy).pointer?.sequence == 2)
        // Back: not held to being better than what is left.
        let back = try fixture.promote(try fixture.registry.previous(of: "prod", model: "fraud"), "prod", policy, kind: .rollback)
        #expect(back.pointer?.version == "1" && back.pointer?.sequence == 3)
    }

    @Test func `a waiver lets a gate fail until it ends, and never a signature`() throws {
        let fixture = try RegistryFixture()
        let resolved = try fixture.push()
        let policy = RegistryFixture.requiring(
            #""metrics":[{"id":"auc","op":">=","value":0.5}],"signatures":[{"role":"approver","threshold":1}]"#)
        let end = RegistryFixture.time.adding(60)
        func waive(_ gate: String, _ key: PrivateKey) throws {
            try fixture.attest(
                resolved, PredicateType.waiver, #"{"gate":"\#(gate)","alias":"prod","expires":"\#(end.text)","reason":"r"}"#, key)
        }
        try waive("metric/auc", fixture.dan)
        #expect(states(try fixture.promote(resolved, "prod", policy))["metric/auc"] == .fail)
        try waive("metric/auc", fixture.cid)
        try waive("signatures/approver", fixture.cid)
        let found = states(try fixture.promote(resolved, "prod", policy))
        #expect(found["metric/auc"] == .waived && found["signatures/approver"] == .fail)
        #expect(states(try fixture.promote(resolved, "prod", policy, time: end.adding(1)))["metric/auc"] == .fail)
        #expect(states(try fixture.promote(resolved, "staging", policy))["metric/auc"] == .fail)
    }

    @Test func `parity, rebuild, drift, latency, age and soak`() throws {
        let fixture = try RegistryFixture()
        let resolved = try fixture.push()
        let bundle = try fixture.registry.bundle(of: try fixture.registry.manifest(resolved.manifest))
        let now = RegistryFixture.time
        let parity = try Evidence.parity(bundle, time: now)
        #expect(String(decoding: parity, as: UTF8.self).contains(#""rows":3,"maxUlp":0"#))
        let policy = RegistryFixture.requiring(
            #""parity":{"maxUlp":0},"rebuild":true,"drift":{"psiMax":0.2,"columnPsiMax":0.3,"minRows":10},"#
                + #""latency":{"against":"prod","maxRegressionPct":5},"soak":{"from":"staging","period":"PT1H"},"#
                + #""attestations":[{"type":"provenance","builders":["https://ci.example"],"maxAge":"P1D"}]"#)
        let missing = states(try fixture.promote(resolved, "prod", policy))
        #expect(missing.filter { $0.value == .pass }.map(\.key) == ["standing"])
        try fixture.attest(resolved, PredicateType.parity, String(decoding: parity, as: UTF8.self), fixture.bob)
        try fixture.attest(
            resolved, PredicateType.rebuild, String(decoding: Evidence.rebuild(bundle, again: bundle, time: now), as: UTF8.self),
            fixture.bob)
        try fixture.attest(resolved, PredicateType.drift, #"{"rows":10,"psi":0.1,"columns":[{"name":"x","psi":0.31}]}"#, fixture.bob)
        let times = (0..<20).map { "\(1000 + $0)" }.joined(separator: ",")
        try fixture.attest(resolved, PredicateType.latency, #"{"nanoseconds":[\#(times)]}"#, fixture.bob)
        try fixture.promote(resolved, "staging", time: now.adding(-3599))
        let provenance = #"{"runDetails":{"builder":{"id":"https://ci.example"},"metadata":{"finishedOn":"\#(now.adding(-80000).text)"}}}"#
        try fixture.attest(resolved, PredicateType.provenance, provenance, fixture.ann)
        let found = states(try fixture.promote(resolved, "prod", policy))
        #expect(found["parity"] == .pass && found["rebuild"] == .pass && found["latency"] == .pass)
        #expect(found["drift"] == .fail && found["soak"] == .fail && found["attestation/provenance"] == .pass)
        try fixture.attest(resolved, PredicateType.drift, #"{"rows":10,"psi":0.1,"columns":[{"name":"x","psi":0.3}]}"#, fixture.bob)
        let later = states(try fixture.promote(resolved, "prod", policy, time: now.adding(1)))
        #expect(later.allSatisfy { $0.value == .pass }, "\(later)")
        #expect(states(try fixture.promote(resolved, "prod", policy, time: now.adding(7000)))["attestation/provenance"] == .fail)
    }

    @Test func `a pointer that somebody moved meanwhile is a conflict`() throws {
        let fixture = try RegistryFixture()
        let (one, two) = (try fixture.push("1"), try fixture.push("2", factor: 3))
        #expect(try fixture.promote(one, expected: 0).pointer?.sequence == 1)
        #expect(RegistryFixture.code { try fixture.promote(two, expected: 0) } == .conflict)
        #expect(try fixture.promote(two, expected: 1).pointer?.sequence == 2)
        #expect(
            RegistryFixture.code {
                _ = try fixture.registry.promote(
                    one, to: "prod", policy: Array(RegistryFixture.open.utf8), signer: fixture.cid, trust: try fixture.trust)
            } == .untrusted)
    }

    @Test func `the policy that the root names is the one that counts`() throws {
        let strict = RegistryFixture.requiring(#""metrics":[{"id":"auc","op":">","value":0.99}]"#)
        let fixture = try RegistryFixture(policies: ["prod": BlobDigest(of: Array(strict.utf8))])
        let resolved = try fixture.push()
        #expect(states(try fixture.promote(resolved, "prod"))["standing"] == .fail)
        #expect(try fixture.promote(resolved, "staging").pointer != nil)
    }

    @Test func `verdicts come out again, also after roots and revocations have moved on`() throws {
        let fixture = try RegistryFixture()
        let policy = RegistryFixture.requiring(
            #""signatures":[{"role":"builder","threshold":1},{"role":"approver","threshold":1}],"metrics":[{"id":"auc","op":">=","baseline":"prod"}]"#
        )
        let first = try fixture.push("1")
        try fixture.evaluate(first, auc: 0.8)
        try fixture.promote(first, "prod", policy)
        try fixture.approve(first, "prod", fixture.cid)
        try fixture.promote(first, "prod", policy)
        let second = try fixture.push("2", factor: 3)
        try fixture.evaluate(second, auc: 0.7)
        try fixture.promote(second, "prod", policy)
        let entry = RevocationList.Entry(
            kind: .key, identifier: fixture.cid.publicKey.fingerprint, reason: "stolen", time: RegistryFixture.time)
        _ = try fixture.registry.revoke([entry], life: nil, signer: fixture.dan)
        let next = RegistryFixture.root(2, fixture.ann, fixture.cid, fixture.bob, fixture.dan)
        _ = try fixture.registry.rotate(try next.signed(with: [fixture.dan]), signer: fixture.dan)
        let verdicts = try fixture.registry.verdicts(of: "prod", model: "fraud")
        #expect(verdicts.count == 3)
        var passed: [Bool] = []
        for verdict in verdicts {
            let replay = try fixture.registry.replay(verdict)
            #expect(replay.isEqual)
            passed.append(replay.stored.passed)
        }
        #expect(passed == [false, true, false])
        // A revoked key's approval says nothing today.
        #expect(states(try fixture.promote(first, "prod", policy))["signatures/approver"] == .fail)
        // Evidence that is gone, or changed, is said.
        let evidence = try #require(try fixture.registry.evidence(for: first.manifest, of: "fraud").first).record.statement
        try fixture.registry.folder.remove(BlobStore.path(evidence))
        #expect(RegistryFixture.code { _ = try fixture.registry.replay(verdicts[1]) } == .notFound)
    }
}
