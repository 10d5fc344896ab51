import MaxIR
import MaxRegistry
import Testing

@Suite struct LogStoreTests {
    @Test(
        arguments: [
            (0, "tile/3/000"), (7, "tile/3/007"), (999, "tile/3/999"), (1000, "tile/3/x001/000"), (1_234_067, "tile/3/x001/x234/067"),
        ] as [(UInt64, String)])
    func tilesAreNumberedInGroupsOfThree(number: UInt64, name: String) {
        #expect(Tile(.hashes(level: 3), number: number, width: 256).name == name)
        #expect(Tile(.hashes(level: 3), number: number, width: 12).name == "\(name).p/12")
        #expect(Tile(.entries, number: number, width: 256).name == name.replacing("/3/", with: "/entries/"))
    }

    @Test func aNewLogIsEmptyAndOpens() throws {
        let fixture = try LogFixture()
        let store = try fixture.reopened()
        #expect(store.checkpoint.size == 0 && store.checkpoint.root == .empty)
        try store.verify()
        #expect(LogScratch.names(fixture.scratch.log) == ["checkpoint"])
        let again = #expect(throws: MaxError.self) {
            try TileStore.create(at: fixture.scratch.log, origin: fixture.origin, sign: fixture.sign)
        }
        #expect(again?.code == .conflict)
        let nowhere = #expect(throws: MaxError.self) { try TileStore(path: fixture.scratch.path + "/other") }
        #expect(nowhere?.code == .notFound)
        let bare = #expect(throws: MaxError.self) { try TileStore(path: fixture.scratch.path) }
        #expect(bare?.code == .notFound)
    }

    @Test func entriesOfTheVectorGiveItsRootAndProof() throws {
        var fixture = try LogFixture()
        for leaf in standardLeaves { try fixture.append([leaf]) }
        #expect(fixture.store.checkpoint.root.base64 == "XcnaeacGWamtVZy3Ad7ZoqudgjqtL0lgz+Nw7/RgQyg=")
        let proof = try fixture.store.proof(of: 2)
        #expect(
            proof.inclusion.path.map(\.base64) == [
                "B1Bqhf2d0vEg62lPhgEeW7RmLlxBWmKRcDPUqWJEh+c=", "+sVCA+fMaWzw38tCySodnbr3CtnmIfS9jZhmLwDjwSU=",
                "a0eq8p7jwq+a+Im8H7klTavTEXfxYjLdaqsDXKOb9uQ=",
            ])
        try LogProof(proof.bytes).verify(standardLeaves[2], keys: [NoteKey(name: fixture.origin, fixture.key.publicKey)])
        // | length, u16 | data | length, u16 | …
        #expect(try fixture.scratch.bytes("tile/entries/000.p/8").starts(with: [0, 0, 0, 1, 0x00, 0, 1, 0x10, 0, 2, 0x20, 0x21]))
        #expect(try fixture.scratch.bytes("tile/0/000.p/8").prefix(32).elementsEqual(TreeHash.leaf([]).bytes))
    }

    /// Batches of 1 to 120, so that tiles fill in the middle, at the end and across appends.
    @Test(arguments: [1, 2, 3] as [UInt64])
    func manyAppendsMakeOneLog(seed: UInt64) throws {
        var fixture = try LogFixture()
        var random = seed &* 0x9e37_79b9_7f4a_7c15
        var count = 0
        var sizes = [0]
        while count < 1100 {
            random = random &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            let batch = 1 + Int(random >> 33) % 120
            try fixture.append(count..<count + batch)
            count += batch
            sizes.append(count)
        }
        let store = try fixture.reopened()
        let data = (0..<count).map(LogFixture.entry)
        #expect(store.checkpoint.root.bytes == ReferenceTree.root(data[...]))
        var done: [UInt64] = []
        try store.verify { now, total in done.append(now == total ? total : now) }
        #expect(done.last == UInt64(count) && done == done.sorted() && done.count == (count + 255) / 256)
        #expect(try store.entries(in: 0..<UInt64(count)) == data)
        #expect(try store.entries(in: 250..<530) == Array(data[250..<530]))
        #expect(try store.entries(in: 7..<7).isEmpty)
        for index in [0, 3, 255, 256, 511, 512, count - 1] { #expect(try store.entry(at: UInt64(index)) == data[index]) }
        for (old, new) in zip(sizes, sizes.dropFirst()) {
            let proof = try store.consistencyProof(UInt64(old), UInt64(new))
            if old > 0 { #expect(proof.path.map(\.bytes) == ReferenceTree.consistency(old, data[..<new])) }
            try proof.verify(store.root(at: UInt64(old)), store.root(at: UInt64(new)))
            let inclusion = try store.inclusionProof(index: UInt64(new - 1), size: UInt64(new))
            try inclusion.verify(.leaf(data[new - 1]), root: store.root(at: UInt64(new)))
        }
        let edge = "\(fixture.scratch.log)/tile/0/00\(count / 256).p"
        #expect(LogScratch.names("\(fixture.scratch.log)/tile/1/000.p").last == "\(count / 256)")
        #expect(LogScratch.names(edge).count <= 2, "at most the partial tiles of the last two checkpoints")
        #expect(!fixture.scratch.exists("tile/0/000.p") && !fixture.scratch.exists("tile/entries/000.p"))
    }

    @Test func oneBatchMakesTheFilesThatManyMake() throws {
        var (one, many) = (try LogFixture(), try LogFixture())
        try one.append(0..<600)
        for start in stride(from: 0, to: 600, by: 50) { try many.append(start..<start + 50) }
        for name in ["tile/0/000", "tile/0/001", "tile/0/002.p/88", "tile/1/000.p/2", "tile/entries/001", "tile/entries/002.p/88"] {
            #expect(try one.scratch.bytes(name) == many.scratch.bytes(name), "\(name)")
        }
        #expect(one.store.checkpoint.root == many.store.checkpoint.root)
    }

    @Test func aFullSecondLevelTileIsWritten() throws {
        var fixture = try LogFixture()
        let entries = (0..<65_537).map { Array("\($0)".utf8) }
        try fixture.append(Array(entries.prefix(65_535)))
        try fixture.append(Array(entries.suffix(2)))
        let store = try fixture.reopened()
        try store.verify()
        for name in ["tile/0/255", "tile/0/256.p/1", "tile/1/000", "tile/2/000.p/1", "tile/entries/256.p/1"] {
            #expect(fixture.scratch.exists(name), "\(name)")
        }
        #expect(!fixture.scratch.exists("tile/1/001") && !fixture.scratch.exists("tile/1/000.p"))
        try store.inclusionProof(index: 40_000, size: 65_537).verify(.leaf(entries[40_000]), root: store.checkpoint.root)
        try store.verify(extends: store.checkpoint)
    }

    @Test func whatIsNotThereCannotBeAskedFor() throws {
        var fixture = try LogFixture()
        try fixture.append(0..<5)
        let store = fixture.store
        let attempts: [() throws -> Void] = [
            { _ = try store.entry(at: 5) }, { _ = try store.entry(at: .max) }, { _ = try store.entries(in: 0..<6) },
            { _ = try store.inclusionProof(index: 5, size: 5) }, { _ = try store.inclusionProof(index: 0, size: 6) },
            { _ = try store.consistencyProof(3, 2) }, { _ = try store.consistencyProof(1, .max) }, { _ = try store.root(at: 6) },
            { _ = try store.proof(of: 5) },
        ]
        for (number, attempt) in attempts.enumerated() {
            let error = #expect(throws: MaxError.self, "\(number)") { try attempt() }
            #expect(error?.code == .usage, "\(number)")
        }
    }

    @Test func entriesHaveALimitAndMayBeEmpty() throws {
        var fixture = try LogFixture()
        let longest = [UInt8](repeating: 7, count: 65535)
        try fixture.append([longest, []])
        #expect(try fixture.reopened().entries(in: 0..<2) == [longest, []])
        let error = #expect(throws: MaxError.self) { try fixture.append([[1], longest + [7]]) }
        #expect(error?.code == .limitExceeded)
        let before = fixture.store.checkpoint
        try fixture.append([[UInt8]]())
        #expect(fixture.store.checkpoint == before)
    }

    @Test func aReaderKeepsItsCheckpointWhileOthersAppend() throws {
        var fixture = try LogFixture()
        try fixture.append(0..<255)
        var reader = try fixture.reopened()
        try fixture.append(255..<300)
        try reader.verify()
        #expect(try reader.entries(in: 0..<255).count == 255)
        // However far the others go, a wider tile has what the reader needs.
        let edge = try fixture.reopened()
        for index in 300..<310 { try fixture.append(index..<index + 1) }
        #expect(!fixture.scratch.exists("tile/0/001.p/44"))
        try edge.verify()
        try edge.inclusionProof(index: 299, size: 300).verify(.leaf(LogFixture.entry(299)), root: edge.checkpoint.root)
        try reader.refresh()
        #expect(reader.checkpoint.size == 310)
        var other = try fixture.reopened()
        try other.append([[1]], sign: fixture.sign)
        // The writer held 310 entries: it goes on from what is there now.
        try fixture.append([[2]])
        #expect(fixture.store.checkpoint.size == 312)
        try fixture.reopened().verify()
    }

    @Test func aWitnessCosignsTheStoredCheckpoint() throws {
        var fixture = try LogFixture()
        try fixture.append(0..<3)
        let before = fixture.store.checkpoint.bytes
        try fixture.store.cosign(line: Array("— witness.example AAAAAAA=\n".utf8))
        #expect(try fixture.scratch.bytes("checkpoint") == before + Array("— witness.example AAAAAAA=\n".utf8))
        try fixture.append(3..<4)
        #expect(fixture.store.checkpoint.note.signatures.count == 1)
    }
}
