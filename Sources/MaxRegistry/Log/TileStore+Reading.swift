import MaxIR

extension TileStore {
    /// The bytes of a tile. Where the partial tile is gone, the full one or a wider one that replaced it has them too.
    ///
    /// - Returns: `wider` when it was another tile that was read for a partial one.
    /// - Throws: `.contentMismatch` when there is none.
    func read(_ tile: Tile) throws(MaxError) -> (bytes: [UInt8], wider: Bool) {
        if let bytes = try folder.read(tile.path, limit: tile.maximumBytes) { return (bytes, false) }
        if tile.isPartial {
            // While others append, what a listing shows may be gone, replaced by the next.
            for _ in 0..<3 {
                let widths = try folder.names(in: tile.path.dropLast()).compactMap { Int($0) }
                let other = Tile(tile.content, number: tile.number, width: min(widths.max() ?? 0, Tile.fullWidth))
                if other.width > tile.width, let bytes = try folder.read(other.path, limit: other.maximumBytes) { return (bytes, true) }
                if let bytes = try folder.read(tile.full.path, limit: tile.full.maximumBytes) { return (bytes, true) }
            }
        }
        throw MaxError(
            .contentMismatch, "log: \(tile.name): not there, though the checkpoint has \(checkpoint.size) entries: restore the file")
    }

    /// The hashes of a tile, unchecked.
    ///
    /// - Throws: `.contentMismatch` when there are too few or too many.
    func readHashes(_ tile: Tile) throws(MaxError) -> [TreeHash] {
        let (bytes, wider) = try read(tile)
        let expected = tile.width * TreeHash.byteCount
        guard bytes.count == expected || wider && bytes.count > expected else {
            throw MaxError(.contentMismatch, "log: \(tile.name): \(bytes.count) bytes, expected \(expected)")
        }
        return bytes.withUnsafeBytes { raw in (0..<tile.width).map { TreeHash(raw, at: $0 * TreeHash.byteCount) } }
    }

    /// The entries of a tile, unchecked.
    func readEntries(_ tile: Tile) throws(MaxError) -> EntryBundle {
        let (bytes, wider) = try read(tile)
        return try EntryBundle(bytes, tile, wider: wider)
    }

    /// - Throws: `.usage` when the log has no such entry; `.contentMismatch` when it is not what the root stands for.
    public func entry(at index: UInt64) throws(MaxError) -> [UInt8] {
        guard index < checkpoint.size else {
            throw MaxError(.usage, "log: entry \(index): the log has \(checkpoint.size) entries")
        }
        var found: [UInt8] = []
        try forEachEntry(in: index..<index + 1) { (_, entry) throws(MaxError) in found = entry }
        return found
    }

    /// The entries of a range, all in memory.
    public func entries(in range: Range<UInt64>) throws(MaxError) -> [[UInt8]] {
        var entries: [[UInt8]] = []
        try forEachEntry(in: range) { (_, entry) throws(MaxError) in entries.append(entry) }
        return entries
    }

    /// Calls `body` for each entry of `range` in order, each checked against the checkpoint's root before.
    ///
    /// - Throws: `.usage` when the log ends before the range does; `.contentMismatch`; what `body` throws.
    public func forEachEntry(
        in range: Range<UInt64>, _ body: (_ index: UInt64, _ entry: [UInt8]) throws(MaxError) -> Void
    ) throws(MaxError) {
        guard range.upperBound <= checkpoint.size else {
            throw MaxError(.usage, "log: entries up to \(range.upperBound): the log has \(checkpoint.size) entries")
        }
        var nodes = StoredNodes(self)
        var position = range.lowerBound
        while position < range.upperBound {
            let first = position & ~255
            guard let tile = Tile(.entries, number: position >> 8, size: checkpoint.size),
                let hashes = Tile(.hashes(level: 0), number: position >> 8, size: checkpoint.size)
            else { return }
            let bundle = try readEntries(tile)
            let expected = try nodes.tile(hashes)
            let found = bundle.hashes
            if let wrong = found.indices.first(where: { found[$0] != expected[$0] }) {
                throw MaxError(.contentMismatch, "log: \(tile.name): entry \(first + UInt64(wrong)) is not the one in \(hashes.name)")
            }
            // The path of one leaf has every other hash of its tile below it: it shows that the whole tile is right.
            let proof = try InclusionProof(index: first, size: checkpoint.size) { (subtree) throws(MaxError) in
                try nodes.hash(subtree)
            }
            try proof.verify(expected[0], root: checkpoint.root)
            let end = min(first + UInt64(tile.width), range.upperBound)
            while position < end {
                try body(position, bundle[Int(position - first)])
                position += 1
            }
        }
    }
}

/// The hashes of complete subtrees from the tiles of a log, unchecked; tiles are kept once read.
struct StoredNodes {
    private let store: TileStore
    private var tiles: [Tile: [TreeHash]] = [:]
    private static let maximumTiles = 64

    init(_ store: TileStore) { self.store = store }

    mutating func tile(_ tile: Tile) throws(MaxError) -> [TreeHash] {
        if let hashes = tiles[tile] { return hashes }
        let hashes = try store.readHashes(tile)
        if tiles.count >= Self.maximumTiles { tiles.removeAll(keepingCapacity: true) }
        tiles[tile] = hashes
        return hashes
    }

    /// - Throws: `.usage` for a subtree that the log does not have; `.contentMismatch` for tiles that are missing or short.
    mutating func hash(_ subtree: Subtree) throws(MaxError) -> TreeHash {
        let (level, height) = (subtree.level / 8, subtree.level % 8)
        let first = subtree.index << UInt64(height)
        let offset = Int(first & 255)
        guard let tile = Tile(.hashes(level: level), number: first >> 8, size: store.checkpoint.size),
            offset + (1 << height) <= tile.width
        else { throw MaxError(.usage, "log: no subtree \(subtree.index) of height \(subtree.level) in \(store.checkpoint.size) entries") }
        var hashes = try self.tile(tile)[offset..<offset + (1 << height)]
        while hashes.count > 1 {
            hashes = stride(from: hashes.startIndex, to: hashes.endIndex, by: 2).map { TreeHash.node(hashes[$0], hashes[$0 + 1]) }[...]
        }
        return hashes[hashes.startIndex]
    }
}
