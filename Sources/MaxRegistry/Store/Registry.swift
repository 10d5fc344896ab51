import Glibc
import MaxFormats
import MaxIR

/// A registry in a directory, without a server: an OCI image layout that holds the content, a log that says what was done,
/// and references that are made from the log (formats/registry.md).
///
/// Any number of processes may read and write one directory at once.
package struct Registry: Sendable {
    static let schema = "maxai.registry/1"
    static let descriptionName = "maxai-registry.json"
    static let logName = "log"
    static let references = "refs"
    /// Held shared by whoever stores content until the log speaks of it, and by the collector alone.
    package static let storeLock = "locks/store"
    /// Held by the one who appends to the log.
    static let logLock = "locks/log"
    /// Seconds that a writer waits for the others.
    static let patience = 120.0

    package let folder: Folder
    package let blobs: BlobStore
    package let origin: Text

    /// Opens a registry.
    ///
    /// - Throws: `.notFound` when there is none at `path`; `.malformed`, `.unsupported` for another format.
    package init(path: String) throws(MaxError) {
        folder = try Folder(path: path)
        blobs = BlobStore(folder: folder)
        guard let bytes = try folder.read(Self.descriptionName, limit: 1 << 16) else {
            throw MaxError(.notFound, "\(path): no registry: make one with maxai-registry init")
        }
        let description = Member(try JSONReader.read(bytes), Self.descriptionName)
        let schema = try description.member("schema").text()
        guard schema == Text(Self.schema) else {
            throw MaxError(.unsupported, "\(path): a registry of format \(schema.quoted), this version knows \"\(Self.schema)\"")
        }
        origin = try TrustRoot.origin(try description.member("origin").text())
    }

    /// Makes a registry whose log begins with its first trust root.
    ///
    /// - Parameters:
    ///   - root: signed, version 1.
    ///   - signer: one of its keys.
    /// - Throws: `.conflict` when there is one already; `.untrusted`, `.malformed` for the root.
    package static func create(path: String, root bytes: [UInt8], signer: any Signer) throws(MaxError) -> Registry {
        let root = try TrustRoot.first(bytes, place: "root")
        guard root.version == 1 else { throw MaxError(.malformed, "root: version \(root.version), the first is 1") }
        guard mkdir(path, 0o755) == 0 || errno == EEXIST else {
            throw MaxError(.io, "cannot make \(path): \(String(cString: strerror(errno)))")
        }
        let folder = try Folder(path: path)
        guard try folder.size(descriptionName) == nil else { throw MaxError(.conflict, "\(path): holds a registry already") }
        for name in [BlobStore.path, Folder.temporary, references, "locks"] { try folder.make(name) }
        try folder.replace("oci-layout", Array(#"{"imageLayoutVersion":"1.0.0"}"#.utf8))
        do throws(MaxError) {
            _ = try TileStore.create(at: "\(path)/\(logName)", origin: root.origin) { text throws(MaxError) in
                [try NoteSignature(signing: text, name: root.origin, with: signer)]
            }
        } catch  where error.code == .conflict {
            // An `init` that was interrupted: the description, written last, is what makes a registry.
        }
        var json = JSONWriter()
        json.object { json in
            json.member("schema", schema)
            json.key("origin")
            json.value(root.origin)
        }
        let statement = try BlobStore(folder: folder).put(bytes)
        try folder.replace(descriptionName, json.bytes)
        let registry = try Registry(path: path)
        try registry.append(with: signer) { transaction throws(MaxError) in
            guard transaction.size == 0 else { return }
            transaction.add(
                LogRecord(.root, time: .now, actor: signer.publicKey.fingerprint, name: "1", statement: statement))
        }
        return registry
    }

    /// The log at its newest checkpoint, its signatures not looked at.
    package func log() throws(MaxError) -> TileStore { try TileStore(path: "\(folder.path)/\(Self.logName)") }

    /// Keeps the collector away while content is stored that nothing speaks of yet.
    package func sharing() throws(MaxError) -> FileLock {
        try FileLock(folder, Self.storeLock, exclusive: false, seconds: Self.patience)
    }

    // MARK: Writing

    /// What a writer does while it alone may append.
    package struct Transaction {
        package let registry: Registry
        /// Entries in the log.
        package let size: UInt64
        package private(set) var records: [LogRecord] = []

        init(_ registry: Registry, size: UInt64) {
            self.registry = registry
            self.size = size
        }

        package mutating func add(_ record: LogRecord) { records.append(record) }
    }

    /// Runs `body` while nobody else appends, then appends the records that it added, and makes their references. When this
    /// returns, they are on the disk.
    ///
    /// The log's new checkpoint is what makes it done: a process that ends before has done nothing, and what one that ends
    /// after has left undone, the next writer does.
    ///
    /// - Throws: `.locked` when others hold the log for too long; `.untrusted` when the signer is not in the root, or nobody of
    ///   any root signed the checkpoint; what `body` throws.
    package func append<Value>(with signer: any Signer, _ body: (inout Transaction) throws(MaxError) -> Value) throws(MaxError) -> Value {
        let lock = try FileLock(folder, Self.logLock, exclusive: true, seconds: Self.patience)
        defer { withExtendedLifetime(lock) {} }
        var log = try log()
        try catchUp(log)
        if log.checkpoint.size > 0 { try checkMayAppend(signer.publicKey, to: log) }
        var transaction = Transaction(self, size: log.checkpoint.size)
        let value = try body(&transaction)
        guard !transaction.records.isEmpty else { return value }
        let origin = origin
        try log.append(transaction.records.map(\.bytes)) { text throws(MaxError) in
            [try NoteSignature(signing: text, name: origin, with: signer)]
        }
        for (index, record) in transaction.records.enumerated() { try refer(record, index: transaction.size + UInt64(index)) }
        try noteApplied(log.checkpoint.size)
        return value
    }

    /// A checkpoint is signed by a key of the root, or no client believes it; and nobody signs on top of one that was signed by
    /// a key that never was in a root.
    private func checkMayAppend(_ key: PublicKey, to log: TileStore) throws(MaxError) {
        let chain = try rootChain()
        guard let root = chain.last else { throw MaxError(.malformed, "\(folder.path): a log without a root") }
        let revoked = try trust().revocations.keys
        guard root.allKeys(revoked: revoked).contains(where: { $0.fingerprint == key.fingerprint }) else {
            throw MaxError(
                .untrusted, "the key \(key.fingerprint.prefix(12)) is not in root \(root.version), or revoked: it may not append")
        }
        var keys: [NoteKey] = []
        for known in chain.flatMap({ $0.allKeys() }) where !keys.contains(where: { $0.id == known.noteID }) {
            keys.append(try NoteKey(name: origin, known))
        }
        try log.checkpoint.verify(by: keys)
    }

    /// Makes the references of entries whose writer did not come that far.
    private func catchUp(_ log: TileStore) throws(MaxError) {
        let applied = try appliedSize()
        guard applied != log.checkpoint.size else { return }
        guard applied < log.checkpoint.size else {
            throw MaxError(
                .rollback, "\(folder.path): references are made of \(applied) log entries, the log has \(log.checkpoint.size)")
        }
        try log.forEachEntry(in: applied..<log.checkpoint.size) { index, bytes throws(MaxError) in
            try refer(try LogRecord(bytes, index: Int64(clamping: index)), index: index)
        }
        try noteApplied(log.checkpoint.size)
    }

    private func appliedSize() throws(MaxError) -> UInt64 {
        guard let bytes = try folder.read("\(Self.references)/applied", limit: 64) else { return 0 }
        return UInt64(String(decoding: bytes, as: UTF8.self)) ?? 0
    }

    private func noteApplied(_ size: UInt64) throws(MaxError) {
        try folder.replace("\(Self.references)/applied", Array(String(size).utf8))
    }
}
