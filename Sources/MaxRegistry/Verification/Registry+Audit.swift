import MaxIR
import MaxRuntime
import Synchronization

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
        try forEachRecord(of: log) { index, record throws(MaxError) in
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

    /// Entries that are parsed at once.
    private static let batch: UInt64 = 1 << 14

    /// The records of a log in order, parsed on all processors: that is most of an audit.
    private func forEachRecord(
        of log: TileStore, _ body: (_ index: UInt64, _ record: LogRecord) throws(MaxError) -> Void
    ) throws(MaxError) {
        var start: UInt64 = 0
        while start < log.checkpoint.size {
            let end = min(start + Self.batch, log.checkpoint.size)
            let entries = try log.entries(in: start..<end)
            let first = start
            let members = min(Parallel.processors, entries.count)
            let parsed = Mutex([Int: [Result<LogRecord, MaxError>]]())
            Parallel.run(members: members) { member in
                let range = entries.count * member / members..<entries.count * (member + 1) / members
                let records = range.map { position -> Result<LogRecord, MaxError> in
                    do throws(MaxError) {
                        return .success(try LogRecord(entries[position], index: Int64(clamping: first + UInt64(position))))
                    } catch { return .failure(error) }
                }
                parsed.withLock { $0[member] = records }
            }
            var index = start
            for member in 0..<members {
                for record in parsed.withLock({ $0[member] ?? [] }) {
                    try body(index, try record.get())
                    index += 1
                }
            }
            start = end
        }
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
