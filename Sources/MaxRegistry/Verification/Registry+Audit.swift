import MaxIR
import MaxRuntime

extension Registry {
    package struct Audit: Sendable {
        package var entries: UInt64
        package var root: String
        package var signers: [String]
    }

    /// Proves the log: every entry and tile leads to the root, trusted keys signed the checkpoint, the statement of every entry is
    /// there, and pointers have no gaps.
    ///
    /// - Parameters:
    ///   - since: a checkpoint that the log must extend.
    ///   - references: compares every reference with its entry too, a file each.
    /// - Throws: `.contentMismatch`, `.untrusted`, `.rollback`, `.notFound` for a statement that is gone.
    package func verifyLog(
        _ trust: Trust, since: Checkpoint?, references: Bool = true, progress: (_ done: UInt64, _ total: UInt64) -> Void
    ) throws(MaxError) -> Audit {
        let log = try log()
        let signers = try log.checkpoint.verify(by: try noteKeys(trust))
        if let since { try log.verify(extends: since) }
        try log.verify(progress: progress)
        var next: [String: Int64] = [:]
        let stored = Set(try blobs.digests())
        try log.forEachEntry(in: 0..<log.checkpoint.size) { index, bytes throws(MaxError) in
            let record = try LogRecord(bytes, index: Int64(clamping: index))
            guard stored.contains(record.statement) else {
                throw MaxError(.notFound, "log entry \(index): its statement \(record.statement.name) is missing")
            }
            if record.action == .point {
                let alias = "\(record.model)@\(record.name)"
                guard record.sequence == (next[alias] ?? 0) + 1 else {
                    throw MaxError(
                        .contentMismatch,
                        "log entry \(index): pointer \(record.sequence ?? 0) of \(alias), expected \((next[alias] ?? 0) + 1)")
                }
                next[alias] = record.sequence
            }
            guard references, let reference = try reference(Self.path(record, index: index)) else { return }
            guard reference.index == index, reference.record == record else {
                throw MaxError(.contentMismatch, "log entry \(index): its reference says something else")
            }
        }
        return Audit(entries: log.checkpoint.size, root: log.checkpoint.root.base64, signers: signers.map(\.name.string))
    }

    /// Adds a witness's line to the newest checkpoint.
    package func cosign(_ line: [UInt8]) throws(MaxError) {
        let lock = try FileLock(folder, Self.logLock, exclusive: true, seconds: Self.patience)
        defer { withExtendedLifetime(lock) {} }
        var log = try log()
        try log.cosign(line: line)
    }

    /// Where a version has been: pointers to it and refusals, in the order of the log.
    package func history(of resolved: Resolved) throws(MaxError) -> [LogRecord] {
        var found: [Reference] = []
        var aliases = Set(try aliases(of: resolved.model))
        aliases.formUnion(try folder.names("\(Self.references)/models/\(resolved.model)/refused"))
        for alias in aliases.sorted() {
            found += try pointers(of: alias, model: resolved.model)
            found += try refusals(of: alias, model: resolved.model)
        }
        return found.filter { $0.record.manifest == resolved.manifest }.sorted { $0.index < $1.index }.map(\.record)
    }

    /// Writes a bundle's bytes, compared with their digest, to a file that appears whole or not at all.
    package func export(_ manifest: ModelManifest, to path: String) throws(MaxError) {
        let file = try FileBytes(path: blobs.location(manifest.bundle.digest))
        let bytes = file.array
        guard BlobDigest(of: bytes) == manifest.bundle.digest else {
            throw MaxError(.contentMismatch, "blob \(manifest.bundle.digest.name) holds other bytes")
        }
        try AtomicFile.write(bytes, to: path)
    }
}
