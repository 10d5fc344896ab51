import Glibc
import MaxIR
import MaxRegistry
import MaxRuntime
import Testing

/// A file outside of the log that nothing may write to.
enum AtomicFileProbe {
    static func write(_ path: String) throws { try AtomicFile.write([1, 2, 3], to: path) }
    static func isUntouched(_ path: String) throws -> Bool { try FileBytes(path: path).array == [1, 2, 3] }
}

@Suite struct LogCrashTests {
    /// Everything of an append but the checkpoint.
    private func stop(_ fixture: inout LogFixture, _ entries: [[UInt8]]) {
        #expect(throws: MaxError.self) {
            try fixture.store.append(entries) { (_) throws(MaxError) in throw MaxError(.internal, "stopped") }
        }
    }

    /// Stopped before the checkpoint: the log is as it was, and what is appended next takes the place of what was lost.
    @Test(arguments: [(0, 1), (5, 3), (250, 10), (255, 1), (255, 600), (256, 1), (511, 1), (700, 2)])
    func tilesBeyondTheCheckpointDoNotCount(size: Int, lost: Int) throws {
        var fixture = try LogFixture()
        try fixture.append(0..<size)
        stop(&fixture, (0..<lost).map { _ in [0xff, 0xff] })
        var store = try fixture.reopened()
        #expect(store.checkpoint.size == UInt64(size))
        try store.verify()
        for next in [1, 5, 260] {
            let start = Int(store.checkpoint.size)
            try store.append((start..<start + next).map(LogFixture.entry), sign: fixture.sign)
            try store.verify()
            try fixture.reopened().verify()
            let data = (0..<start + next).map(LogFixture.entry)
            #expect(store.checkpoint.root.bytes == ReferenceTree.root(data[...]))
            #expect(try fixture.reopened().entries(in: 0..<UInt64(data.count)) == data)
        }
    }

    @Test func tornFilesBeyondTheCheckpointAreOverwritten() throws {
        var fixture = try LogFixture()
        try fixture.append(0..<300)
        for name in ["tile/0/001.p/45", "tile/entries/001.p/45", "tile/0/001", "tile/entries/001", "tile/0/001.p/45.tmp", "checkpoint.tmp"]
        {
            try fixture.scratch.write([0xde, 0xad], name)
        }
        try fixture.reopened().verify()
        try fixture.append(300..<301)
        try fixture.reopened().verify()
        #expect(!fixture.scratch.exists("checkpoint.tmp") && !fixture.scratch.exists("tile/0/001.p/45.tmp"))
        try fixture.append(301..<513)
        try fixture.reopened().verify()
    }

    /// Stopped after the checkpoint: partial tiles of before are left over, and go with a later append.
    @Test func partialTilesThatWereLeftOverGo() throws {
        var fixture = try LogFixture()
        for size in 0..<4 { try fixture.append(size..<size + 1) }
        for width in [1, 2] { try fixture.scratch.write([0], "tile/0/000.p/\(width)") }
        try fixture.reopened().verify()
        try fixture.append(4..<5)
        #expect(LogScratch.names("\(fixture.scratch.log)/tile/0/000.p") == ["4", "5"])
        #expect(LogScratch.names("\(fixture.scratch.log)/tile/entries/000.p") == ["4", "5"])
        try fixture.append(5..<300)
        mkdir("\(fixture.scratch.log)/tile/0/000.p", 0o755)
        try fixture.scratch.write([0], "tile/0/000.p/9")
        try fixture.append(300..<301)
        #expect(!fixture.scratch.exists("tile/0/000.p"))
    }

    @Test func aLogThatWasStoppedWhileItWasMadeIsMadeAgain() throws {
        let scratch = try LogScratch()
        #expect(mkdir(scratch.log, 0o755) == 0)
        try scratch.write([1], "checkpoint.tmp")
        let key = try PrivateKey.generate(.p256)
        let store = try TileStore.create(at: scratch.log, origin: "log") { (text) throws(MaxError) in
            [try NoteSignature(signing: text, name: "log", with: key)]
        }
        try store.verify()
    }

    /// Power lost anywhere in an append: before the sync any of its files may be there, whole or torn, or not.
    @Test(arguments: [3, 254, 255, 509])
    func anyOfTheFilesOfAnAppendMayBeThere(size: Int) throws {
        var fixture = try LogFixture()
        try fixture.append(0..<size)
        let before = try fixture.scratch.files()
        try fixture.append(size..<size + 3)
        let after = try fixture.scratch.files()
        let new = after.keys.filter { before[$0] == nil }.sorted()
        #expect((2...6).contains(new.count))
        for subset in 0..<1 << new.count {
            for torn in [false, true] {
                let scratch = try LogScratch()
                var files = before
                for (bit, name) in new.enumerated() where subset >> bit & 1 == 1 {
                    files[name] = after[name].map { torn ? Array($0.dropLast(5)) : $0 }
                }
                try scratch.restore(files)
                var store = try TileStore(path: scratch.log, keys: [NoteKey(name: fixture.origin, fixture.key.publicKey)])
                #expect(store.checkpoint.size == UInt64(size))
                try store.verify()
                try store.append([[1], [2]], sign: fixture.sign)
                try store.verify()
                #expect(try store.entries(in: UInt64(size)..<UInt64(size + 2)) == [[1], [2]])
            }
        }
    }

    /// Stopped after the checkpoint: any of the files that it no longer needs may be left.
    @Test(arguments: [3, 254, 509])
    func anyOfTheOldFilesMayBeLeft(size: Int) throws {
        var fixture = try LogFixture()
        try fixture.append(0..<size)
        let before = try fixture.scratch.files()
        try fixture.append(size..<size + 3)
        let after = try fixture.scratch.files()
        let scratch = try LogScratch()
        try scratch.restore(before.merging(after) { $1 })
        var store = try TileStore(path: scratch.log)
        try store.verify()
        try store.append([[1]], sign: fixture.sign)
        try store.verify()
    }
}
