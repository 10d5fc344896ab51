import Glibc
import MaxIR
import MaxRegistry
import MaxRuntime
import Testing

@Suite struct VerificationTests {
    private func promoted(life: String = "") throws -> RegistryFixture {
        let fixture = try RegistryFixture()
        let policy = #"{"schema":"maxai.policy/1","require":{}\#(life)}"#
        try fixture.promote(try fixture.push("1"), "prod", policy)
        try fixture.promote(try fixture.push("2", factor: 3), "prod", policy)
        return fixture
    }

    private func code(_ fixture: RegistryFixture, _ text: String = "fraud@prod", state: ClientState? = nil, at time: Timestamp? = nil)
        -> MaxError.Code?
    {
        var state = state
        return RegistryFixture.code { _ = try fixture.verify(text, &state, at: time ?? RegistryFixture.time) }
    }

    @Test func `what is in order verifies, and is remembered`() throws {
        let fixture = try promoted()
        var state: ClientState?
        let verified = try fixture.verify("fraud@prod", &state)
        #expect(verified.resolved.version == "2" && verified.pointer?.sequence == 2)
        #expect(verified.signers == [fixture.ann.publicKey.fingerprint])
        let seen = try #require(state)
        #expect(seen.pointers["fraud@prod"] == 2)
        #expect(try ClientState(seen.bytes, place: "state") == seen)
        #expect(code(fixture, "fraud@1") == nil)
        #expect(code(fixture, "fraud@3") == .notFound)
        #expect(code(fixture, "other@1") == .notFound)
    }

    @Test func `who shows less than was seen before is found out`() throws {
        let fixture = try promoted()
        var state: ClientState?
        _ = try fixture.verify("fraud@prod", &state)
        var seen = try #require(state)
        seen.pointers["fraud@prod"] = 3
        #expect(code(fixture, state: seen) == .rollback)
        seen = try #require(state)
        seen.revocations = 1
        #expect(code(fixture, state: seen) == .rollback)
        seen = try #require(state)
        seen.root = 2
        #expect(code(fixture, state: seen) == .rollback)
        // A registry of another history with the same name and keys: the log is a fork of the one that was seen.
        let later = try promoted()
        _ = later
        let log = try fixture.registry.log()
        try fixture.push("3", factor: 4)
        var forked = try #require(state)
        forked.checkpoint = try later.registry.log().checkpoint.bytes
        #expect([.rollback, .untrusted].contains(code(fixture, state: forked)))
        #expect(code(fixture, state: state) == nil)
        // Cut back to what it was before the third push.
        try fixture.registry.folder.replace("log/checkpoint", log.checkpoint.bytes)
        var newest: ClientState?
        newest = state
        newest?.checkpoint = nil
        #expect(code(fixture, "fraud@3", state: newest) == .rollback)
    }

    @Test func `what has ended is not shown for ever`() throws {
        let fixture = try promoted(life: #","pointer":{"life":"P1D"}"#)
        #expect(code(fixture, at: RegistryFixture.time.adding(86400)) == nil)
        #expect(code(fixture, at: RegistryFixture.time.adding(86401)) == .expired)
        #expect(code(fixture, "fraud@2", at: RegistryFixture.time.adding(86401)) == nil)
        #expect(code(fixture, "fraud@2", at: RegistryFixture.time.adding(1_000_000_001)) == .expired)
        let life = try Period("P1D")
        _ = try fixture.registry.revoke([], life: life, signer: fixture.dan, time: RegistryFixture.time)
        #expect(code(fixture, "fraud@2", at: RegistryFixture.time.adding(86401)) == .expired)
    }

    @Test func `revoked versions and keys`() throws {
        let fixture = try promoted()
        let one = try fixture.registry.resolve(try ModelReference("fraud@1"))
        func revoke(_ kind: RevocationList.Entry.Kind, _ identifier: String) throws {
            _ = try fixture.registry.revoke(
                [.init(kind: kind, identifier: identifier, reason: "r", time: RegistryFixture.time)], life: nil, signer: fixture.dan)
        }
        try revoke(.artifact, one.manifest.hex)
        #expect(code(fixture, "fraud@1") == .revoked)
        #expect(code(fixture) == nil)
        #expect(try fixture.promote(one, "prod").pointer == nil)
        #expect(
            RegistryFixture.code { _ = try fixture.registry.revoke([], life: nil, signer: fixture.cid) } == .untrusted)
        try revoke(.key, fixture.ann.publicKey.fingerprint)
        #expect(code(fixture) == .untrusted)
    }

