import MaxIR
import MaxRuntime

/// A bundle taken apart, written from `formats/bundle.md` and not from the writer: every field may lie.
///
/// What is nil is filled in as it should be, digests and root included.
public struct RawBundle: Sendable {
    public struct Section: Sendable {
        public var kind: UInt32
        public var flags: UInt32
        /// The stored bytes.
        public var bytes: [UInt8]
        public var offset: UInt64?
        public var storedBytes: UInt64?
        public var rawBytes: UInt64?
        public var digest: [UInt8]?
        /// What stands before the section, besides the zeros that align it.
        public var gap: [UInt8] = []

        public init(kind: UInt32, flags: UInt32, bytes: [UInt8], rawBytes: UInt64? = nil) {
            self.kind = kind
            self.flags = flags
            self.bytes = bytes
            self.rawBytes = rawBytes
        }
    }

    public var magic: [UInt8] = [0x8b, 0x4d, 0x58, 0x42, 0x0d, 0x0a, 0x1a, 0x0a]
    public var major: UInt16 = 1
    public var minor: UInt16 = 0
    public var sectionCount: UInt32?
    public var fileBytes: UInt64?
    public var contentBytes: UInt64?
    public var root: [UInt8]?
    public var sections: [Section]

    static let page = 4096
    public static let signatures: UInt32 = 16

    public init(_ sections: [Section]) { self.sections = sections }

    /// Takes a well-formed bundle apart; nil when the table does not fit the file.
    public init?(_ file: [UInt8]) {
        guard file.count >= Self.page else { return nil }
        func word(_ position: Int, _ width: Int) -> UInt64 {
            (0..<width).reduce(0) { $0 | UInt64(file[position + $1]) << UInt64(8 * $1) }
        }
        let count = Int(word(12, 4))
        guard count <= 63 else { return nil }
        sections = []
        for index in 0..<count {
            let record = 64 + 64 * index
            let (offset, stored) = (word(record + 8, 8), word(record + 16, 8))
            guard offset <= UInt64(file.count), stored <= UInt64(file.count) - offset else { return nil }
            let flags = UInt32(word(record + 4, 4))
            sections.append(
                Section(
                    kind: UInt32(word(record, 4)), flags: flags, bytes: Array(file[Int(offset)..<Int(offset + stored)]),
                    rawBytes: flags & 2 == 0 ? nil : word(record + 24, 8)))
        }
    }

    public subscript(kind: UInt32) -> Section? {
        get { sections.first { $0.kind == kind } }
        set {
            guard let index = sections.firstIndex(where: { $0.kind == kind }) else { return }
            if let newValue { sections[index] = newValue } else { sections.remove(at: index) }
        }
    }

    public var bytes: [UInt8] {
        var file = [UInt8](repeating: 0, count: Self.page)
        func put(_ value: UInt64, _ width: Int, at position: Int) {
            for index in 0..<width { file[position + index] = UInt8(truncatingIfNeeded: value >> UInt64(8 * index)) }
        }
        var content: UInt64 = 0
        for (index, section) in sections.enumerated() {
            file += section.gap
            file += [UInt8](repeating: 0, count: (Self.page - file.count % Self.page) % Self.page)
            let record = 64 + 64 * index
            if record + 64 <= Self.page {
                put(UInt64(section.kind), 4, at: record)
                put(UInt64(section.flags), 4, at: record + 4)
                put(section.offset ?? UInt64(file.count), 8, at: record + 8)
                put(section.storedBytes ?? UInt64(section.bytes.count), 8, at: record + 16)
                put(section.rawBytes ?? section.storedBytes ?? UInt64(section.bytes.count), 8, at: record + 24)
                file.replaceSubrange(record + 32..<record + 64, with: section.digest ?? section.bytes.withUnsafeBytes { SHA256.tree($0) })
            }
            file += section.bytes
            if section.kind != Self.signatures { content = UInt64(file.count) }
        }
        file.replaceSubrange(0..<8, with: magic)
        put(UInt64(major), 2, at: 8)
        put(UInt64(minor), 2, at: 10)
        put(UInt64(sectionCount ?? UInt32(sections.count)), 4, at: 12)
        put(fileBytes ?? UInt64(file.count), 8, at: 16)
        put(contentBytes ?? content, 8, at: 24)
        let covered = sections.prefix { $0.kind != Self.signatures }.count
        let sealed =
            Array(file[..<12]) + (0..<4).map { UInt8(truncatingIfNeeded: covered >> (8 * $0)) } + Array(file[24..<32])
            + Array(file[64..<min(64 + 64 * covered, Self.page)])
        file.replaceSubrange(32..<64, with: root ?? sealed.withUnsafeBytes { SHA256.hash($0) })
        return file
    }
}
