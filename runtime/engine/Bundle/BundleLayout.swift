import MaxIR

/// Where things lie in a bundle of format version 1; `formats/bundle.md` gives the reasons.
///
///     0           64                     4096
///     | header 64 | 63 records of 64, 0s | sections, each 4096-aligned, zero padding between |
///
///     header   0 magic 8 | 8 major u16 | 10 minor u16 | 12 sections u32 | 16 file bytes u64 | 24 content bytes u64 | 32 root 32
///     record   0 kind u32 | 4 flags u32 | 8 offset u64 | 16 stored bytes u64 | 24 raw bytes u64 | 32 digest 32
public enum BundleLayout {
    /// A byte above 0x7f, then text, then the line ends that a careless transfer converts.
    static let magic: [UInt8] = [0x8b, 0x4d, 0x58, 0x42, 0x0d, 0x0a, 0x1a, 0x0a]
    static let majorVersion: UInt16 = 1
    static let minorVersion: UInt16 = 0
    static let headerBytes = 64
    static let recordBytes = 64
    static let sectionAlignment = 4096
    /// What one page holds beside the header.
    public static let maximumSections = 63
    /// Bytes of a whole bundle.
    public static let maximumFileBytes: UInt64 = 1 << 40
    /// Bytes of one section once decompressed.
    public static let maximumSectionBytes: UInt64 = 1 << 36
    /// Bytes of a section that is parsed rather than mapped: manifest, graph, provenance, evaluation, signatures.
    public static let maximumParsedBytes: UInt64 = 64 << 20
    /// Bytes that one leaf of the digest tree covers.
    static let chunkBytes = 1 << 20
    /// Bytes that a compressed section may refer back to.
    static let maximumWindowBytes: UInt64 = 8 << 20
    /// A compressed section may grow at most this much.
    static let maximumCompressionRatio: UInt64 = 1024

    /// The kinds of section. Numbers are never reused.
    public enum Kind: UInt32, Sendable, CaseIterable {
        case manifest = 1
        case graph = 2
        case constants = 3
        case golden = 4
        case provenance = 5
        case profile = 6
        case evaluation = 7
        case background = 8
        case packedGraph = 9
        case packedConstants = 10
        case packedArrays = 11
        case signatures = 16

        /// Whether a reader that does not know this kind must refuse the bundle.
        var isCritical: Bool { self == .manifest || self == .graph || self == .constants }
        /// Whether the section is read whole by a parser; the others are tables that are looked into.
        var isParsed: Bool { [.manifest, .graph, .packedGraph, .provenance, .evaluation, .signatures].contains(self) }
        /// Not by reflection, which costs a short program a third of a millisecond.
        public var name: String {
            switch self {
            case .manifest: "manifest"
            case .graph: "graph"
            case .constants: "constants"
            case .golden: "golden"
            case .provenance: "provenance"
            case .profile: "profile"
            case .evaluation: "evaluation"
            case .background: "background"
            case .packedGraph: "packedGraph"
            case .packedConstants: "packedConstants"
            case .packedArrays: "packedArrays"
            case .signatures: "signatures"
            }
        }
    }

    static let criticalFlag: UInt32 = 1
    static let zstdFlag: UInt32 = 2
}

/// One line of the section table.
public struct SectionRecord: Sendable, Hashable {
    /// May be a kind that this version does not know.
    public var kind: UInt32
    public var flags: UInt32
    /// From the start of the file.
    public var offset: UInt64
    /// Bytes in the file.
    public var storedBytes: UInt64
    /// Bytes after decompression; equal to `storedBytes` when not compressed.
    public var rawBytes: UInt64
    /// Root of the digest tree over the stored bytes.
    public var digest: [UInt8]

    public var isCritical: Bool { flags & BundleLayout.criticalFlag != 0 }
    public var isCompressed: Bool { flags & BundleLayout.zstdFlag != 0 }
    public var knownKind: BundleLayout.Kind? { BundleLayout.Kind(rawValue: kind) }
    public var name: String { knownKind?.name ?? "section \(kind)" }

    func write(into page: inout [UInt8], at position: Int) {
        page.write(kind, at: position)
        page.write(flags, at: position + 4)
        page.write(offset, at: position + 8)
        page.write(storedBytes, at: position + 16)
        page.write(rawBytes, at: position + 24)
        page.replaceSubrange(position + 32..<position + 64, with: digest)
    }

    init(kind: UInt32, flags: UInt32, offset: UInt64, storedBytes: UInt64, rawBytes: UInt64, digest: [UInt8]) {
        self.kind = kind
        self.flags = flags
        self.offset = offset
        self.storedBytes = storedBytes
        self.rawBytes = rawBytes
        self.digest = digest
    }

    init(_ bytes: UnsafeRawBufferPointer) {
        kind = bytes.word(at: 0)
        flags = bytes.word(at: 4)
        offset = bytes.word(at: 8)
        storedBytes = bytes.word(at: 16)
        rawBytes = bytes.word(at: 24)
        digest = Array(bytes[32..<64])
    }
}

extension UnsafeRawBufferPointer {
    /// A little-endian word; the caller has checked that it lies within.
    func word<Word: FixedWidthInteger & BitwiseCopyable>(at position: Int, as: Word.Type = Word.self) -> Word {
        Word(littleEndian: loadUnaligned(fromByteOffset: position, as: Word.self))
    }
}

extension [UInt8] {
    mutating func write(_ word: some FixedWidthInteger, at position: Int) {
        Swift.withUnsafeBytes(of: word.littleEndian) { replaceSubrange(position..<position + $0.count, with: $0) }
    }

    mutating func append(word: some FixedWidthInteger) {
        Swift.withUnsafeBytes(of: word.littleEndian) { append(contentsOf: $0) }
    }

    mutating func pad(to alignment: Int) {
        let rest = count % alignment
        if rest != 0 { append(contentsOf: repeatElement(0, count: alignment - rest)) }
    }
}
