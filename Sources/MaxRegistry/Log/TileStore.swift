import Glibc
import MaxIR

/// A log in a folder: its tree and entries as tiles, and the checkpoint that says how much of them counts
/// (formats/log.md, C2SP tlog-tiles).
///
/// Holds the log at one checkpoint: what is appended later, by whoever, is seen after `refresh`. Any number may read while
/// one appends; appending needs a lock of the caller's. Everything read is checked against the checkpoint's root.
public struct TileStore: Sendable {
    static let checkpointName = ["checkpoint"]

    let folder: LogFolder
    /// nil: the signatures of checkpoints are not looked at.
    let keys: [NoteKey]?
    public internal(set) var checkpoint: Checkpoint

    /// Opens a log to read.
    ///
    /// - Parameter keys: those of which one must have signed the checkpoint; nil leaves the signatures unchecked.
    /// - Throws: `.notFound`; `.malformed`, `.unsigned`, `.untrusted`, `.signatureInvalid` for the checkpoint.
    public init(path: String, keys: [NoteKey]? = nil) throws(MaxError) {
        folder = try LogFolder(path: path)
        self.keys = keys
        checkpoint = try Self.readCheckpoint(folder, keys)
    }

    private init(_ folder: LogFolder, _ keys: [NoteKey]?, _ checkpoint: Checkpoint) {
        (self.folder, self.keys, self.checkpoint) = (folder, keys, checkpoint)
    }

    /// Makes the folder, unless it is there, and in it a log without entries.
    ///
    /// - Parameter sign: makes the signature lines for the text of a checkpoint.
    /// - Throws: `.conflict` when the folder holds a log.
    public static func create(
        at path: String, origin: Text, keys: [NoteKey]? = nil, sign: (_ text: [UInt8]) throws(MaxError) -> [NoteSignature]
    ) throws(MaxError) -> TileStore {
        let checkpoint = try Checkpoint(origin: origin, size: 0, root: .empty, sign: sign)
        if let keys { try checkpoint.verify(by: keys) }
        guard mkdir(path, 0o755) == 0 || errno == EEXIST else {
            throw MaxError(errno == ENOENT ? .notFound : .io, "log: cannot make folder \(path): \(String(cString: strerror(errno)))")
        }
        let folder = try LogFolder(path: path)
        guard try folder.read(checkpointName, limit: SignedNote.maximumBytes) == nil else {
            throw MaxError(.conflict, "log: \(path) holds a log")
        }
        let store = TileStore(folder, keys, checkpoint)
        try store.write(checkpoint)
        Self.syncParent(of: path)
        return store
    }

    private static func syncParent(of path: String) {
        let parent = open("\(path)/..", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard parent >= 0 else { return }
        fsync(parent)
        close(parent)
    }

    private static func readCheckpoint(_ folder: LogFolder, _ keys: [NoteKey]?) throws(MaxError) -> Checkpoint {
        guard let bytes = try folder.read(checkpointName, limit: SignedNote.maximumBytes) else {
            throw MaxError(.notFound, "log: \(folder.path) holds no checkpoint")
        }
        let checkpoint = try Checkpoint(bytes)
        if let keys { try checkpoint.verify(by: keys) }
        return checkpoint
    }

    /// Makes `checkpoint` the log's, durably.
    func write(_ checkpoint: Checkpoint) throws(MaxError) {
        try folder.write(checkpoint.bytes, to: Self.checkpointName)
        try folder.sync([])
    }

    /// Goes on to the log's newest checkpoint.
    ///
    /// - Throws: `.rollback` when it does not extend the one held; what `init` throws.
    public mutating func refresh() throws(MaxError) {
        var newest = self
        newest.checkpoint = try Self.readCheckpoint(folder, keys)
        guard newest.checkpoint != checkpoint else { return }
        try newest.verify(extends: checkpoint)
        self = newest
    }

    /// Adds a witness's signature to the newest checkpoint. Under the caller's lock, as `append`.
    ///
    /// - Parameter line: as the witness sent it, for the checkpoint as it is now.
    /// - Throws: `.malformed`; `.conflict` when the witness's signature is there; `.signatureInvalid` when it is of one of
    ///   the store's keys and does not verify.
    public mutating func cosign(line: [UInt8]) throws(MaxError) {
        try refresh()
        var cosigned = checkpoint
        try cosigned.cosign(line: line)
        if let keys { try cosigned.verify(by: keys) }
        try write(cosigned)
        checkpoint = cosigned
    }
}
