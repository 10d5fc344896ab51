import MaxIR

extension TileStore {
    /// Checks everything: hashes every entry again, rebuilds the tree, and compares it with every tile and with the root.
    ///
    /// - Parameter progress: called after each bundle with the number of entries done and their number.
    /// - Throws: `.contentMismatch` with the first file that is not right.
    /// - Complexity: two hashes per entry; one bundle in memory.
    public func verify(progress: (_ done: UInt64, _ total: UInt64) -> Void = { _, _ in }) throws(MaxError) {
        let size = checkpoint.size
        var builder = TileBuilder()
        while let tile = Tile(.entries, number: builder.range.size >> 8, size: size) {
            for leaf in try readEntries(tile).hashes {
                try builder.append(leaf) { (tile, hashes) throws(MaxError) in try compare(tile, hashes) }
            }
            progress(builder.range.size, size)
            guard !tile.isPartial else { break }
        }
        for (tile, hashes) in builder.partial { try compare(tile, hashes) }
        guard builder.range.root == checkpoint.root else {
            throw MaxError(
                .contentMismatch,
                "log: \(size) entries have root \(builder.range.root.base64), the checkpoint has \(checkpoint.root.base64)")
        }
    }

    private func compare(_ tile: Tile, _ hashes: [TreeHash]) throws(MaxError) {
        let stored = try readHashes(tile)
        if let wrong = hashes.indices.first(where: { stored[$0] != hashes[$0] }) {
            throw MaxError(
                .contentMismatch, "log: \(tile.name): hash \(wrong) is \(stored[wrong].base64), the entries have \(hashes[wrong].base64)")
        }
    }
}
