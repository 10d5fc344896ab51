import MaxIR

/// A signed head of a log (C2SP tlog-checkpoint):
///
///     <origin>
///     <number of entries, decimal>
///     <root, base64>
///     <extension lines, if any>
///
///     — <name> <signature>
public struct Checkpoint: Sendable, Hashable {
    /// Which log it is; also the name of the log's own key.
    public let origin: Text
    public let size: UInt64
    public let root: TreeHash
    public private(set) var note: SignedNote

    public var bytes: [UInt8] { note.bytes }

    /// - Parameter sign: makes the signature lines for a text.
    /// - Throws: `.malformed` for an origin that is no key name; what `sign` throws.
    public init(
        origin: Text, size: UInt64, root: TreeHash, sign: (_ text: [UInt8]) throws(MaxError) -> [NoteSignature]
    ) throws(MaxError) {
        try SignedNote.checkName(origin)
        let text = origin.utf8 + Array("\n\(size)\n\(root.base64)\n".utf8)
        try self.init(note: SignedNote(text: text, signatures: try sign(text)))
    }

    /// Says nothing of who signed: see `verify`.
    ///
    /// - Throws: `.malformed`, `.unsigned`, `.limitExceeded`.
    public init(_ bytes: [UInt8]) throws(MaxError) { try self.init(note: SignedNote(bytes)) }

    private init(note: SignedNote) throws(MaxError) {
        let lines = note.text.dropLast().split(separator: 0x0a, omittingEmptySubsequences: false).map(Array.init)
        guard lines.count >= 3, lines.allSatisfy({ !$0.isEmpty }) else {
            throw MaxError(.malformed, "checkpoint: expected the lines origin, size and root, and no empty line")
        }
        origin = Text(utf8: lines[0])
        guard origin.utf8.count <= SignedNote.maximumNameBytes, !origin.string.unicodeScalars.contains(where: \.isControl) else {
            throw MaxError(.malformed, "checkpoint: origin: longer than \(SignedNote.maximumNameBytes) bytes, or with a control character")
        }
        guard let size = Self.decimal(lines[1]) else {
            throw MaxError(.malformed, "checkpoint: size: expected a decimal number without leading zeros")
        }
        guard size <= TreeLimits.maximumSize else {
            throw MaxError(.limitExceeded, "checkpoint: size: \(size), at most \(TreeLimits.maximumSize)")
        }
        guard let root = TreeHash(base64: lines[2]) else {
            throw MaxError(.malformed, "checkpoint: root: expected the base64 of 32 bytes")
        }
        guard size > 0 || root == .empty else { throw MaxError(.malformed, "checkpoint: a log without entries has another root") }
        (self.size, self.root, self.note) = (size, root, note)
    }

    /// The number that a canonical decimal stands for; nil for other text and above 64 bits.
    static func decimal(_ text: [UInt8]) -> UInt64? {
        guard (1...20).contains(text.count), text.allSatisfy({ (0x30...0x39).contains($0) }), text.count == 1 || text[0] != 0x30
        else { return nil }
        return UInt64(String(decoding: text, as: UTF8.self))
    }

    /// Checks that the log's own key signed; other signatures, as of witnesses, are passed over.
    ///
    /// - Parameter keys: the keys that may sign for this log, whatever it is called.
    /// - Throws: `.untrusted` when none of them did; `.signatureInvalid` when the signature of one does not verify.
    @discardableResult
    public func verify(by keys: [PublicKey]) throws(MaxError) -> PublicKey {
        var named: [NoteKey] = []
        for key in keys { named.append(try NoteKey(name: origin, key)) }
        guard case .ecdsa(let key)? = try verify(by: named).first?.algorithm else { throw MaxError(.internal, "note: no key") }
        return key
    }

    /// The keys among `keys` that signed: log keys and witnesses alike.
    ///
    /// - Throws: `.untrusted` when there is none; `.signatureInvalid` when the signature of one does not verify.
    @discardableResult
    public func verify(by keys: [NoteKey]) throws(MaxError) -> [NoteKey] {
        let signers: [NoteKey]
        do throws(MaxError) { signers = try note.signers(among: keys) } catch { throw error.inside("checkpoint of \(origin.quoted)") }
        guard !signers.isEmpty else {
            let names = note.signatures.map(\.name.quoted).joined(separator: ", ")
            throw MaxError(.untrusted, "checkpoint of \(origin.quoted): signed by \(names), by none of the \(keys.count) trusted keys")
        }
        return signers
    }

    /// Adds a witness's signature after the others.
    ///
    /// - Parameter line: as the witness sent it, with or without its LF.
    /// - Throws: `.malformed`; `.conflict` when the witness's signature is there.
    public mutating func cosign(line: [UInt8]) throws(MaxError) {
        try note.add(NoteSignature(line: line.last == 0x0a ? line.dropLast() : line))
    }

    /// Checks against a checkpoint seen before, with a proof between the two sizes.
    ///
    /// - Throws: `.untrusted` for another log; `.rollback` when this one does not extend `older`.
    public func verify(extends older: Checkpoint, proof: ConsistencyProof) throws(MaxError) {
        guard origin == older.origin else {
            throw MaxError(.untrusted, "checkpoint: of \(origin.quoted), expected \(older.origin.quoted)")
        }
        guard size >= older.size else {
            throw MaxError(.rollback, "log \(origin.quoted): shrunk from \(older.size) to \(size) entries: what was logged is gone")
        }
        guard proof.oldSize == older.size, proof.newSize == size else {
            throw MaxError(
                .rollback, "log \(origin.quoted): proof from \(proof.oldSize) to \(proof.newSize), expected \(older.size) to \(size)")
        }
        try proof.verify(older.root, root)
    }
}
