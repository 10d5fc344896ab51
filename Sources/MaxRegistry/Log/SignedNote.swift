import MaxIR

/// One signature line of a note: `— <name> <base64(4 bytes of key id ‖ signature)>`.
public struct NoteSignature: Sendable, Hashable {
    public let name: Text
    public let keyID: UInt32
    public let signature: [UInt8]

    /// - Throws: `.malformed` for a name that no signature line can carry.
    public init(signing text: [UInt8], name: Text, with key: any Signer) throws(MaxError) {
        try SignedNote.checkName(name)
        self.name = name
        keyID = key.publicKey.noteID
        signature = try key.sign(text)
    }

    /// Reads one line, without its LF.
    ///
    /// - Throws: `.malformed`.
    public init(line: [UInt8]) throws(MaxError) {
        let parts = line.split(separator: 0x20, omittingEmptySubsequences: false).map(Array.init)
        guard parts.count == 3, parts[0] == SignedNote.dash, let bytes = Base64.decodeCanonical(parts[2]), bytes.count > 4 else {
            throw MaxError(.malformed, "note: signature line: expected an em dash, a name and base64 of more than 4 bytes")
        }
        name = Text(utf8: parts[1])
        try SignedNote.checkName(name)
        keyID = bytes.prefix(4).reduce(0) { $0 << 8 | UInt32($1) }
        signature = Array(bytes.dropFirst(4))
    }

    /// The line, without its LF.
    public var line: [UInt8] {
        let id = (0..<4).map { UInt8(truncatingIfNeeded: keyID >> UInt32(24 - 8 * $0)) }
        return SignedNote.dash + [0x20] + name.utf8 + [0x20] + Array(Base64.encode(id + signature).utf8)
    }
}

/// A text with signatures (C2SP signed-note):
///
///     text, its last LF included | LF | signature line, LF | signature line, LF …
///
/// The signatures are over the text alone, so lines can be added without touching the others.
public struct SignedNote: Sendable, Hashable {
    public static let maximumBytes = 1 << 20
    public static let maximumSignatures = 64
    static let maximumNameBytes = 255
    static let dash: [UInt8] = [0xe2, 0x80, 0x94]

    public let text: [UInt8]
    public private(set) var signatures: [NoteSignature]

    /// - Throws: as `init(_:)`, for a text or signatures that no note can hold.
    public init(text: [UInt8], signatures: [NoteSignature]) throws(MaxError) {
        try self.init(Self.bytes(text, signatures))
    }

    /// - Throws: `.limitExceeded`; `.unsigned` when there is no signature line; `.malformed`.
    public init(_ bytes: [UInt8]) throws(MaxError) {
        guard bytes.count <= Self.maximumBytes else {
            throw MaxError(.limitExceeded, "note: \(bytes.count) bytes, at most \(Self.maximumBytes)")
        }
        guard Text(utf8: bytes).isValidUTF8 else { throw MaxError(.malformed, "note: not UTF-8") }
        if let position = bytes.firstIndex(where: { $0 < 0x20 && $0 != 0x0a }) {
            throw MaxError(.malformed, "note: byte \(position) is a control character")
        }
        guard bytes.last == 0x0a else { throw MaxError(.malformed, "note: does not end with a line feed") }
        // The last empty line parts the text from the signatures.
        guard let blank = bytes.indices.dropFirst().last(where: { bytes[$0] == 0x0a && bytes[$0 - 1] == 0x0a }) else {
            throw MaxError(.malformed, "note: no empty line between text and signatures")
        }
        text = Array(bytes[..<blank])
        guard text.count > 1 else { throw MaxError(.malformed, "note: no text") }
        let block = bytes[(blank + 1)...].dropLast()
        guard !block.isEmpty else { throw MaxError(.unsigned, "note: no signature") }
        let lines = block.split(separator: 0x0a, maxSplits: Self.maximumSignatures, omittingEmptySubsequences: false)
        guard lines.count <= Self.maximumSignatures else {
            throw MaxError(.limitExceeded, "note: more than \(Self.maximumSignatures) signatures")
        }
        signatures = []
        for line in lines { signatures.append(try NoteSignature(line: Array(line))) }
    }

    public var bytes: [UInt8] { Self.bytes(text, signatures) }

    private static func bytes(_ text: [UInt8], _ signatures: [NoteSignature]) -> [UInt8] {
        var bytes = text + [0x0a]
        for signature in signatures { bytes += signature.line + [0x0a] }
        return bytes
    }

    /// Adds a signature after the others.
    ///
    /// - Throws: `.conflict` when this key's signature is there; `.limitExceeded`.
    public mutating func add(_ signature: NoteSignature) throws(MaxError) {
        guard !signatures.contains(where: { $0.name == signature.name && $0.keyID == signature.keyID }) else {
            throw MaxError(.conflict, "note: \(signature.name.quoted) has signed it")
        }
        self = try SignedNote(text: text, signatures: signatures + [signature])
    }

    /// Those of `keys` that signed the text; signatures of other keys are passed over.
    ///
    /// - Throws: `.signatureInvalid` when a line with the name and id of one of `keys` does not verify.
    public func signers(among keys: [NoteKey]) throws(MaxError) -> [NoteKey] {
        var signers: [NoteKey] = []
        for key in keys {
            let lines = signatures.filter { $0.name == key.name && $0.keyID == key.id }
            guard lines.allSatisfy({ key.verifies($0.signature, of: text) }) else {
                throw MaxError(.signatureInvalid, "note: the signature of \(key.name.quoted) does not verify")
            }
            if !lines.isEmpty { signers.append(key) }
        }
        return signers
    }

    /// - Throws: `.malformed` for a name that is empty, longer than 255 bytes, not UTF-8, or holds a space, a plus sign or a
    ///   control character.
    static func checkName(_ name: Text) throws(MaxError) {
        let scalars = name.string.unicodeScalars
        guard (1...maximumNameBytes).contains(name.utf8.count), name.isValidUTF8,
            !scalars.contains(where: { $0 == "+" || $0.properties.isWhitespace || $0.isControl })
        else {
            throw MaxError(
                .malformed,
                "note: key name \(name.quoted): expected 1 to \(maximumNameBytes) bytes without space, plus sign or control character")
        }
    }
}

extension Unicode.Scalar {
    /// Also what parts lines or turns the direction of text: none of it belongs in a name that is shown to people.
    var isControl: Bool {
        switch properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator: true
        default: false
        }
    }
}
