import Glibc
import MaxIR

extension Registry {
    package struct Collected: Sendable {
        package var blobs = 0
        package var bytes = 0
        package var temporaries = 0
        package var kept = 0
    }

    /// Removes what no log entry leads to: blobs whose push did not end, and temporary files.
    ///
    /// Whatever a log entry names stays, with everything that is named there in turn. Removing happens while no writer is at
    /// work: each holds the store's lock, shared, from its first blob to its log entry, and loses it when it dies.
    ///
    /// - Parameters:
    ///   - grace: seconds that a file must have been left alone.
    ///   - isDry: counts only.
    /// - Throws: `.locked` when writers do not leave it a gap.
    package func collect(grace: Int64, isDry: Bool, time: Timestamp = .now) throws(MaxError) -> Collected {
        let lock = try FileLock(folder, Self.storeLock, exclusive: true, seconds: Self.patience)
        defer { withExtendedLifetime(lock) {} }
        let reached = try reachable()
        var collected = Collected()
        for digest in try blobs.digests() {
            guard !reached.contains(digest) else {
                collected.kept += 1
                continue
            }
            let path = BlobStore.path(digest)
            guard let modified = try folder.modified(path), modified <= time.seconds - grace else { continue }
            collected.blobs += 1
            collected.bytes += try folder.size(path) ?? 0
            if !isDry { try folder.remove(path) }
        }
        for name in try folder.names(Folder.temporary) {
            let path = "\(Folder.temporary)/\(name)"
            guard let modified = try folder.modified(path), modified <= time.seconds - grace else { continue }
            collected.temporaries += 1
            if !isDry { try folder.remove(path) }
        }
        return collected
    }

    /// Every blob that the log leads to.
    private func reachable() throws(MaxError) -> Set<BlobDigest> {
        var reached = Set<BlobDigest>()
        var open: [BlobDigest] = []
        func reach(_ digest: BlobDigest?) { if let digest, reached.insert(digest).inserted { open.append(digest) } }
        let log = try log()
        try log.forEachEntry(in: 0..<log.checkpoint.size) { index, bytes throws(MaxError) in
            let record = try LogRecord(bytes, index: Int64(clamping: index))
            reach(record.statement)
            reach(record.manifest)
        }
        while let digest = open.popLast() {
            // Only documents lead on; a bundle is not one.
            guard let size = try folder.size(BlobStore.path(digest)), size <= SignedStatement.maximumBytes,
                let bytes = try folder.read(BlobStore.path(digest)), bytes.first == UInt8(ascii: "{")
            else { continue }
            for named in Self.digests(in: bytes) { reach(named) }
            if let payload = try? SignatureBundle(bytes).payload { for named in Self.digests(in: payload) { reach(named) } }
        }
        return reached
    }

    /// Whatever looks like a digest: to keep a blob too many costs space, to lose one costs the registry.
    private static func digests(in bytes: [UInt8]) -> [BlobDigest] {
        var found: [BlobDigest] = []
        var start: Int?
        for position in 0...bytes.count {
            let isDigit = position < bytes.count && ((0x30...0x39).contains(bytes[position]) || (0x61...0x66).contains(bytes[position]))
            if isDigit {
                start = start ?? position
            } else {
                if let start, position - start == 64, let digest = BlobDigest(hex: String(decoding: bytes[start..<position], as: UTF8.self))
                {
                    found.append(digest)
                }
                start = nil
            }
        }
        return found
    }
}
