import Glibc
import MaxIR
import MaxRegistry
import Testing

@Suite struct LogTamperingTests {
    private func code(_ body: () throws -> Void) -> MaxError.Code? {
        do {
            try body()
            return nil
        } catch let error as MaxError { return error.code } catch { return nil }
    }

    private func sample() throws -> LogFixture {
        var fixture = try LogFixture()
        try fixture.append(0..<600)
        return fixture
    }

    private static let files = [
        "tile/0/000", "tile/0/001", "tile/0/002.p/88", "tile/1/000.p/2", "tile/entries/000", "tile/entries/001", "tile/entries/002.p/88",
    ]

    @Test(arguments: files)
    func aChangedFileIsFound(name: String) throws {
        let fixture = try sample()
        let store = try fixture.reopened()
        let good = try fixture.scratch.bytes(name)
        for position in [0, 1, 2, 31, 32, good.count / 2, good.count - 1] {
            var bad = good
            bad[position] ^= 0x10
            try fixture.scratch.write(bad, name)
            #expect(code { try store.verify() } == .contentMismatch, "byte \(position)")
            #expect(code { try store.forEachEntry(in: 0..<600) { _, _ in } } == .contentMismatch, "byte \(position)")
        }
        for bad in [[], Array(good.dropLast()), Array(good.dropFirst()), good + good.prefix(32)] {
            try fixture.scratch.write(bad, name)
            #expect([.contentMismatch, .limitExceeded].contains(code { try store.verify() }), "\(bad.count) bytes")
        }
        unlink("\(fixture.scratch.log)/\(name)")
        #expect(code { try store.verify() } == .contentMismatch)
        try fixture.scratch.write(good, name)
        try store.verify()
    }

    @Test(arguments: ["tile/0/002.p/88", "tile/1/000.p/2", "tile/entries/002.p/88"])
    func nothingIsAppendedToAChangedEdge(name: String) throws {
        var fixture = try sample()
        var bad = try fixture.scratch.bytes(name)
        bad[40] ^= 1
        try fixture.scratch.write(bad, name)
        #expect(code { try fixture.append([[1]]) } == .contentMismatch)
        #expect(fixture.store.checkpoint.size == 600)
    }

    @Test func aProofFromChangedTilesDoesNotVerify() throws {
        let fixture = try sample()
        var bad = try fixture.scratch.bytes("tile/0/001")
        bad[0] ^= 1
        try fixture.scratch.write(bad, "tile/0/001")
        #expect(code { _ = try fixture.store.proof(of: 257) } == .contentMismatch)
        let old = try sample().store.checkpoint
        #expect(code { try fixture.store.verify(extends: old) } == nil, "same size, same root")
    }

    @Test func aReplacedCheckpointIsFound() throws {
        var fixture = try sample()
        let old = try fixture.scratch.bytes("checkpoint")
        try fixture.append(600..<601)
        let current = fixture.store.checkpoint
        // Rolled back
        try fixture.scratch.write(old, "checkpoint")
        #expect(code { try fixture.store.refresh() } == .rollback)
        #expect(code { try fixture.append([[1]]) } == .rollback)
        #expect(code { try fixture.reopened().verify(extends: current) } == .rollback)
        // Forked: the same size and another root
        let (key, origin) = (fixture.key, fixture.origin)
        let forked = try Checkpoint(origin: origin, size: 601, root: .leaf([1])) { (text) throws(MaxError) in
            [try NoteSignature(signing: text, name: origin, with: key)]
        }
        try fixture.scratch.write(forked.bytes, "checkpoint")
        #expect(code { try fixture.store.refresh() } == .rollback)
        #expect(code { try fixture.reopened().verify() } == .contentMismatch)
        // Another key, no signature, garbage, nothing
        let stranger = try PrivateKey.generate(.p256)
        let foreign = try Checkpoint(origin: origin, size: current.size, root: current.root) { (text) throws(MaxError) in
            [try NoteSignature(signing: text, name: origin, with: stranger)]
        }
        try fixture.scratch.write(foreign.bytes, "checkpoint")
        #expect(code { _ = try fixture.reopened() } == .untrusted)
        try fixture.scratch.write(current.note.text + [0x0a], "checkpoint")
        #expect(code { _ = try fixture.reopened() } == .unsigned)
        try fixture.scratch.write([0], "checkpoint")
        #expect(code { _ = try fixture.reopened() } == .malformed)
        try fixture.scratch.write([UInt8](repeating: 0x41, count: 1 << 20 + 1), "checkpoint")
        #expect(code { _ = try fixture.reopened() } == .limitExceeded)
        try fixture.scratch.write(current.bytes, "checkpoint")
        try fixture.reopened().verify()
    }