    @Test func `files that somebody changed`() throws {
        let fixture = try promoted()
        let registry = fixture.registry
        let two = try registry.resolve(try ModelReference("fraud@2"))
        let manifest = try registry.manifest(two.manifest)
        let bundlePath = BlobStore.path(manifest.bundle.digest)
        let good = try #require(try registry.folder.read(bundlePath))
        func changed(_ path: String, _ change: (inout [UInt8]) -> Void) throws -> MaxError.Code? {
            let before = try #require(try registry.folder.read(path))
            var bytes = before
            change(&bytes)
            try registry.folder.replace(path, bytes)
            defer { try? registry.folder.replace(path, before) }
            return code(fixture)
        }
        #expect(try changed(bundlePath) { $0[good.count / 2] ^= 1 } == .contentMismatch)
        #expect(try changed(bundlePath) { $0.append(0) } == .contentMismatch)
        #expect(try changed(BlobStore.path(two.manifest)) { $0[10] ^= 1 } == .contentMismatch)
        #expect(try changed("log/checkpoint") { $0[$0.count - 20] ^= 1 } != nil)
        let pointer = "refs/models/fraud/aliases/prod/0000000002"
        let first = try #require(try registry.folder.read("refs/models/fraud/aliases/prod/0000000001"))
        #expect(try changed(pointer) { $0 = first } == .contentMismatch)
        #expect(try changed(pointer) { $0 = Array("{}".utf8) } == .malformed)
        #expect(try changed(pointer) { $0 = [] } == .malformed)
        #expect(try changed("refs/models/fraud/versions/2") { $0 = first } != nil)
        #expect(code(fixture) == nil)
        // A link in the place of a file leads nowhere.
        try registry.folder.remove(pointer)
        #expect(symlink("/etc/passwd", "\(registry.folder.path)/\(pointer)") == 0)
        #expect(code(fixture) == .io)
    }

    @Test func `another registry under the same name is not the one that is trusted`() throws {
        let (mine, other) = (try promoted(), try promoted())
        var state: ClientState?
        var checks = Verification()
        #expect(
            RegistryFixture.code {
                _ = try other.registry.verify(
                    try ModelReference("fraud@prod"), pinned: try mine.pinned, state: &state, at: RegistryFixture.time, checks: &checks)
            } == .untrusted)
        #expect(state == nil)
        #expect(checks.gates.map(\.state) == [.fail])
    }

    @Test func `the whole log is proven, and what was changed in it is found`() throws {
        let fixture = try promoted()
        let audit = try fixture.registry.verifyLog(try fixture.trust, since: nil) { _, _ in }
        #expect(audit.entries == 5)
        let since = try fixture.registry.log().checkpoint
        try fixture.push("3", factor: 4)
        _ = try fixture.registry.verifyLog(try fixture.trust, since: since) { _, _ in }
        let statement = try #require(try fixture.registry.version("1", of: "fraud")).record.statement
        try fixture.registry.folder.remove(BlobStore.path(statement))
        #expect(RegistryFixture.code { _ = try fixture.registry.verifyLog(try fixture.trust, since: nil) { _, _ in } } == .notFound)
    }

    @Test func `a folder that takes nothing says so, and loses nothing`() throws {
        let fixture = try promoted()
        guard getuid() != 0 else { return }
        chmod("\(fixture.registry.folder.path)/tmp", 0o500)
        defer { chmod("\(fixture.registry.folder.path)/tmp", 0o700) }
        #expect(RegistryFixture.code { try fixture.push("3", factor: 4) } == .io)
        #expect(code(fixture) == nil)
    }
}
