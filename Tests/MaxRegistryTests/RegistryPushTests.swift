import MaxIR
import MaxRuntime
import Testing

import MaxRegistry

@Suite struct RegistryPushTests {
    @Test func `a version is found by its name, its digest and its aliases, and never changes`() throws {
        let fixture = try RegistryFixture()
        let file = try RegistryFixture.bundle(signer: fixture.ann)
        func push(_ file: FileBytes, _ version: String? = nil) throws -> Registry.Pushed {
            try fixture.registry.push(file, version: version, signer: fixture.ann, trust: try fixture.trust)
        }
        let first = try push(file)
        #expect(!first.wasThere)
        #expect(try push(file).wasThere)
        let other = try RegistryFixture.bundle(factor: 3, signer: fixture.ann)
        #expect(RegistryFixture.code { _ = try push(other) } == .conflict)
        let resolved = try fixture.registry.resolve(try ModelReference("fraud@\(first.manifest.name)"))
        #expect(resolved.version == "1.0")
        try fixture.promote(resolved)
        #expect(try fixture.registry.resolve(try ModelReference("fraud@prod")).manifest == first.manifest)
        // A name is a version or an alias.
        #expect(RegistryFixture.code { _ = try push(other, "prod") } == .conflict)
        #expect(RegistryFixture.code { try fixture.promote(resolved, "1.0") } == .conflict)
        #expect(try fixture.registry.log().checkpoint.size == 3)
    }

    @Test func `what no builder signed is not taken`() throws {
        let fixture = try RegistryFixture()
        func code(_ file: FileBytes, _ signer: PrivateKey) -> MaxError.Code? {
            RegistryFixture.code { _ = try fixture.registry.push(file, signer: signer, trust: try fixture.trust) }
        }
        #expect(code(try RegistryFixture.bundle(signer: nil), fixture.ann) == .unsigned)
        #expect(code(try RegistryFixture.bundle(signer: fixture.bob), fixture.ann) == .untrusted)
        #expect(code(try RegistryFixture.bundle(signer: fixture.ann), fixture.bob) == .untrusted)
        #expect(try fixture.registry.models().isEmpty)
        #expect(try fixture.registry.log().checkpoint.size == 1)
    }

    @Test(arguments: ["fraud", "fraud@", "@1", "fra ud@1", "fraud@../x", "fraud@1\n2", "fraud@sha256:../../x", "fraud@a@b"])
    func `names that are none are refused`(text: String) {
        #expect([.usage, .malformed].contains(RegistryFixture.code { _ = try ModelReference(text) }))
    }

    @Test func `statements about something else are no evidence`() throws {
        let fixture = try RegistryFixture()
        let (one, two) = (try fixture.push("1.0"), try fixture.push("2.0", factor: 3))
        let bytes = try SignedStatement.sign(
            one.manifest, name: "x", type: PredicateType.approval, predicate: Array(#"{"alias":"prod"}"#.utf8), with: [fixture.cid])
        #expect(
            RegistryFixture.code { try fixture.registry.attest(two, bytes, signer: fixture.cid, trust: try fixture.trust) }
                == .contentMismatch)
        let stranger = try PrivateKey.generate(.p256)
        #expect(RegistryFixture.code { try fixture.approve(one, "prod", stranger) } == .untrusted)
        #expect(RegistryFixture.code { try fixture.attest(one, PredicateType.pointer, "{}", fixture.dan) } == .malformed)
    }

    @Test func `a writer makes what one that was killed left undone`() throws {
        let fixture = try RegistryFixture()
        try fixture.push("1.0")
        try fixture.promote(try fixture.registry.resolve(try ModelReference("fraud@1.0")))
        // As if it had ended right after its entry was in the log.
        try fixture.registry.folder.remove("refs/models/fraud/aliases/prod/0000000001")
        try fixture.registry.folder.replace("refs/applied", Array("2".utf8))
        #expect(RegistryFixture.code { _ = try fixture.registry.resolve(try ModelReference("fraud@prod")) } == .notFound)
        try fixture.push("2.0", factor: 3)
        #expect(try fixture.registry.resolve(try ModelReference("fraud@prod")).version == "1.0")
        // References that say more than the log does are not believed.
        try fixture.registry.folder.replace("refs/applied", Array("99".utf8))
        #expect(RegistryFixture.code { try fixture.push("3.0", factor: 4) } == .rollback)
    }

    @Test func `the collector takes what nothing leads to, and nothing else`() throws {
        let fixture = try RegistryFixture()
        let resolved = try fixture.push("1.0")
        try fixture.evaluate(resolved, auc: 0.9)
        try fixture.promote(resolved)
        let stray = try fixture.registry.blobs.put(Array("left by a push that was killed".utf8))
        let late = Timestamp.now.adding(100)
        #expect(try fixture.registry.collect(grace: 1000, isDry: false, time: late).blobs == 0)
        #expect(try fixture.registry.collect(grace: 10, isDry: true, time: late).blobs == 1)
        #expect(try fixture.registry.collect(grace: 10, isDry: false, time: late).blobs == 1)
        #expect(try !fixture.registry.blobs.contains(stray))
        var state: ClientState?
        _ = try fixture.verify("fraud@prod", &state)
        for verdict in try fixture.registry.verdicts(of: "prod", model: "fraud") { #expect(try fixture.registry.replay(verdict).isEqual) }
        // While a writer stores content, the collector waits.
        let sharing = try fixture.registry.sharing()
        #expect(throws: MaxError.self) {
            _ = try FileLock(fixture.registry.folder, Registry.storeLock, exclusive: true, seconds: 0.01)
        }
        withExtendedLifetime(sharing) {}
    }

    @Test func `only keys of the root append, whatever they bring`() throws {
        let fixture = try RegistryFixture()
        let resolved = try fixture.push("1.0")
        let stranger = try PrivateKey.generate(.p256)
        let bytes = try SignedStatement.sign(
            resolved.manifest, name: "x", type: PredicateType.approval, predicate: Array(#"{"alias":"prod"}"#.utf8), with: [fixture.cid])
        func code(_ body: () throws -> Void) -> MaxError.Code? { RegistryFixture.code(body) }
        #expect(code { try fixture.registry.attest(resolved, bytes, signer: stranger, trust: try fixture.trust) } == .untrusted)
        try fixture.registry.attest(resolved, bytes, signer: fixture.bob, trust: try fixture.trust)
        // Who leaves with a root, or is revoked, does not sign the checkpoint that says so.
        let next = RegistryFixture.root(2, fixture.ann, fixture.bob, fixture.cid, fixture.dan)
        #expect(code { _ = try fixture.registry.rotate(try next.signed(with: [fixture.dan]), signer: stranger) } == .untrusted)
        let entry = RevocationList.Entry(
            kind: .key, identifier: fixture.dan.publicKey.fingerprint, reason: "r", time: RegistryFixture.time)
        #expect(code { _ = try fixture.registry.revoke([entry], life: nil, signer: fixture.dan) } == .usage)
        // A checkpoint that a stranger signed is not built upon.
        var forged = try TileStore(path: "\(fixture.registry.folder.path)/log")
        let record = LogRecord(
            .refuse, time: RegistryFixture.time, actor: "x", model: "fraud", name: "prod", manifest: resolved.manifest,
            statement: resolved.pushed.record.statement)
        try forged.append([record.bytes]) { text throws(MaxError) in
            [try NoteSignature(signing: text, name: "test.example", with: stranger)]
        }
        #expect(code { try fixture.push("2.0", factor: 3) } == .untrusted)
    }
}
