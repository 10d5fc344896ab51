import MaxIR

extension TileStore {
    public static let maximumEntryBytes = EntryBundle.maximumEntryBytes

    /// Appends entries and signs the new checkpoint. To be called under a lock that keeps other writers out.
    ///
    /// First the entries and hashes are written and synced, to files that the checkpoint so far does not speak of; then the
    /// checkpoint is replaced. Before that the log is as it was, after it as it will be: what lies beyond the size of the
    /// checkpoint does not count, and is overwritten.
    ///
    /// - Parameter sign: makes the signature lines for the text of the checkpoint.
    /// - Throws: `.limitExceeded` for an entry above 65535 bytes; `.contentMismatch` when the right edge of the log does not
    ///   lead to its root; `.rollback` when the log no longer extends the checkpoint held; `.io`; what `sign` throws.
    public mutating func append(_ entries: [[UInt8]], sign: (_ text: [UInt8]) throws(MaxError) -> [NoteSignature]) throws(MaxError) {
        if let index = entries.firstIndex(where: { $0.count > Self.maximumEntryBytes }) {
            throw MaxError(.limitExceeded, "log: new entry \(index): \(entries[index].count) bytes, at most \(Self.maximumEntryBytes)")
        }
        try refresh()
        let old = checkpoint.size
        guard UInt64(entries.count) <= TreeLimits.maximumSize - old else {
            throw MaxError(.limitExceeded, "log: \(old) entries are too many")
        }
        guard !entries.isEmpty else { return }

        var builder = try TileBuilder(self)
        var bundle = try edgeEntries(builder)
        var writer = TileWriter(folder, extending: old)
        for entry in entries {
            bundle.append(entry)
            if bundle.count == Tile.fullWidth {
                try writer.write(bundle.bytes, to: Tile(.entries, number: builder.range.size >> 8, width: Tile.fullWidth))
                bundle.removeAll()
            }
            try builder.append(.leaf(entry)) { (tile, hashes) throws(MaxError) in try writer.write(hashes, to: tile) }
        }
        let new = builder.range.size
        if let tile = Tile(edge: .entries, size: new) { try writer.write(bundle.bytes, to: tile) }
        for (tile, hashes) in builder.partial {
            guard case .hashes(let level) = tile.content, Tile.count(level, size: new) > Tile.count(level, size: old) else { continue }
            try writer.write(hashes, to: tile)
        }
        try writer.sync()

        let next = try Checkpoint(origin: checkpoint.origin, size: new, root: builder.range.root, sign: sign)
        if let keys { try next.verify(by: keys) }
        try write(next)
        checkpoint = next
        removePartialTiles(before: old)
    }

    /// The entries of the last, partial bundle, checked against their hashes.
    private func edgeEntries(_ builder: TileBuilder) throws(MaxError) -> EntryBundle {
        guard let tile = Tile(edge: .entries, size: checkpoint.size), let (_, hashes) = builder.partial.first else { return EntryBundle() }
        let bundle = try readEntries(tile)
        guard bundle.hashes == hashes else {
            throw MaxError(.contentMismatch, "log: \(tile.name): its entries are not those that the hashes are of")
        }
        return bundle
    }

    /// Removes partial tiles that neither this checkpoint nor the one of `old` entries needs: who still reads the log at
    /// that one finds its tiles, or the full ones that took their place.
    private func removePartialTiles(before old: UInt64) {
        for content in Tile.Content.all where Tile.count(content.level, size: checkpoint.size) > 0 {
            let number = Tile.count(content.level, size: old) >> 8
            let new = Tile(edge: content, size: checkpoint.size)
            let kept = new?.number == number ? [Tile(edge: content, size: old), new].compactMap { $0.map { String($0.width) } } : []
            folder.clear(Tile(content, number: number, width: 1).path.dropLast(), keeping: Set(kept))
            // Left by a writer that was stopped before it came to this.
            if number > 0 { folder.clear(Tile(content, number: number - 1, width: 1).path.dropLast(), keeping: []) }
        }
    }
}

/// Writes tiles, and remembers which folders are to be synced.
private struct TileWriter {
    private let folder: LogFolder
    /// Folders that the tiles of the checkpoint so far lie in: they are known to be durable, others are not, even where they
    /// are there, since whoever made them may have been stopped.
    private var durable: Set<[String]> = [[]]
    private var made: Set<[String]> = []
    private var changed: Set<[String]> = []

    init(_ folder: LogFolder, extending size: UInt64) {
        self.folder = folder
        for content in Tile.Content.all {
            let count = Tile.count(content.level, size: size)
            let last = count >> 8 > 0 ? Tile(content, number: (count >> 8) - 1, size: size) : nil
            for tile in [last, Tile(edge: content, size: size)].compactMap(\.self) {
                for depth in 1..<tile.path.count { durable.insert(Array(tile.path.prefix(depth))) }
            }
        }
    }

    mutating func write(_ hashes: [TreeHash], to tile: Tile) throws(MaxError) {
        try write(hashes.withUnsafeBytes { Array($0) }, to: tile)
    }

    mutating func write(_ bytes: [UInt8], to tile: Tile) throws(MaxError) {
        let parent = Array(tile.path.dropLast())
        if made.insert(parent).inserted {
            try folder.makeFolder(parent)
            for depth in 1...parent.count where !durable.contains(Array(parent.prefix(depth))) {
                changed.insert(Array(parent.prefix(depth - 1)))
            }
        }
        changed.insert(parent)
        try folder.write(bytes, to: tile.path)
    }

    func sync() throws(MaxError) {
        for names in changed { try folder.sync(names) }
    }
}
