import MaxIR

/// A proof that an entry is in a log, to be checked without it (C2SP tlog-proof):
///
///     c2sp.org/tlog-proof@v1
///     extra <base64>              (or no such line)
///     index <decimal>
///     <base64 of a hash>          (from the leaf's sibling up)
///
///     <checkpoint>
public struct LogProof: Sendable, Hashable {
    public static let maximumBytes = SignedNote.maximumBytes + (1 << 17)
    private static let header = Array("c2sp.org/tlog-proof@v1".utf8)
    private static let maximumExtraBytes = 1 << 16

    /// Covered by no signature: a hint to the reader.
    public let extra: [UInt8]?
    public let inclusion: InclusionProof
    public let checkpoint: Checkpoint

    init(_ inclusion: InclusionProof, _ checkpoint: Checkpoint, extra: [UInt8]? = nil) {
        (self.inclusion, self.checkpoint, self.extra) = (inclusion, checkpoint, extra)
    }

    /// - Throws: `.malformed`; `.limitExceeded`; `.unsigned`.
    public init(_ bytes: [UInt8]) throws(MaxError) {
        guard bytes.count <= Self.maximumBytes else {
            throw MaxError(.limitExceeded, "log proof: \(bytes.count) bytes, at most \(Self.maximumBytes)")
        }
        var rest = bytes[...]
        guard Self.line(&rest) == Self.header else {
            throw MaxError(.malformed, "log proof: expected the first line c2sp.org/tlog-proof@v1")
        }
        var line = Self.line(&rest)
        var extra: [UInt8]?
        if let text = line.flatMap({ Self.value($0, "extra ") }) {
            extra = Base64.decodeCanonical(text)
            guard extra.map({ $0.count <= Self.maximumExtraBytes }) ?? false else {
                throw MaxError(.malformed, "log proof: extra: expected base64 of at most \(Self.maximumExtraBytes) bytes")
            }
            line = Self.line(&rest)
        }
        guard let index = line.flatMap({ Self.value($0, "index ") }).flatMap(Checkpoint.decimal) else {
            throw MaxError(.malformed, "log proof: expected the line index with a decimal number without leading zeros")
        }
        var path: [TreeHash] = []
        while true {
            guard let text = Self.line(&rest) else { throw MaxError(.malformed, "log proof: no checkpoint") }
            if text.isEmpty { break }
            guard let hash = TreeHash(base64: text), path.count < 63 else {
                throw MaxError(.malformed, "log proof: hash \(path.count): expected at most 63 lines with the base64 of 32 bytes")
            }
            path.append(hash)
        }
        let checkpoint = try Checkpoint(Array(rest))
        guard index < checkpoint.size else {
            throw MaxError(.malformed, "log proof: entry \(index): the checkpoint has \(checkpoint.size) entries")
        }
        self.init(InclusionProof(index: index, size: checkpoint.size, path: path), checkpoint, extra: extra)
    }

    private static func line(_ rest: inout ArraySlice<UInt8>) -> [UInt8]? {
        guard let end = rest.firstIndex(of: 0x0a) else { return nil }
        defer { rest = rest[(end + 1)...] }
        return Array(rest[..<end])
    }

    private static func value(_ line: [UInt8], _ key: String) -> [UInt8]? {
        line.starts(with: key.utf8) ? Array(line.dropFirst(key.utf8.count)) : nil
    }

    public var bytes: [UInt8] {
        var text = String(decoding: Self.header, as: UTF8.self) + "\n"
        if let extra { text += "extra \(Base64.encode(extra))\n" }
        text += "index \(inclusion.index)\n"
        for hash in inclusion.path { text += hash.base64 + "\n" }
        return Array(text.utf8) + [0x0a] + checkpoint.bytes
    }

    /// Checks that `entry` is in the log and that one of `keys` signed the checkpoint.
    ///
    /// - Returns: the keys that signed, for a caller that asks for more than one.
    /// - Throws: `.untrusted`; `.signatureInvalid`; `.contentMismatch` when the proof is of another entry.
    @discardableResult
    public func verify(_ entry: [UInt8], keys: [NoteKey]) throws(MaxError) -> [NoteKey] {
        let signers = try checkpoint.verify(by: keys)
        try inclusion.verify(.leaf(entry), root: checkpoint.root)
        return signers
    }
}
