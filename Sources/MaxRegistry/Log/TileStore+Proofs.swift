import MaxIR

extension TileStore {
    /// - Parameter size: that of the tree to prove it in, at most the log's.
    /// - Throws: `.usage` unless `index < size`; `.contentMismatch` when tiles are missing or do not lead to the root.
    public func inclusionProof(index: UInt64, size: UInt64) throws(MaxError) -> InclusionProof {
        try requireSize(size)
        var nodes = StoredNodes(self)
        return try InclusionProof(index: index, size: size) { (subtree) throws(MaxError) in try nodes.hash(subtree) }
    }

    /// - Throws: `.usage` unless `old <= new`, which is at most the log's size; `.contentMismatch` when tiles are missing.
    public func consistencyProof(_ old: UInt64, _ new: UInt64) throws(MaxError) -> ConsistencyProof {
        try requireSize(new)
        var nodes = StoredNodes(self)
        return try ConsistencyProof(oldSize: old, newSize: new) { (subtree) throws(MaxError) in try nodes.hash(subtree) }
    }

    /// The root of the log when it had `size` entries, from the tiles.
    public func root(at size: UInt64) throws(MaxError) -> TreeHash {
        try requireSize(size)
        var nodes = StoredNodes(self)
        return try TreeLimits.hash(of: 0..<size) { (subtree) throws(MaxError) in try nodes.hash(subtree) }
    }

    /// The proof of an entry with the checkpoint, to be given to somebody without the log. It is checked before.
    ///
    /// - Throws: `.usage` when there is no such entry; `.contentMismatch`.
    public func proof(of index: UInt64) throws(MaxError) -> LogProof {
        let entry = try entry(at: index)
        let proof = LogProof(try inclusionProof(index: index, size: checkpoint.size), checkpoint)
        try proof.inclusion.verify(.leaf(entry), root: checkpoint.root)
        return proof
    }

    /// Checks that the log extends a checkpoint seen before.
    ///
    /// - Throws: `.rollback` when it is shorter, was forked, or had another root at that size; `.untrusted` when it is
    ///   another log's; `.contentMismatch` when the tiles do not lead to the log's own root either.
    public func verify(extends older: Checkpoint) throws(MaxError) {
        guard checkpoint.size > older.size else {
            return try checkpoint.verify(extends: older, proof: ConsistencyProof(oldSize: older.size, newSize: checkpoint.size, path: []))
        }
        let proof = try consistencyProof(older.size, checkpoint.size)
        do throws(MaxError) {
            try checkpoint.verify(extends: older, proof: proof)
        } catch {
            guard error.code == .rollback, try root(at: checkpoint.size) != checkpoint.root else { throw error }
            throw MaxError(.contentMismatch, "log: the tiles do not lead to the root of the checkpoint: restore them")
        }
    }

    private func requireSize(_ size: UInt64) throws(MaxError) {
        guard size <= checkpoint.size else { throw MaxError(.usage, "log: size \(size): the log has \(checkpoint.size) entries") }
    }
}
