import MaxIR

/// Grows a tree leaf by leaf and yields its tiles: full ones as they fill, the partial ones of the right edge at the end.
struct TileBuilder {
    private(set) var range = CompactRange()
    /// The hashes of the last tile of every level, as far as it is filled.
    private var edge: [[TreeHash]] = Array(repeating: [], count: Tile.levels.count)
    private var filled: [Int] = []

    init() {}

    /// The builder of a log as it is stored.
    ///
    /// - Throws: `.contentMismatch` when the tiles of the right edge do not lead to the checkpoint's root.
    init(_ store: TileStore) throws(MaxError) {
        let size = store.checkpoint.size
        var nodes = StoredNodes(store)
        range = try CompactRange(size: size) { (subtree) throws(MaxError) in try nodes.hash(subtree) }
        guard range.root == store.checkpoint.root else {
            throw MaxError(
                .contentMismatch,
                "log: the tiles of \(size) entries lead to root \(range.root.base64), the checkpoint has \(store.checkpoint.root.base64)")
        }
        for level in Tile.levels {
            if let tile = Tile(edge: .hashes(level: level), size: size) { edge[level] = try nodes.tile(tile) }
        }
    }

    /// - Parameter full: called with every tile that the leaf fills.
    mutating func append(_ leaf: TreeHash, full: (Tile, [TreeHash]) throws(MaxError) -> Void) throws(MaxError) {
        range.append(leaf) { subtree, hash in
            guard subtree.level % 8 == 0 else { return }
            let level = subtree.level / 8
            edge[level].append(hash)
            if edge[level].count == Tile.fullWidth { filled.append(level) }
        }
        guard !filled.isEmpty else { return }
        for level in filled {
            let number = (Tile.count(level, size: range.size) >> 8) - 1
            try full(Tile(.hashes(level: level), number: number, width: Tile.fullWidth), edge[level])
            edge[level].removeAll(keepingCapacity: true)
        }
        filled.removeAll(keepingCapacity: true)
    }

    /// The partial tiles, level 0 first.
    var partial: [(tile: Tile, hashes: [TreeHash])] {
        Tile.levels.compactMap { level in
            Tile(edge: .hashes(level: level), size: range.size).map { ($0, edge[level]) }
        }
    }
}