    @Test func aCheckpointThatNobodyWouldTrustIsNotWritten() throws {
        let fixture = try sample()
        let stranger = try PrivateKey.generate(.p256)
        let origin = fixture.origin
        func sign(_ text: [UInt8]) throws(MaxError) -> [NoteSignature] { [try NoteSignature(signing: text, name: origin, with: stranger)] }
        var store = try fixture.reopened()
        #expect(code { try store.append([[1]], sign: sign) } == .untrusted)
        #expect(code { try store.append([[1]]) { _ in [] } } == .unsigned)
        #expect(code { try store.cosign(line: Array("— witness".utf8)) } == .malformed)
        try store.refresh()
        #expect(store.checkpoint == fixture.store.checkpoint)
        let keys = [try NoteKey(name: origin, fixture.key.publicKey)]
        #expect(code { _ = try TileStore.create(at: fixture.scratch.path + "/new", origin: origin, keys: keys, sign: sign) } == .untrusted)
        #expect(code { _ = try TileStore.create(at: fixture.scratch.path + "/new", origin: "a b", sign: sign) } == .malformed)
        #expect(code { _ = try TileStore.create(at: fixture.scratch.path + "/a/b", origin: origin, sign: sign) } == .notFound)
        #expect(LogScratch.names(fixture.scratch.path) == ["log"])
    }

    @Test func aRewrittenLogIsARollback() throws {
        var (fixture, other) = (try LogFixture(), try LogFixture())
        try fixture.append(0..<300)
        try other.append([[9]])
        try other.append(1..<700)
        // Another log in good order, with the same name: only what was seen before tells.
        #expect(code { try other.store.verify(extends: fixture.store.checkpoint) } == .rollback)
        #expect(code { try fixture.store.verify(extends: other.store.checkpoint) } == .rollback)
        var longer = try LogFixture()
        try longer.append(0..<700)
        #expect(code { try longer.store.verify(extends: fixture.store.checkpoint) } == nil)
        var bad = try longer.scratch.bytes("tile/1/000.p/2")
        bad[0] ^= 1
        try longer.scratch.write(bad, "tile/1/000.p/2")
        #expect(code { try longer.store.verify(extends: fixture.store.checkpoint) } == .contentMismatch)
    }

    @Test func symbolicLinksAreNotFollowed() throws {
        var fixture = try sample()
        let (log, outside) = (fixture.scratch.log, fixture.scratch.path + "/outside")
        for name in ["checkpoint", "tile/0/000", "tile/entries/000", "tile/0", "tile"] {
            #expect(rename("\(log)/\(name)", outside) == 0)
            #expect(symlink(outside, "\(log)/\(name)") == 0)
            #expect(code { try fixture.reopened().verify() } == .io, "\(name)")
            unlink("\(log)/\(name)")
            #expect(rename(outside, "\(log)/\(name)") == 0)
        }
        // A link at the place of a new file is replaced, not written through.
        try AtomicFileProbe.write(outside)
        for name in ["tile/0/002.p/89", "tile/0/002.p/89.tmp", "checkpoint.tmp"] { #expect(symlink(outside, "\(log)/\(name)") == 0) }
        try fixture.append(600..<601)
        #expect(try AtomicFileProbe.isUntouched(outside))
        try fixture.reopened().verify()
        // A pipe is not waited for.
        unlink("\(log)/tile/0/000")
        mkfifo("\(log)/tile/0/000", 0o600)
        #expect(code { try fixture.reopened().verify() } == .io)
        #expect(symlink(log, fixture.scratch.path + "/link") == 0)
        #expect(code { _ = try TileStore(path: fixture.scratch.path + "/link") } == .io)
    }
}
